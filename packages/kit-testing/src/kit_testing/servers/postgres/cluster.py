"""PostgreSQL's data folders: one template per build of the server, copied for every cluster."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kit_testing.errors import ServerError
from kit_testing.servers.account import Account, become, environment
from kit_testing.servers.folders import copy_tree, write_private
from kit_testing.servers.paths import cache_folder, shared_folder
from kit_testing.servers.postgres.binaries import Binaries
from kit_testing.servers.process import end_orphan, is_running_with
from kit_testing.servers.programs import fingerprint

# Not "postgres": many templates have a master user of that name, with a password of its own.
SUPERUSER = "kit_admin"
# Raised when the arguments of `initdb` change: they make a template, as the build of the server does.
_EDITION = 2
# Fast, immediate, at once ("Shutting Down the Server", PostgreSQL documentation).
ENDINGS = (signal.SIGTERM,) if os.name == "nt" else (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)


@dataclass(frozen=True)
class Cluster:
    """The folder of one server: `data` is PostgreSQL's own and belongs to its user, the rest is ours."""

    folder: Path
    user: Account | None

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server writes about itself."""
        return self.folder / "postgres.log"

    @property
    def password(self) -> str:
        """The superuser's password."""
        return (self.folder / "password").read_text().strip()

    @property
    def major(self) -> int | None:
        """The major version that made the data, None while there is none."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def fill(self, binaries: Binaries) -> None:
        """Copy the template of a server build into an empty cluster."""
        template = _template(binaries)
        write_private(self.folder / "password", (template / "password").read_text())
        scratch = self.folder / "data.copy"
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(template / "data", scratch, symlinks=True)
        if self.user is not None:
            self.user.own(scratch)
        scratch.rename(self.data)

    def serves(self, pid: int | None) -> bool:
        """Tell whether the process of this id serves this data, and is ready to: it says so in postmaster.pid.

        Merely connecting would not do: on a port that is taken, another server with the same template answers.
        """
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def put_log_aside(self) -> None:
        """Begin a new log; the one before stays beside it."""
        with contextlib.suppress(FileNotFoundError):
            self.log.replace(self.log.with_suffix(".log.old"))

    def end_orphan(self) -> None:
        """End a server that still runs on this data after its owner was killed, and remove a stale postmaster.pid.

        To be called with the folder's lock held, so that no living owner can exist. Another process that has the
        recorded id by now is left alone: the command line has to name this data folder.
        """
        record = self.data / "postmaster.pid"
        try:
            pid = int(record.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if is_running_with(pid, str(self.data)):
            end_orphan(pid, *ENDINGS)
        with contextlib.suppress(FileNotFoundError):
            record.unlink()


def _template(binaries: Binaries) -> Path:
    """Return the folder with a fresh `data` and its superuser's `password`, made once per build and user."""
    version = ".".join(map(str, binaries.version))
    target = cache_folder() / "postgres" / f"{version}-{fingerprint(binaries.postgres)}-{_EDITION}"
    if target.exists():
        return target
    target.parent.mkdir(mode=0o700, exist_ok=True)
    user = binaries.user
    scratch = Path(tempfile.mkdtemp(prefix="initdb-", dir=None if user is None else shared_folder(memory=True)))
    try:
        write_private(scratch / "password", secrets.token_urlsafe(24))
        if user is not None:
            user.own(scratch)
        _initdb(binaries, scratch)
        copy_tree(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _initdb(binaries: Binaries, folder: Path) -> None:
    data = folder / "data"
    failure = ""
    for locale in _locales(binaries.major):
        done = subprocess.run(  # noqa: S603
            [
                *(str(binaries.initdb), "-D", str(data), "-U", SUPERUSER, f"--pwfile={folder / 'password'}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", *locale),
            ],
            cwd=folder.anchor,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            **become(binaries.user),
        )
        if done.returncode == 0:
            return
        failure = done.stderr.strip()
        shutil.rmtree(data, ignore_errors=True)
    raise ServerError(f"{str(binaries.initdb)!r} failed", log=failure)


def _locales(major: int) -> list[tuple[str, ...]]:
    """Return the locales to try: sorting by code point everywhere, upper and lower case of all of Unicode if it can."""
    if major >= 17:
        return [("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")]
    return [("--locale=C", "--lc-ctype=C.UTF-8"), ("--locale=C",)]
