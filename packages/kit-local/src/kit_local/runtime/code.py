"""What is in a code folder, and what has changed there since anybody looked."""

import importlib.util
import os
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

MOST = 500  # files of a folder that is looked through before each event: about a millisecond
_GRAIN = 0.02  # seconds: a file may be written twice within what its time can tell apart
_PAUSE = 10  # times as long as looking took, nobody looks again,
_LONGEST_PAUSE = 0.005  # but no longer than these seconds

_Mark = tuple[int, int, int]  # time of the last change, size, inode


class CodeFolder:
    """The files of one code folder as they were last seen."""

    def __init__(self, folder: Path) -> None:
        from watchfiles import Change, DefaultFilter

        watched = DefaultFilter()
        self._is_code: Callable[[str], bool] = lambda path: watched(Change.modified, path)
        self._skipped = frozenset(watched.ignore_dirs)
        self.folder = folder
        self._recent: dict[str, int] = {}  # checksums of the files whose time does not tell yet
        self._seen = self._look()
        self._rest_until = 0.0

    def changed(self) -> bool:
        """Look for changes, at most every so often; false for a folder of more than 500 files, which takes too long."""
        if self._seen is None or time.monotonic() < self._rest_until:
            return False
        return self._compare()

    def told(self, changed: set[Path]) -> bool:
        """Tell whether what a watcher has seen is new; it is later than `changed` is."""
        if not any(path.is_relative_to(self.folder) for path in changed):
            return False
        for path in changed:
            forget(path)
        return self._compare() or self._seen is None

    def _compare(self) -> bool:
        before, recent = self._seen, self._recent
        self._seen = self._look()
        if before is None or self._seen is None:
            return False
        differing = {path for path, _ in before.items() ^ self._seen.items()}
        differing |= {path for path, checksum in recent.items() if checksum != _checksum(path)}
        differing = set(filter(self._is_code, differing))
        for path in differing:
            forget(Path(path))
        return bool(differing)

    def _look(self) -> dict[str, _Mark] | None:
        """Return every file with what changes when it does, None where there are too many."""
        began, clock = time.monotonic(), time.time()
        found: dict[str, _Mark] = {}
        folders = [str(self.folder)]
        for folder in folders:
            for entry in _entries(folder):
                with suppress(OSError):  # it has gone meanwhile, or is a link to nothing
                    if not entry.is_dir():
                        stat = entry.stat()
                        found[entry.path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                    elif entry.name not in self._skipped:
                        folders.append(entry.path)
            if len(found) + len(folders) > MOST:
                return None
        recent = [path for path, mark in found.items() if mark[0] / 1e9 > clock - _GRAIN]
        self._recent = {path: _checksum(path) for path in recent}
        now = time.monotonic()
        self._rest_until = now + min((now - began) * _PAUSE, _LONGEST_PAUSE)
        return found


def _checksum(path: str) -> int:
    try:
        return zlib.crc32(Path(path).read_bytes())
    except OSError:
        return -1


def _entries(folder: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def forget(path: Path) -> None:
    """Remove the compiled form of a module: Python wouldn't notice a change of the same length in the same second."""
    if path.suffix == ".py":
        with suppress(OSError):  # there is none, or it is another user's
            Path(importlib.util.cache_from_source(str(path))).unlink()
