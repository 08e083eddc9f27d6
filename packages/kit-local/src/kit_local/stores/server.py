"""What PostgreSQL and Redis have in common: a server on 127.0.0.1 with a life of its own."""

import atexit
import logging
import os
import signal
import threading
from types import TracebackType
from typing import ClassVar, Protocol, Self

from kit_local.errors import LocalError, StoreError
from kit_local.stores.ports import HOST, free_port

log = logging.getLogger("kit.local")


class Running(Protocol):
    """A server while it runs, and what is left of it afterwards: `Process`, or a thread that plays one."""

    @property
    def pid(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def end(self, *signals: signal.Signals) -> None: ...
    def tail(self) -> str: ...


class Server:
    """A server on 127.0.0.1 that is started, stopped, killed, and watched.

    It ends with the process that started it. Its port stays the same over restarts.
    """

    title: ClassVar[str]
    endings: tuple[signal.Signals, ...]

    def __init__(self, *, port: int = 0) -> None:
        self._fixed = port != 0
        self._port = port
        self._process: Running | None = None
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._supervised = False
        self._watcher: threading.Thread | None = None
        self._owner = os.getpid()

    @property
    def host(self) -> str:
        return HOST

    @property
    def port(self) -> int:
        """The port; chosen when it is first asked for, or at the start."""
        if not self._port:
            self._port = free_port()
        return self._port

    @property
    def pid(self) -> int | None:
        """The id of the server's process, None while it does not run or is somebody else's."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        process = self._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        """Start the server, unless it runs; return once it answers. StoreError with the end of its log if it dies."""
        with self._lock:
            self._stopping.clear()
            if not self.running:
                self._owner = os.getpid()
                atexit.register(self.close)
                try:
                    self._launch()
                except BaseException:
                    self._stopped()
                    raise
            self._watch()

    def stop(self) -> None:
        """Stop the server and its supervision; what it holds stays for the next `start`."""
        if self._owner != os.getpid():
            return
        self._stopping.set()
        with self._lock:
            if self._process is not None:
                self._process.end(*self.endings)
                self._process = None
            self._stopped()
        watcher, self._watcher = self._watcher, None
        if watcher is not None and watcher is not threading.current_thread():
            watcher.join()

    def close(self) -> None:
        """Stop the server for good and remove what was not to be kept."""
        self.stop()
        atexit.unregister(self.close)

    def kill(self) -> None:
        """Kill the server (SIGKILL) and return when it has gone; a supervised one comes back by itself."""
        process = self._process
        if process is None:
            raise StoreError(f"{self.title} does not run")
        process.end(signal.Signals(getattr(signal, "SIGKILL", signal.SIGTERM)))

    def supervise(self) -> None:
        """Start the server again, on the same port, whenever it ends without `stop`."""
        with self._lock:
            self._supervised = True
            if self._process is not None:
                self._watch()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _launch(self) -> None:
        """Set `_process` to a server that answers."""
        raise StoreError(f"nothing is known about starting {self.title}")

    def _stopped(self) -> None:
        """Let go of what only a running server needs."""

    def _watch(self) -> None:
        if self._supervised and self._watcher is None and self._process is not None:
            self._watcher = threading.Thread(target=self._revive, name=f"supervise {self.title}", daemon=True)
            self._watcher.start()

    def _revive(self) -> None:
        pause = 0.1
        while (process := self._process) is not None:
            status = process.wait()
            with self._lock:
                if self._stopping.is_set():
                    return
                if self._process is not process:
                    continue  # somebody called start()
                log.warning("%s ended (%s); starting it again", self.title, status)
                try:
                    self._launch()
                except LocalError:
                    log.exception("%s did not start", self.title)
                else:
                    pause = 0.1
                    continue
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, 5.0)
