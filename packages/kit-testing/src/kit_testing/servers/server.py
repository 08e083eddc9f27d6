"""What PostgreSQL and Redis have in common: a server on 127.0.0.1 with a life of its own."""

import atexit
import logging
import os
import shutil
import signal
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self
from urllib.parse import urlsplit

from kit_testing.errors import ServerError
from kit_testing.servers.account import Account, account
from kit_testing.servers.folders import server_folder
from kit_testing.servers.lock import FolderLock
from kit_testing.servers.ports import HOST, free_port

log = logging.getLogger("kit.testing")


class Running(Protocol):
    """A server while it runs, and its status and log afterwards: a `Process`, or a thread in its place."""

    @property
    def pid(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def end(self, *signals: signal.Signals) -> None: ...
    def tail(self) -> str: ...


class Server(ABC):
    """A server on 127.0.0.1 that is started, stopped, killed, and watched; or an external one.

    Ours ends with the process that started it, and keeps its port over restarts. An external one is named by an
    environment variable, and neither started nor stopped.
    """

    title: ClassVar[str]
    variable: ClassVar[str]  # the environment variable with the URL of somebody else's
    usual_port: ClassVar[int]
    patience: ClassVar[float] = 30.0  # seconds until a starting server must answer
    # What a server says when its port is taken, and when one that was killed has not let go of everything yet.
    taken: ClassVar[tuple[str, ...]]
    passing: ClassVar[tuple[str, ...]] = ()
    endings: tuple[signal.Signals, ...]

    def __init__(self, folder: Path | None, *, port: int) -> None:
        self._external = os.environ.get(self.variable) or None
        self._given = folder
        self._folder: Path | None = None
        self._folder_lock: FolderLock | None = None
        self._port = port
        self._port_is_kept = port != 0  # asked for, or somebody may know it by now
        self._has_run = False
        self._process: Running | None = None
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._supervised = False
        self._watcher: threading.Thread | None = None
        self._owner = os.getpid()

    @property
    @abstractmethod
    def url(self) -> str:
        """The URL of the server."""

    @property
    def external(self) -> bool:
        """Whether this is somebody else's server, named by an environment variable."""
        return self._external is not None

    @property
    def host(self) -> str:
        """The host, 127.0.0.1 unless it is somebody else's."""
        return HOST if self._external is None else urlsplit(self._external).hostname or HOST

    @property
    def port(self) -> int:
        """The port; chosen when it is first asked for, or at the start."""
        if self._external is not None:
            return urlsplit(self._external).port or self.usual_port
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
        """Whether the server runs; of somebody else's, whether it answers."""
        if self._external is not None:
            return self._answers()
        process = self._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        """Start the server, unless it runs; return once it answers.

        ServerError when no server is found, when it dies (with the end of its log), when another process uses the
        same folder, or when somebody else's does not answer.
        """
        if self._external is not None:
            if not self._answers():
                raise ServerError(f"{self.variable}: no {self.title} answers at {self.host}:{self.port}")
            return
        with self._lock:
            self._stopping.clear()
            if not self.running:
                self._owner = os.getpid()
                atexit.unregister(self.close)
                atexit.register(self.close)
                try:
                    self._launch()
                except BaseException:  # an interrupt too must not leave a server that nobody knows of
                    if self._process is not None:
                        self._process.end(*self.endings)
                    self._let_go()
                    raise
                self._has_run = self._port_is_kept = True
            self._watch()

    def stop(self) -> None:
        """Stop the server and its supervision: politely, and by force if it takes too long. Its folder stays."""
        if self._external is not None or self._owner != os.getpid():
            return
        self._stopping.set()
        with self._lock:
            if self._process is not None:
                self._process.end(*self.endings)
                self._process = None
            self._let_go()
        watcher, self._watcher = self._watcher, None
        if watcher is not None and watcher is not threading.current_thread():
            watcher.join()

    def close(self) -> None:
        """Stop the server for good, and remove its data unless a folder was given for them."""
        if self._external is not None or self._owner != os.getpid():
            return
        self.stop()
        atexit.unregister(self.close)
        folder, self._folder = self._folder, None
        if folder is not None and self._given is None:
            shutil.rmtree(folder, ignore_errors=True)

    def kill(self) -> None:
        """Kill the server (SIGKILL) and return when it has gone; a supervised one comes back by itself."""
        process = self._process
        if self._external is not None:
            raise ServerError(f"the server of {self.variable} is not ours to kill")
        if process is None:
            raise ServerError(f"{self.title} does not run")
        process.end(getattr(signal, "SIGKILL", signal.SIGTERM))

    def supervise(self) -> None:
        """Start the server again, on the same port, whenever it ends without `stop`."""
        with self._lock:
            self._supervised = True
            self._watch()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _answers(self) -> bool:
        """Tell whether the server answers now."""

    @abstractmethod
    def _prepare(self, folder: Path, user: Account | None) -> None:
        """Get a locked folder and everything else ready for `_spawn`."""

    @abstractmethod
    def _spawn(self, folder: Path, user: Account | None) -> Running:
        """Start the server on the current port."""

    def _launch(self) -> None:
        user = account()
        if self._folder is None:
            self._folder = server_folder(self.title.lower(), self._given, user)
        if self._folder_lock is None:
            self._folder_lock = FolderLock(self._folder)
        self._prepare(self._folder, user)
        deadline = time.monotonic() + self.patience
        while True:
            self._process = process = self._spawn(self._folder, user)
            if self._became_ready(process, deadline):
                return
            said = process.tail()
            process.end(*self.endings)
            if self._stopping.is_set() or time.monotonic() > deadline or not self._worth_another_try(said):
                raise ServerError(f"{self.title} did not start", log=said)
            time.sleep(0.1)

    def _became_ready(self, process: Running, deadline: float) -> bool:
        while process.poll() is None and time.monotonic() < deadline and not self._stopping.is_set():
            if self._answers():
                return process.poll() is None
            time.sleep(0.005)
        return False

    def _worth_another_try(self, said: str) -> bool:
        taken = any(text in said for text in self.taken)
        if self._has_run:  # it comes back, after a kill perhaps
            return taken or any(text in said for text in self.passing)
        if taken and not self._port_is_kept:
            self._port = free_port()
            return True
        return False

    def _let_go(self) -> None:
        if self._folder_lock is not None:
            self._folder_lock.release()
            self._folder_lock = None

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
                except Exception:  # whatever it was, this thread is the only one to try again
                    log.exception("%s did not start", self.title)
                else:
                    pause = 0.1
                    continue
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, 5.0)
