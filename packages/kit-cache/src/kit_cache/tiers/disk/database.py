"""The SQLite file: opened when it is needed, bounded with all that lies beside it, thrown away when it is damaged."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from kit_cache import clock
from kit_cache.tiers.disk.folders import default_bound, make_private

T = TypeVar("T")
_FILE = "kit-cache-1.db"  # the number is the schema's
_PAGE = 4096
_CACHE_KIB = 1024
_LOCK_SECONDS = 0.1
_LOOK_SECONDS = 0.25
_WAL_SHARE = 8
_USED_SHARE = 0.9
_EVICTED_SHARE = 8
_WAY_SHARE = 4
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (k TEXT PRIMARY KEY, row BLOB NOT NULL, ver BLOB, ends REAL NOT NULL);
CREATE TABLE IF NOT EXISTS meta (k TEXT PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, kind TEXT, what TEXT);
CREATE TABLE IF NOT EXISTS lease (k TEXT PRIMARY KEY, token TEXT NOT NULL, ends REAL NOT NULL) WITHOUT ROWID;
"""
_forked: list[object] = []  # a parent's connections, which a child neither uses nor closes


class DiskSettings(NamedTuple):
    """Where the file is, and how large all of it may get (None: `folders.default_bound`).

    base: a folder around it that has to be private as well
    """

    directory: Path
    base: Path | None = None
    most_bytes: int | None = None


class Database:
    """One connection to the file, which the threads of this process take turns with."""

    def __init__(self, settings: DiskSettings) -> None:
        self.settings = settings
        self.path = settings.directory / _FILE
        self.most_bytes = settings.most_bytes or 0
        self.opened = 0  # how often: what is known of a file's content is void when it is another one
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._inode = 0
        self._looked = 0.0
        self._written = 0

    def run(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Return the result of `operation`; raise sqlite3.Error or OSError."""
        if self._pid != os.getpid():
            _forked.append(self._connection)
            self._connection, self._pid, self._lock = None, os.getpid(), threading.RLock()
        with self._lock:
            return operation(self._connected())

    def select(self, query: str, values: tuple[str, ...]) -> Any:
        """Return the one row of a query."""
        if self._pid != os.getpid():
            return self.run(lambda connection: connection.execute(query, values).fetchone())
        with self._lock:
            connection = self._connection
            if connection is None or clock.mono() - self._looked > _LOOK_SECONDS:
                connection = self._connected()
            return connection.execute(query, values).fetchone()

    def change(self, operation: Callable[[sqlite3.Connection], T], *, bytes_written: int = 0) -> T:
        """Do the same in a transaction that writes; in a full file the oldest rows make room first."""

        def transaction(connection: sqlite3.Connection) -> T:
            self._written += bytes_written + 64
            if self._written > self.most_bytes // 32:
                self._written = 0
                self._make_room(connection)
            connection.execute("BEGIN IMMEDIATE")
            try:
                found = operation(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # SQLITE_FULL has rolled it back already
                    connection.execute("ROLLBACK")
                raise
            return found

        try:
            return self.run(transaction)
        except sqlite3.OperationalError as error:
            if not is_full(error) or not self.run(self._is_at_bound):
                raise
            self.run(lambda connection: self._make_room(connection, force=True))
            return self.run(transaction)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def __del__(self) -> None:
        """Close the file, which a background thread may have opened again after `close`."""
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()

    def throw_away(self) -> None:
        """Remove the file; the next operation makes a new one. OSError if it can't be removed."""
        self.close()
        for suffix in ("-wal", "-shm", "-journal", ""):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def size(self) -> int:
        """Return the bytes that the file and everything beside it take."""
        total = 0
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                total += self.path.with_name(self.path.name + suffix).stat().st_size
        return total

    def _connected(self) -> sqlite3.Connection:
        """Return the connection; a new one where another process has thrown the file away."""
        passed = clock.mono()
        if self._connection is not None and passed - self._looked > _LOOK_SECONDS:
            self._looked = passed
            try:
                gone = self.path.stat().st_ino != self._inode
            except FileNotFoundError:
                gone = True
            if gone:
                self.close()
        if self._connection is None:
            try:
                self._connection = self._open()
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                self.throw_away()  # SQLite writes when it opens a file: on a full disk it could never be read again
                self._connection = self._open()
            self._looked = passed
        return self._connection

    def _open(self) -> sqlite3.Connection:
        if self.settings.base is not None:
            make_private(self.settings.base)
        make_private(self.settings.directory)
        self.most_bytes = self.settings.most_bytes or default_bound(self.settings.directory, self.size())
        wal = max(16, min(256, self.most_bytes // _WAL_SHARE // _PAGE))  # pages
        connection = sqlite3.connect(
            self.path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # after a power cut a cache may be empty
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {wal}")
            connection.execute(f"PRAGMA journal_size_limit = {wal * _PAGE}")
            connection.execute(f"PRAGMA max_page_count = {max(64, self.most_bytes // _PAGE - 2 * wal - 8)}")
            connection.execute("PRAGMA trusted_schema = OFF")
            if connection.execute("PRAGMA user_version").fetchone()[0] != 1:
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = 1; COMMIT;")
            self._inode = self.path.stat().st_ino
        except BaseException:
            connection.close()
            raise
        self.opened += 1
        return connection

    def is_in_the_way(self) -> bool:
        """Tell whether the file takes a good part of the disk, so that a full disk is its doing."""
        return self.size() > shutil.disk_usage(self.settings.directory).total // _WAY_SHARE

    @staticmethod
    def _is_at_bound(connection: sqlite3.Connection) -> bool:
        most = connection.execute("PRAGMA max_page_count").fetchone()[0]
        return bool(connection.execute("PRAGMA page_count").fetchone()[0] >= most * _USED_SHARE)

    def _make_room(self, connection: sqlite3.Connection, *, force: bool = False) -> None:
        """Delete expired rows, and the oldest ones where the file is nearly full."""
        most = connection.execute("PRAGMA max_page_count").fetchone()[0]
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
        if not force and used - free < most * _USED_SHARE:
            return
        connection.execute("DELETE FROM entry WHERE ends < ?", (clock.now(),))
        oldest = "SELECT rowid FROM entry ORDER BY rowid LIMIT (SELECT count(*) / ? + 1 FROM entry)"
        connection.execute(f"DELETE FROM entry WHERE rowid IN ({oldest})", (_EVICTED_SHARE,))  # noqa: S608
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def is_full(error: Exception) -> bool:
    """Tell whether an error says that the file, or the disk, is full; beside the file that is an I/O error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def has_no_room(error: Exception) -> bool:
    """Tell whether an error says no more than that there is no room."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def is_damaged(error: Exception) -> bool:
    """Tell whether an error says that the file is no database, or a broken one."""
    damaged = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in damaged or (
        isinstance(error, sqlite3.DatabaseError) and "no such" in str(error)
    )
