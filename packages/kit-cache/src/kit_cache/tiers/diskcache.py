"""The local tier, in diskcache's SQLite file.

diskcache unpickles the files in its folder (CVE-2025-69872), so that anybody who can write there runs code. Here a
`Disk` of our own neither writes nor reads pickle nor any file beside the database, and the folder is its owner's alone.
"""

import logging
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import diskcache
from kit_core import guards

from kit_cache.breaker import Breaker
from kit_cache.settings import CacheSettings
from kit_cache.tiers.port import HEAD, TOMBSTONE_SECONDS, Reading, State, new_version, reading, row, tombstone

_T = TypeVar("_T")
_MODE_RAW = 1
_LOCK_SECONDS = 0.1
_PAUSE = 0.75
_VERSION = "version"
# Clearing deletes the rows themselves, so they needn't say which version they are of; the version's own row may be
# evicted like any other.
_ANY_VERSION = bytes(16)
_REFUSED = object()
_Failure = (sqlite3.Error, diskcache.Timeout, OSError)


class PlainDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Texts as keys, bytes as values, both in the database; anything else found there is refused."""

    def put(self, key: object) -> tuple[str, bool]:
        """Return the database's form of a key."""
        if type(key) is not str:
            raise TypeError(f"a key is a text, not {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: bool) -> object:
        """Return the key of a row, which is nobody's if it isn't ours."""
        return key if raw and type(key) is str else _REFUSED

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, memoryview]:
        """Return the columns of a value: its size, how it is kept, no file, and the bytes."""
        if type(value) is not bytes:
            raise TypeError(f"a value is bytes, not {type(value).__name__}")
        return 0, _MODE_RAW, None, memoryview(value)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> object:
        """Return the bytes of a row, or refuse them: it was not written by `store`."""
        return value if mode == _MODE_RAW and filename is None and type(value) is bytes else _REFUSED

    def remove(self, file_path: str) -> None:
        """Leave files alone: none is ours, and a planted row could name any."""


class DiskDatabase(diskcache.Cache):  # type: ignore[misc]  # diskcache has no types
    """diskcache's cache, which leaves no open connection behind when it can't be opened."""

    def __init__(self, *args: Any, **options: Any) -> None:
        try:
            super().__init__(*args, **options)
        except BaseException:
            self.close()
            raise


class DiskTier:
    """The rows of one cache on this machine's disk."""

    def __init__(self, settings: CacheSettings) -> None:
        self.directory = settings.directory
        self._settings = settings
        self._cache: Any = None
        self._lock = threading.Lock()
        self._breaker = Breaker(_PAUSE)

    def read(self, key: str) -> Reading | None:
        """Return the row's value and state, or None if the disk doesn't serve."""

        def command(cache: Any) -> Reading:
            raw = _get(cache, _row(key))
            found = reading(raw, None, written_for=_ANY_VERSION)
            # The state is for whoever wants to store; a hit needs none.
            return found if found.body is not None else reading(raw, _get(cache, _VERSION), written_for=_ANY_VERSION)

        return self._ask(command)

    def write(self, key: str, body: bytes, expires: float, state: State) -> None:
        """Store a value unless it was deleted, cleared or written since `state` was read."""
        if len(body) > self._settings.disk_bytes // 8:
            return

        def command(cache: Any) -> None:
            with cache.transact():
                now = State(_get(cache, _VERSION) or b"", (_get(cache, _row(key)) or b"")[:HEAD])
                if now == state:
                    cache.set(_row(key), row(body, expires, _ANY_VERSION), expire=expires - time.time())

        self._ask(command)

    def delete(self, key: str) -> bool:
        """Put a tombstone in the row's place; tell whether that worked."""
        return bool(self._ask(lambda cache: cache.set(_row(key), tombstone(), expire=TOMBSTONE_SECONDS)))

    def clear(self) -> bool:
        """Delete every row, and begin a new version, so that loads under way store nothing."""

        def command(cache: Any) -> bool:
            with cache.transact():
                cache.clear()
                return bool(cache.set(_VERSION, new_version()))

        return bool(self._ask(command))

    def available(self) -> bool:
        """Tell whether the folder is there and can be read."""
        return bool(self._ask(lambda cache: len(cache) >= 0))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            cache, self._cache = self._cache, None
        if cache is not None:
            cache.close()

    def _ask(self, command: Callable[[Any], _T]) -> _T | None:
        """Return the command's result, or None: the disk is full, damaged, locked, or not ours."""
        if not self._breaker.allows():
            return None
        try:
            cache = self._opened()
            try:
                answer = command(cache)
            finally:
                # diskcache keeps a connection per thread, which nobody else can close once the thread has ended.
                if threading.current_thread() is not threading.main_thread():
                    cache.close()
        except _Failure as error:
            self._failed(error)
            return None
        self._breaker.succeeded()
        return answer

    def _opened(self) -> Any:
        with self._lock:
            if self._cache is None:
                if self._settings.base is not None:
                    _make_private(self._settings.base)
                _make_private(self.directory)
                self._cache = DiskDatabase(
                    str(self.directory),
                    timeout=_LOCK_SECONDS,
                    disk=PlainDisk,
                    size_limit=self._settings.disk_bytes,
                    eviction_policy="least-recently-stored",
                    sqlite_synchronous=0,  # after a power cut a cache may be empty
                )
            return self._cache

    def _failed(self, error: Exception) -> None:
        """Leave the disk alone for a moment, and open the file anew after it."""
        if self._breaker.failed():
            message = "the disk cache can't be used"
            guards.log("kit.cache", logging.WARNING, message, extra={"error": type(error).__name__})
        self.close()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            self._throw_away()

    def _throw_away(self) -> None:
        """Remove a damaged database; the next attempt makes a new one, or fails again where it can't be removed."""
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                (self.directory / f"cache.db{suffix}").unlink()


def _row(key: str) -> str:
    return "row:" + key


def _get(cache: Any, key: str) -> bytes | None:
    value = cache.get(key)
    if value is _REFUSED:
        cache.delete(key)
        return None
    return value  # type: ignore[no-any-return]


def _make_private(directory: Path) -> None:
    """Make a folder that nobody else can look into; raise OSError if somebody else made it first."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{str(directory)!r} is not a folder")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise PermissionError(f"{str(directory)!r} belongs to somebody else")
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)
