"""The folders for data that outlives a server, and for data that does not."""

import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from kit_testing.errors import ServerError

_KEPT = "/var/tmp"  # noqa: S108 (survives a restart of the machine, which /tmp need not)
_MEMORY = "/dev/shm"  # noqa: S108
_PLENTY = 2 * 1024**3  # bytes; a container's own has 64 MB unless more was asked for


def cache_folder(name: str = "kit-testing", *, variable: str = "KIT_TESTING_HOME") -> Path:
    """Return the folder of this user for everything that is kept, made if it is missing (mode 0700).

    It is the folder that the environment variable names, else `name` in the operating system's cache folder of this
    user. A user without a home of their own, as some containers and services have, gets a private one below /var/tmp.
    ServerError if it cannot be made.
    """
    named = os.environ.get(variable)
    if named:
        folder = Path(named).expanduser().resolve()
    else:
        caches = _user_caches()
        folder = shared_folder(kept=True) / "cache" if caches is None else caches / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(f"{str(folder)!r} cannot be made; {variable} names another folder: {error}") from error
    return folder


def _user_caches() -> Path | None:
    """Return the operating system's folder for this user's caches, None if there is none to write to."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    usual = "~/Library/Caches" if sys.platform == "darwin" else os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        folder = Path(usual).expanduser()
    except RuntimeError:  # no home
        return None
    return folder if folder.is_absolute() and _can_be_ours(folder) else None


def _can_be_ours(folder: Path) -> bool:
    """Tell whether a folder is this user's and can be written, or could be made.

    Under sudo the home may be another user's, in whose way root's files would be.
    """
    try:
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        own = nearest.stat().st_uid == os.getuid()
    except PermissionError:
        return False
    return own if os.getuid() == 0 else os.access(nearest, os.W_OK) and (own or nearest != folder)


def shared_folder(*, kept: bool = False, memory: bool = False) -> Path:
    """Return a folder of ours that other users can pass through, but not list: `kit-testing-<uid>`, mode 0711.

    kept: below /var/tmp, else below the temporary folder
    memory: in /dev/shm, if two gigabytes are free there and no variable names the temporary folder

    Another user could have made it first. A folder that is not ours, is a link, or can be written by others is refused
    with a ServerError.
    """
    parent = Path(_KEPT) if kept and os.access(_KEPT, os.W_OK) else Path(tempfile.gettempdir())
    if memory and not any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")) and _has_plenty(_MEMORY):
        parent = Path(_MEMORY)
    folder = parent / f"kit-testing-{os.getuid()}"
    with suppress(FileExistsError):  # also by what is no folder
        folder.mkdir(mode=0o711)
    if not _is_ours_alone(folder):
        raise ServerError(f"{str(folder)!r} does not belong to this user alone; remove it")
    folder.chmod(0o711)
    return folder


def shared_folders() -> list[Path]:
    """Return the folders of that kind for data that is not kept: in memory, and below the temporary folder."""
    candidates = [Path(parent) / f"kit-testing-{os.getuid()}" for parent in (_MEMORY, tempfile.gettempdir())]
    return [folder for folder in candidates if folder.is_dir() and _is_ours_alone(folder)]


def _is_ours_alone(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def _has_plenty(folder: str) -> bool:
    try:
        return shutil.disk_usage(folder).free >= _PLENTY and os.access(folder, os.W_OK | os.X_OK) and _may_use(_PLENTY)
    except OSError:
        return False


def _may_use(most: int) -> bool:
    """Tell whether a container's limit leaves so much memory twice: files in memory count, and so do programs."""
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return True
    return not limit.isdecimal() or int(limit) >= 2 * most
