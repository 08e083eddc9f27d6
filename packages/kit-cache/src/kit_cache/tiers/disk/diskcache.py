"""diskcache as the driver of the disk tier: KIT_CACHE_DISK_DRIVER=diskcache.

diskcache unpickles the files in its folder (CVE-2025-69872), so that anybody who can write there runs code. Here a
`Disk` of our own neither writes nor reads pickle nor any file beside the database. It is slower to write than the
driver of `kit_cache.tiers.disk.tier`, and takes more memory; it is for services that have diskcache already.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import diskcache
from kit_core import guards

from kit_cache import clock
from kit_cache.breaker import Breaker
from kit_cache.tiers.disk.database import DiskSettings, is_damaged
from kit_cache.tiers.disk.folders import default_bound, make_private
from kit_cache.tiers.globs import matcher
from kit_cache.tiers.port import CLEAR, KEY, PATTERN, TAG, Change
from kit_cache.tiers.rows import (
    ID,
    TOMBSTONE_SECONDS,
    Reading,
    Row,
    State,
    head_of,
    lease_name,
    new_id,
    pack,
    tombstone,
    unpack,
)

T = TypeVar("T")
_MODE_RAW = 1
_LOCK_SECONDS = 0.1
_PAUSE = 0.6
_LOG_LENGTH = 200
_LARGEST_SHARE = 16
_PAGES = 256  # of SQLite's own cache: 1 MiB, where diskcache takes 32
_REFUSED = object()
_FAILURES = (sqlite3.Error, diskcache.Timeout, OSError)


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


class DiskcacheTier:
    """One cache name, in a folder of diskcache's own; see `kit_cache.tiers.port.Tier` for the methods."""

    def __init__(self, place: DiskSettings, name: str) -> None:
        self.directory = place.directory / f"{name.replace(':', '.')}.diskcache"
        self._place = place
        self._cache: Any = None
        self._most_bytes = place.most_bytes or 0
        self._lock = threading.Lock()
        self._breaker = Breaker(_PAUSE)
        self._adopted = b""
        self._seen: str | None = None

    def read(self, key: str) -> Reading | None:
        """Return the row's value and state."""
        return self._ask(lambda cache: self._read(cache, key))

    def read_many(self, keys: Sequence[str]) -> list[Reading] | None:
        """Return the readings of several keys."""
        return self._ask(lambda cache: [self._read(cache, key) for key in keys])

    def _read(self, cache: Any, key: str) -> Reading:
        raw, (version, epoch) = _get(cache, "row:" + key), _meta(cache)
        state = State(version, epoch, head_of(raw))
        row = unpack(raw)
        if row is None or row.version != version or not row.is_usable():
            return Reading(state)
        if row.tags and _tags(cache, row.tags) != row.tags:
            return Reading(state)
        return Reading(state, row)

    def tag_versions(self, tags: Iterable[str]) -> dict[str, str] | None:
        """Return the current version of each tag."""
        wanted = list(tags)
        return self._ask(lambda cache: _tags(cache, wanted))

    def write(self, key: str, row: Row, state: State) -> bool | None:
        """Store a row unless the state is no longer `state`; tell whether it is stored."""

        def command(cache: Any) -> bool:
            with cache.transact():
                raw, (version, epoch) = _get(cache, "row:" + key), _meta(cache)
                return (version, epoch, head_of(raw)) == state and self._set(cache, key, row, version)

        return self._ask(command)

    def replace(self, key: str, row: Row, *, tell: bool) -> bool | None:
        """Store a row in place of any other; with `tell` others drop the key from their memory."""

        def command(cache: Any) -> bool:
            with cache.transact():
                done = self._set(cache, key, row, _meta(cache)[0])
                if tell:
                    _log(cache, [Change(KEY, key)])
                return done

        return self._ask(command)

    def _set(self, cache: Any, key: str, row: Row, version: bytes) -> bool:
        seconds = row.expires - clock.now()
        if len(row.body) > self._most_bytes // _LARGEST_SHARE or seconds <= 0:
            return False
        return bool(cache.set("row:" + key, pack(row, version), expire=seconds))

    def delete(self, keys: Sequence[str]) -> bool:
        """Put tombstones in the rows' places."""

        def command(cache: Any) -> None:
            for key in keys:
                cache.set("row:" + key, tombstone(), expire=TOMBSTONE_SECONDS)

        return self._invalidate([Change(KEY, key) for key in keys], command)

    def delete_pattern(self, pattern: str) -> bool:
        """Delete the rows whose keys match, and refuse the loads that are under way."""
        matches = matcher("row:" + pattern)

        def command(cache: Any) -> None:
            version, _ = _meta(cache)
            cache.set("meta", version + new_id())
            for key in [key for key in cache.iterkeys() if type(key) is str and matches(key)]:
                cache.delete(key)

        return self._invalidate([Change(PATTERN, pattern)], command)

    def invalidate_tags(self, tags: Sequence[str]) -> bool:
        """Begin a new version of each tag."""

        def command(cache: Any) -> None:
            version, _ = _meta(cache)
            cache.set("meta", version + new_id())
            for tag in tags:
                cache.set("tag:" + tag, new_id())

        return self._invalidate([Change(TAG, tag) for tag in tags], command)

    def clear(self) -> bool:
        """Begin a new version; rows of an older one are misses."""
        return self._invalidate([Change(CLEAR)], lambda cache: cache.set("meta", new_id() + new_id()))

    def adopt(self, version: bytes) -> None:
        """Clear the cache unless it was filled while Redis had this version of it."""
        if version == self._adopted:
            return

        def command(cache: Any) -> None:
            if _get(cache, "adopted") != version:
                cache.set("adopted", version)
                cache.set("meta", new_id() + new_id())

        if self._invalidate([], command):
            self._adopted = version

    def _invalidate(self, changes: Sequence[Change], command: Callable[[Any], object]) -> bool:
        def write(cache: Any) -> bool:
            with cache.transact():
                command(cache)
                _log(cache, changes)
            return True

        return bool(self._ask(write))

    def changes(self) -> list[Change] | None:
        """Return the invalidations since this was last asked; CLEAR where they can't be known."""
        lines = self._ask(_lines)
        if lines is None:
            return None
        before, self._seen = self._seen, lines[-1][0] if lines else ""
        if before is None or before == self._seen:
            return []
        places = [place for place, line in enumerate(lines) if line[0] == before]
        if not places and before:
            return [Change(CLEAR)]
        return [Change(kind, name) for _, kind, name in lines[places[0] + 1 if places else 0 :]]

    def acquire(self, key: str, token: str, seconds: float, state: State) -> bool | None:
        """Take the lease of a load that began in this state, unless another has it."""
        name = "lease:" + lease_name(key, state)
        return self._ask(lambda cache: bool(cache.add(name, token.encode(), expire=seconds)))

    def release(self, key: str, token: str, state: State) -> None:
        """Give the lease back, if it is still the one of `token`."""
        name = "lease:" + lease_name(key, state)

        def command(cache: Any) -> None:
            with cache.transact():
                if _get(cache, name) == token.encode():
                    cache.delete(name)

        self._ask(command)

    def available(self) -> bool:
        """Tell whether the folder is there and can be read."""
        return self._ask(lambda cache: len(cache) >= 0) is not None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            cache, self._cache = self._cache, None
        if cache is not None:
            cache.close()

    def size(self) -> int:
        """Return the bytes that the name takes."""
        return sum(path.stat().st_size for path in self.directory.glob("cache.db*"))

    def _ask(self, command: Callable[[Any], T]) -> T | None:
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
        except _FAILURES as error:
            self._failed(error)
            return None
        self._breaker.succeeded()
        return answer

    def _opened(self) -> Any:
        with self._lock:
            if self._cache is None:
                for folder in (self._place.base, self._place.directory, self.directory):
                    if folder is not None:
                        make_private(folder)
                self._most_bytes = self._place.most_bytes or default_bound(self.directory, self.size())
                self._cache = DiskDatabase(
                    str(self.directory),
                    timeout=_LOCK_SECONDS,
                    disk=PlainDisk,
                    size_limit=self._most_bytes,
                    eviction_policy="least-recently-stored",
                    sqlite_synchronous=0,  # after a power cut a cache may be empty
                    sqlite_cache_size=_PAGES,
                    sqlite_mmap_size=0,
                )
            return self._cache

    def _failed(self, error: Exception) -> None:
        """Leave the disk alone for a moment, and open the file anew after it."""
        if self._breaker.failed():
            message = "the disk cache can't be used"
            guards.log("kit.cache", logging.WARNING, message, extra={"error": type(error).__name__})
        self.close()
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        if full or is_damaged(error):  # diskcache writes when it opens a file: a full one could never be opened again
            for suffix in ("-wal", "-shm", "-journal", ""):
                try:
                    (self.directory / f"cache.db{suffix}").unlink(missing_ok=True)
                except OSError:
                    return


def _get(cache: Any, key: str) -> bytes | None:
    value = cache.get(key)
    if value is _REFUSED:
        cache.delete(key)
        return None
    return value  # type: ignore[no-any-return]


def _meta(cache: Any) -> tuple[bytes, bytes]:
    found = _get(cache, "meta")
    if found is None or len(found) != 2 * ID:  # it may be evicted like any row; rows of an unknown version are misses
        found = new_id() + new_id()
        cache.set("meta", found)
    return found[:ID], found[ID:]


def _tags(cache: Any, tags: Iterable[str]) -> dict[str, str]:
    return {tag: (_get(cache, "tag:" + tag) or b"").hex() for tag in tags}


def _lines(cache: Any) -> list[list[str]]:
    found = _get(cache, "log")
    try:
        lines = json.loads(found) if found is not None else []
    except ValueError:
        return []
    return lines if isinstance(lines, list) else []


def _log(cache: Any, changes: Sequence[Change]) -> None:
    if changes:
        lines = _lines(cache) + [[new_id().hex(), change.kind, change.name] for change in changes]
        cache.set("log", json.dumps(lines[-_LOG_LENGTH:]).encode())
