"""A folder that one process uses at a time."""

import os
import sys
from pathlib import Path
from typing import IO, Self

from kit_testing.errors import FolderTakenError


class FolderLock:
    """Holds a folder until `release`, or until the process ends, however it ends.

    FolderTakenError, naming the process that holds it, when the folder is taken.
    """

    def __init__(self, folder: Path) -> None:
        self._file: IO[str] = (folder / "lock").open("a+")
        if not _lock(self._file):
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise FolderTakenError(folder, holder)
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let go of the folder."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


def _lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(1 << 30)  # a byte beyond the text, since Windows locks out readers too
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
