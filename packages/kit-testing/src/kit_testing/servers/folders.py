"""The working folders of servers, which may run as another user."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from kit_testing.errors import ServerError
from kit_testing.servers.account import Account, runs
from kit_testing.servers.lock import FolderLock
from kit_testing.servers.paths import shared_folder, shared_folders

_LEFT = 24 * 3600.0  # seconds; a server that is stopped for the moment lets go of its folder, too
_NOTE = "stands-in-for"  # a file with the path of the folder that another user could not get to


def server_folder(kind: str, folder: Path | None, user: Account | None) -> Path:
    """Return the folder of one server: the given one, or a new one, in memory where there is plenty of it.

    A database of a test is three hundred files, which take many times as long on some disks. When the server runs as
    another user who cannot get to the given one, it is a folder of ours below /var/tmp instead, always the same for
    the same folder, and removed at the next start after that one is gone.
    """
    mode = 0o700 if user is None else 0o711
    if folder is None:
        parent = shared_folder(memory=True) if hasattr(os, "getuid") else None
        if parent:
            # Also where there is no room any more, perhaps because of what was left.
            for each in shared_folders():
                _remove_left(each, kind)
        made = Path(tempfile.mkdtemp(prefix=f"run-{kind}-", dir=parent))
        made.chmod(mode)
        return made
    folder = folder.absolute()
    if user is not None:
        _sweep()  # first: whoever has removed the folder wants to begin anew
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    if user is not None and not passable(folder, user):
        return _stand_in(kind, folder)
    return folder


def _remove_left(parent: Path, kind: str) -> None:
    """Remove the folders of owners that were killed while they cleared up: not locked, and older than a day."""
    for left in parent.glob(f"run-{kind}-*"):
        with contextlib.suppress(OSError, ServerError):
            if left.stat().st_mtime < time.time() - _LEFT:
                with FolderLock(left):
                    shutil.rmtree(left, ignore_errors=True)


def _stand_in(kind: str, folder: Path) -> Path:
    found = shared_folder(kept=True) / f"{kind}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    found.mkdir(mode=0o711, exist_ok=True)
    (found / _NOTE).write_bytes(os.fsencode(folder))
    return found


def _sweep() -> None:
    for note in shared_folder(kept=True).glob(f"*/{_NOTE}"):
        if not Path(os.fsdecode(note.read_bytes())).exists():
            with contextlib.suppress(ServerError), FolderLock(note.parent):
                shutil.rmtree(note.parent, ignore_errors=True)


def passable(folder: Path, user: Account) -> bool:
    """Tell whether a user gets to a folder: it and every folder above it can be passed through."""
    return runs(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], user=user)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder to a name that does not exist yet, complete or not at all, also with several processes at it."""
    scratch = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(source, scratch, symlinks=True)
    place(scratch, target)


def place(scratch: Path, target: Path) -> None:
    """Rename a finished folder to its name; the one that came first stays."""
    try:
        scratch.rename(target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(scratch, ignore_errors=True)


def open_up(folder: Path) -> None:
    """Let all users read a copy of ours, independently of the umask under which the original was installed."""
    folder.chmod(0o755)
    for parent, folders, files in os.walk(folder):
        for name in folders:
            Path(parent, name).chmod(0o755)
        for name in files:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def write_private(path: Path, text: str) -> None:
    """Write a new file that no other user can read, in the place of an older one."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
