"""The rows of one cache name on disk; see `kit_cache.tiers.port.Tier` for the methods."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from kit_core import guards

from kit_cache import clock
from kit_cache.breaker import Breaker
from kit_cache.tiers.disk.database import Database, has_no_room, is_damaged, is_full
from kit_cache.tiers.globs import literal_prefix, matcher
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
_PAUSE = 0.6
_LOG_LENGTH = 1000
_LARGEST_SHARE = 16
_SWEPT = 500
_LONGEST_LEASE = 3600.0
_NO_META = bytes(2 * ID)
_SEP, _AFTER = "\x1f", "\x20"
_READ = "SELECT (SELECT row FROM entry WHERE k = ?), (SELECT v FROM meta WHERE k = ?)"
_PEEK = "SELECT row, (SELECT v FROM meta WHERE k = ?) FROM entry WHERE k = ?"
_UPSERT = (
    "INSERT INTO entry (k, row, ver, ends) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (k) DO UPDATE SET row = excluded.row, ver = excluded.ver, ends = excluded.ends"
)
_SET_META = "INSERT INTO meta (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v"
_LEASE = (
    "INSERT INTO lease (k, token, ends) VALUES (?, ?, ?) ON CONFLICT (k) DO UPDATE"
    " SET token = excluded.token, ends = excluded.ends WHERE lease.ends < ? OR lease.ends > ?"
)


class DiskTier:
    """One cache name in the file."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._prefix = name + _SEP
        self._end = name + _AFTER
        self._name = name
        self._breaker = Breaker(_PAUSE)
        self._adopted = b""
        self._full_until = 0.0
        self._seen: tuple[int, int] | None = None  # which opening of the file, and the last line of the log

    # ---- Reading

    def read(self, key: str) -> Reading | None:
        """Return the row's value and state."""
        return self._ask(lambda database: database.run(lambda connection: self._read(connection, key)))

    def read_many(self, keys: Sequence[str]) -> list[Reading] | None:
        """Return the readings of several keys."""
        return self._ask(lambda database: database.run(lambda connection: [self._read(connection, k) for k in keys]))

    def peek(self, key: str) -> tuple[object, object] | None:
        """Return the bytes of the row and of the cache's version and epoch, as they are."""
        if self._breaker.is_open:
            return None
        try:
            found = self._database.select(_PEEK, (self._prefix, self._prefix + key))
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            return None
        return None if found is None else (found[0], found[1] or _NO_META)

    def _read(self, connection: sqlite3.Connection, key: str) -> Reading:
        raw, meta = connection.execute(_READ, (self._prefix + key, self._prefix)).fetchone()
        version, epoch = _split(meta)
        state = State(version, epoch, head_of(raw))
        row = unpack(raw)
        if row is None or row.version != version or not row.is_usable():
            return Reading(state)
        if row.tags and self._tag_versions(connection, row.tags) != row.tags:
            return Reading(state)
        return Reading(state, row)

    def tag_versions(self, tags: Iterable[str]) -> dict[str, str] | None:
        """Return the current version of each tag."""
        wanted = list(tags)
        return self._ask(lambda database: database.run(lambda connection: self._tag_versions(connection, wanted)))

    def _tag_versions(self, connection: sqlite3.Connection, tags: Iterable[str]) -> dict[str, str]:
        query = "SELECT v FROM meta WHERE k = ?"
        found = {tag: connection.execute(query, (f"{self._prefix}tag{_SEP}{tag}",)).fetchone() for tag in tags}
        return {
            tag: row[0].hex() if row is not None and isinstance(row[0], bytes) else "" for tag, row in found.items()
        }

    # ---- Writing

    def write(self, key: str, row: Row, state: State) -> bool | None:
        """Store a row unless the state is no longer `state`; tell whether it is stored."""

        def store(connection: sqlite3.Connection) -> bool:
            raw, meta = connection.execute(_READ, (self._prefix + key, self._prefix)).fetchone()
            version, epoch = _split(meta)
            if state != (version, epoch, head_of(raw)):
                return False
            connection.execute(_UPSERT, (self._prefix + key, pack(row, version), version, row.expires))
            return True

        return self._write(row, store)

    def replace(self, key: str, row: Row, *, tell: bool) -> bool | None:
        """Store a row in place of any other; with `tell` others drop the key from their memory."""

        def store(connection: sqlite3.Connection) -> bool:
            found = connection.execute("SELECT v FROM meta WHERE k = ?", (self._prefix,)).fetchone()
            version, _ = _split(found[0] if found is not None else None)
            connection.execute(_UPSERT, (self._prefix + key, pack(row, version), version, row.expires))
            if tell:
                connection.execute("INSERT INTO log (name, kind, what) VALUES (?, ?, ?)", (self._name, KEY, key))
            return True

        return self._write(row, store)

    def _write(self, row: Row, store: Callable[[sqlite3.Connection], bool]) -> bool | None:
        def command(database: Database) -> bool:
            if database.most_bytes and len(row.body) > database.most_bytes // _LARGEST_SHARE:
                return False
            if clock.mono() < self._full_until:
                return False
            try:
                stored = database.change(store, bytes_written=len(row.body))
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                self._is_full(database)
                return False
            self._full_until = 0.0
            return stored

        return self._ask(command)

    def _is_full(self, database: Database) -> None:
        """Store nothing for a moment, though stored rows can be read; the second time, throw the file away for room."""
        again, self._full_until = self._full_until > 0, clock.mono() + _PAUSE
        guards.log("kit.cache", logging.WARNING, "the disk is full", extra={"path": str(database.path)})
        if again and database.is_in_the_way():
            database.throw_away()

    # ---- Invalidating

    def delete(self, keys: Sequence[str]) -> bool:
        """Put tombstones in the rows' places."""
        ends = clock.now() + TOMBSTONE_SECONDS

        def command(connection: sqlite3.Connection) -> None:
            connection.executemany(_UPSERT, [(self._prefix + key, tombstone(), b"", ends) for key in keys])

        return self._invalidate([Change(KEY, key) for key in keys], command)

    def delete_pattern(self, pattern: str) -> bool:
        """Delete the rows whose keys match, and refuse the loads that are under way."""
        matches, start = matcher(pattern), self._prefix + literal_prefix(pattern)

        def command(connection: sqlite3.Connection) -> None:
            self._new_epoch(connection)
            skip = len(self._prefix)
            found = connection.execute("SELECT k FROM entry WHERE k >= ? AND k < ?", (start, self._end)).fetchall()
            keys = []
            for (key,) in found:
                if not key.startswith(start):
                    break
                if matches(key[skip:]):
                    keys.append((key,))
            connection.executemany("DELETE FROM entry WHERE k = ?", keys)

        return self._invalidate([Change(PATTERN, pattern)], command)

    def invalidate_tags(self, tags: Sequence[str]) -> bool:
        """Begin a new version of each tag."""

        def command(connection: sqlite3.Connection) -> None:
            self._new_epoch(connection)
            connection.executemany(_SET_META, [(f"{self._prefix}tag{_SEP}{tag}", new_id()) for tag in tags])

        return self._invalidate([Change(TAG, tag) for tag in tags], command)

    def clear(self) -> bool:
        """Begin a new version: every row is of an older one, and makes room when some is needed."""
        return self._invalidate([Change(CLEAR)], self._new_version)

    def adopt(self, version: bytes) -> None:
        """Clear the cache unless it was filled while Redis had this version of it."""
        if version == self._adopted:
            return
        key = f"{self._prefix}adopted"

        def command(connection: sqlite3.Connection) -> None:
            found = connection.execute("SELECT v FROM meta WHERE k = ?", (key,)).fetchone()
            if found is None or found[0] != version:
                connection.execute(_SET_META, (key, version))
                self._new_version(connection)

        if self._invalidate([], command):
            self._adopted = version

    def _new_version(self, connection: sqlite3.Connection) -> None:
        connection.execute(_SET_META, (self._prefix, new_id() + new_id()))

    def _new_epoch(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("SELECT v FROM meta WHERE k = ?", (self._prefix,)).fetchone()
        version, _ = _split(found[0] if found is not None else None)
        connection.execute(_SET_META, (self._prefix, version + new_id()))

    def _invalidate(self, changes: Sequence[Change], command: Callable[[sqlite3.Connection], None]) -> bool:
        """Do it and log it; a file that is too full for that is thrown away, which does it as well."""

        def write(connection: sqlite3.Connection) -> bool:
            command(connection)
            lines = [(self._name, change.kind, change.name) for change in changes]
            connection.executemany("INSERT INTO log (name, kind, what) VALUES (?, ?, ?)", lines)
            connection.execute("DELETE FROM log WHERE id <= (SELECT max(id) FROM log) - ?", (_LOG_LENGTH,))
            return True

        def operation(database: Database) -> bool:
            try:
                return database.change(write)
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                database.throw_away()
                return True

        return bool(self._ask(operation))

    # ---- What others have invalidated

    def changes(self) -> list[Change] | None:
        """Return the invalidations since this was last asked; CLEAR where they can't be known."""
        before = self._seen

        def command(connection: sqlite3.Connection) -> tuple[int, int, list[tuple[str, str]]]:
            first, last = connection.execute("SELECT min(id), max(id) FROM log").fetchone()
            rows: list[tuple[str, str]] = []
            if before is not None and (last or 0) > before[1]:
                query = "SELECT kind, what FROM log WHERE name = ? AND id > ? ORDER BY id"
                rows = connection.execute(query, (self._name, before[1])).fetchall()
            return first or 0, last or 0, rows

        def operation(database: Database) -> list[Change]:
            first, last, rows = database.run(command)
            self._seen = (database.opened, last)
            if before is None:
                return []
            if before[0] != database.opened or last < before[1] or before[1] + 1 < first:
                return [Change(CLEAR)]
            return [Change(kind, what) for kind, what in rows]

        return self._ask(operation)

    # ---- Leases, upkeep

    def acquire(self, key: str, token: str, seconds: float, state: State) -> bool | None:
        """Take the lease of a load that began in this state, unless another has it."""
        now = clock.now()
        values = (self._prefix + lease_name(key, state), token, now + seconds, now, now + _LONGEST_LEASE)
        return self._ask(lambda database: database.change(lambda c: c.execute(_LEASE, values).rowcount == 1))

    def release(self, key: str, token: str, state: State) -> None:
        """Give the lease back, if it is still the one of `token`."""
        values = (self._prefix + lease_name(key, state), token)
        query = "DELETE FROM lease WHERE k = ? AND token = ?"
        self._ask(lambda database: database.change(lambda c: c.execute(query, values).rowcount))

    def sweep(self) -> None:
        """Give the room of rows back that are of an older version, some at a time."""

        def some(connection: sqlite3.Connection) -> int:
            found = connection.execute("SELECT v FROM meta WHERE k = ?", (self._prefix,)).fetchone()
            version, _ = _split(found[0] if found is not None else None)
            old = "SELECT rowid FROM entry WHERE k >= ? AND k < ? AND ver <> ? AND ver <> x'' LIMIT ?"
            query = f"DELETE FROM entry WHERE rowid IN ({old})"  # noqa: S608
            return connection.execute(query, (self._prefix, self._end, version, _SWEPT)).rowcount

        while self._ask(lambda database: database.change(some)):
            pass

    def available(self) -> bool:
        """Tell whether the folder is there and can be read."""
        return self._ask(lambda database: database.run(lambda c: c.execute("SELECT 1 FROM meta LIMIT 1"))) is not None

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def size(self) -> int:
        """Return the bytes that all names take together."""
        return self._database.size()

    def _ask(self, command: Callable[[Database], T]) -> T | None:
        """Return the command's result, or None: the disk is full, damaged, locked, or not ours."""
        if not self._breaker.allows():
            return None
        try:
            answer = command(self._database)
        except (sqlite3.Error, OSError) as error:
            if not has_no_room(error):  # what is stored can still be read
                self._failed(error)
            return None
        self._breaker.succeeded()
        return answer

    def _failed(self, error: Exception) -> None:
        """Leave the disk alone for a moment; a damaged file is thrown away."""
        if self._breaker.failed():
            message = "the disk cache can't be used"
            guards.log("kit.cache", logging.WARNING, message, extra={"error": type(error).__name__})
        if is_damaged(error):
            try:
                self._database.throw_away()
            except OSError:
                self._database.close()
        elif not is_full(error):
            self._database.close()


def _split(meta: object) -> tuple[bytes, bytes]:
    if not isinstance(meta, bytes) or len(meta) != 2 * ID:
        return bytes(ID), bytes(ID)
    return meta[:ID], meta[ID:]
