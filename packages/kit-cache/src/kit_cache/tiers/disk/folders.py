"""Folders that are their owner's alone."""

import os
import shutil
import stat
from pathlib import Path

_SHARE = 4  # at most a quarter of the free space
_MOST = 256 * 2**20
_LEAST = 2**18


def make_private(directory: Path) -> None:
    """Make a folder that nobody else can look into; raise OSError if somebody else made it first."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{str(directory)!r} is not a folder")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise PermissionError(f"{str(directory)!r} belongs to somebody else")
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)


def default_bound(directory: Path, own: int) -> int:
    """Return the bytes that a cache may take by default: a quarter of the free space, its own bytes counted as free."""
    return max(_LEAST, min(_MOST, (shutil.disk_usage(directory).free + own) // _SHARE))
