"""A transaction: begun with its first statement, with savepoints inside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from kit_core import guards

from kit_db.driver.queries import goes_back, is_single
from kit_db.errors import (
    CommitUnknownError,
    DatabaseConnectionError,
    DatabaseError,
    NoAnswerError,
    ReadOnlyError,
    TransactionAbortedError,
)

if TYPE_CHECKING:
    from kit_db.driver.psycopg2 import Connection, Parameters
    from kit_db.driver.results import Result

# The server is told anew how long statements may take when that has become less by so many seconds.
_STALE = 0.1
_ROLLBACK_SECONDS = 5.0
# Of statements that end a transaction, also where another begins at once (AND CHAIN); but for ROLLBACK TO SAVEPOINT.
_ENDINGS = ("COMMIT", "ROLLBACK")

Callback = Callable[[], object]


def call_all(callbacks: list[Callback]) -> None:
    """Run the callbacks of a commit; nothing can be undone any more, so an error is logged and the rest run."""
    for callback in callbacks:
        try:
            callback()
        except Exception:  # noqa: BLE001  (the callback is the user's)
            # Not its repr, which may hold what it was given.
            name = getattr(callback, "__qualname__", type(callback).__qualname__)
            guards.log("kit.db", logging.ERROR, "a callback after the commit has failed: %s", name, exc_info=True)


class ConnectionSource(Protocol):
    """Gives connections, and takes them back."""

    def take(self, *, new: bool = False) -> Connection:
        """Return a connection for the caller alone."""

    def give(self, connection: Connection) -> None:
        """Take it back."""


class Transaction:
    """One transaction on one connection, which it takes when the first statement is run.

    `BEGIN` and the settings that bound the waiting travel in the same message as that statement, and a savepoint is
    released in the same message as the next one, so they cost no round trip. A SAVEPOINT is sent by itself: in one
    message with a statement that has a syntax error it would not be set, and there would be nothing to go back to.
    """

    def __init__(self, source: ConnectionSource, begin: str = "BEGIN") -> None:
        self._source = source
        self._connection: Connection | None = None
        self.begin = begin
        self._levels = [begin]
        self._told: float | None = None
        self._sent = 0
        self._releases: list[str] = []
        self._savepoints = 0
        self._started = False
        self._statements = 0
        self._lost = False
        self._broken = False
        self._over = False
        self.callbacks: list[Callback] = []

    def run(self, query: str, parameters: Parameters = None) -> Result:
        """Run a statement; the first one is sent again if the connection turns out to be dead."""
        if self._lost:
            raise DatabaseConnectionError("the transaction was lost with its connection")
        self._statements += 1
        try:
            return self._run(query, parameters)
        except DatabaseConnectionError:
            # Whoever swallows this must not go on to commit what comes after it alone.
            self._drop()
            self._lost = True
            raise
        except DatabaseError:
            # The server does not always know: a statement that could not be read, or sent, has aborted nothing there.
            self._broken = True
            raise

    def restart(self) -> bool:
        """Roll back and begin anew with the next statement, if there was only one; tell whether that was so."""
        if self._statements != 1 or self._lost or self._connection is None:
            return False
        try:
            self._connection.run("ROLLBACK", seconds=self._connection.limits.ending())
        except DatabaseError:
            # The error that led here is the one to be seen, and `finish` will find the connection broken.
            return False
        self._statements = self._sent = 0
        self._told, self._releases = None, []
        self._started = self._broken = False
        return True

    @property
    def connection(self) -> Connection:
        """The connection that it is on, taken now if it has none yet."""
        if self._connection is None:
            self._connection = self._source.take()
        elif self._connection.foreign:
            raise TransactionAbortedError("the transaction is that of the process which this one was forked from")
        return self._connection

    def _run(self, query: str, parameters: Parameters) -> Result:
        connection = self.connection
        try:
            result = self._send(connection, query, parameters)
        except (DatabaseConnectionError, ReadOnlyError) as error:
            wanted = isinstance(error, ReadOnlyError) and self.begin.endswith("READ ONLY")
            if self._started or wanted or isinstance(error, NoAnswerError) or not is_single(query):
                raise
            # Nothing was committed, since no COMMIT was sent, and the caller has seen nothing yet. On a server that
            # was the writer until a failover nothing was even done.
            self._drop()
            self._connection = connection = self._source.take(new=True)
            result = self._send(connection, query, parameters)
        except DatabaseError:
            self._started = True
            raise
        self._started = True
        if connection.status == "idle" or (result.tag in _ENDINGS and not goes_back(query)):
            # What came next would be committed by itself, or twice if it were the first statement.
            self._drop()
            self._lost = True
            raise TransactionAbortedError(
                "the statement has ended the transaction: COMMIT and ROLLBACK are its block's"
            )
        return result

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Make a `with` block a savepoint: an exception in it undoes the block alone."""
        self._savepoints += 1
        name = f"kit_{self._savepoints}"
        depth, registered, broken = len(self._levels), len(self.callbacks), self._broken
        self._levels.append(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            del self.callbacks[registered:]
            if self._leave(depth):
                self._undo(name)
            self._broken = broken
            raise
        if self._over:
            raise TransactionAbortedError("the transaction around the block ended before the block did")
        known = self._leave(depth)
        if self._broken != broken or (known and self._failed()):
            del self.callbacks[registered:]
            if known:
                self._undo(name)
            self._broken = broken
            raise TransactionAbortedError("a statement failed inside of the block and its error was swallowed")
        if known:
            self._releases.append(f"RELEASE SAVEPOINT {name}")

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._commit()
        finally:
            self._over = True
            self.finish()

    def _send(self, connection: Connection, query: str, parameters: Parameters) -> Result:
        seconds = connection.limits.seconds()
        unsent = self._levels[self._sent :]
        begin = unsent[:1] if self._sent == 0 else []
        savepoints = unsent[len(begin) :]
        settings = connection.limits.settings(seconds) if self._stale(seconds) else []
        control = [*self._releases, *begin, *settings, *savepoints]
        if savepoints:
            connection.run("; ".join(control), seconds=seconds)
            self._done(seconds if settings else self._told)
            control = []
        try:
            return connection.run("; ".join([*control, query]), parameters, seconds=seconds)
        finally:
            # A message that PostgreSQL could not even parse has begun nothing.
            if control and connection.status != "idle":
                self._done(seconds if settings else self._told)

    def _stale(self, seconds: float | None) -> bool:
        return self._sent == 0 or (seconds is not None and (self._told is None or self._told - seconds > _STALE))

    def _done(self, told: float | None) -> None:
        self._sent, self._releases, self._told = len(self._levels), [], told

    def _leave(self, depth: int) -> bool:
        """Forget the levels from `depth` on; tell whether the server knows of them."""
        del self._levels[depth:]
        known = self._sent > depth
        self._sent = min(self._sent, depth)
        return known and not self._lost

    def _undo(self, name: str) -> None:
        self._releases.clear()
        # What was set since the savepoint goes with it.
        self._told = None
        if self._connection is None or self._connection.foreign:
            return
        try:
            self._connection.run(
                f"ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}", seconds=self._connection.limits.ending()
            )
        except DatabaseError:
            # The exception that led here is the one to be seen; the transaction itself can't go on.
            self._drop()
            self._lost = True

    def _failed(self) -> bool:
        return self._connection is not None and self._connection.status == "failed"

    def _commit(self) -> None:
        if self._lost:
            raise TransactionAbortedError("the connection broke inside of the transaction and the error was swallowed")
        if self._broken or self._failed():
            raise TransactionAbortedError("a statement failed inside of the transaction and its error was swallowed")
        if len(self._levels) > 1:
            raise TransactionAbortedError("a block inside of the transaction has not ended")
        if self._connection is None or self._sent == 0:
            return
        connection = self.connection
        try:
            connection.run("COMMIT", seconds=connection.limits.ending())
        except DatabaseConnectionError as error:
            self._drop()
            raise CommitUnknownError(
                "the connection broke during COMMIT: the transaction may or may not be committed",
                sqlstate=error.sqlstate,
            ) from error

    def finish(self) -> None:
        """Roll back an open transaction, and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if connection.status in ("open", "failed") and not connection.foreign:
                ending = connection.limits.ending()
                connection.run("ROLLBACK", seconds=min(_ROLLBACK_SECONDS, ending or _ROLLBACK_SECONDS))
        except DatabaseError:
            # A connection that can't roll back is closed below, and then the server does.
            pass
        finally:
            self._source.give(connection)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._sent = 0
        if connection is not None:
            connection.close()
