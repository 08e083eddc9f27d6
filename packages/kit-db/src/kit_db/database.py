"""Database: settings, the warm connection, and who is using it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Self
from weakref import WeakSet

from kit_core.loading import load_early, renew_with_snapshot

from kit_db.connecting.opening import connect
from kit_db.connecting.settings import ConnectionSettings
from kit_db.driver import process
from kit_db.errors import DatabaseConnectionError, DatabaseCredentialError, NoAnswerError, ReadOnlyError
from kit_db.transaction import Callback, Transaction, call_all

if TYPE_CHECKING:
    from kit_db.driver.psycopg2 import Connection, Parameters
    from kit_db.driver.results import Result

_URL_NAMES = {
    "user": "user",
    "host": "endpoint",
    "port": "port",
    "dbname": "name",
    "password": "password",
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
}

# Seconds after which a connection is closed that was only needed beside others.
_REST = 60.0

_all: WeakSet[Database] = WeakSet()

Isolation = Literal["read committed", "repeatable read", "serializable"]
_ISOLATIONS = ("read committed", "repeatable read", "serializable")


class Database:
    """A PostgreSQL database and the connections to it that this process keeps warm: one, or one for each busy thread.

    Every setting is taken from the argument, else the environment (DB_USER, DB_ENDPOINT, DB_PORT, DB_NAME,
    DB_SECRET_ARN, DB_PASSWORD, and KIT_DB_ with the name of each other), else the Secrets Manager secret (RDS's
    JSON), else a default; all of that when a connection is opened, none before.

    `auth="iam"` logs in with a token of IAM. `proxy` says that this is an RDS Proxy, which is otherwise seen by its
    name: then nothing is sent that would pin the connection. In seconds: `connect_timeout` bounds one attempt,
    `connect_wait` how long to keep trying while the server is starting or out of reach, `statement_timeout` a
    statement, `lock_timeout` its waiting for a lock; `idle_check` is how long a connection may rest before it is asked
    whether it is alive. The remaining time of the invocation (kit_core.invocation) bounds all of them.

    Threads and asyncio tasks don't share transactions: each that has one open has a connection of its own.
    """

    def __init__(
        self,
        user: str | None = None,
        endpoint: str | None = None,
        port: int | None = None,
        name: str | None = None,
        secret_arn: str | None = None,
        password: str | None = None,
        *,
        auth: Literal["password", "iam"] | None = None,
        proxy: bool | None = None,
        sslmode: str | None = None,
        sslrootcert: str | None = None,
        connect_timeout: float | None = None,
        connect_wait: float | None = None,
        statement_timeout: float | None = None,
        lock_timeout: float | None = None,
        idle_check: float = 60.0,
    ) -> None:
        if isinstance(user, str) and "://" in user:
            raise DatabaseCredentialError("a URL is for Database.from_url", names=("user",))
        self._settings = ConnectionSettings(
            {
                "user": user,
                "endpoint": endpoint,
                "port": port,
                "name": name,
                "secret_arn": secret_arn,
                "password": password,
                "auth": auth,
                "proxy": proxy,
                "sslmode": sslmode,
                "sslrootcert": sslrootcert,
                "connect_timeout": connect_timeout,
                "connect_wait": connect_wait,
                "statement_timeout": statement_timeout,
                "lock_timeout": lock_timeout,
            }
        )
        load_early(load_driver)
        _all.add(self)
        self._idle_check = idle_check
        self._idle: list[Connection] = []
        self._open: dict[object, Transaction] = {}
        # The transaction of a test, which those of the tested code are savepoints of (kit_db.testing).
        self._rehearsal: Transaction | None = None
        self._proxied: bool | None = None

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        """Make a Database of a `postgresql://` URL; `options` are the constructor's keywords, and go before it.

        Host, port, user, password and name are these alone: missing parts are not taken from the environment, which
        may be about another database.
        """
        from kit_db.driver.psycopg2 import parse_url

        parts = parse_url(url)
        unknown = sorted(set(parts) - set(_URL_NAMES))
        if unknown:
            raise DatabaseCredentialError(f"the URL has parameters that are not supported: {', '.join(unknown)}")
        settings: dict[str, Any] = {_URL_NAMES[name]: value for name, value in parts.items()}
        made = cls(**{**settings, **options})
        made._settings.complete = True
        return made

    def __repr__(self) -> str:
        return f"<Database {self._settings.get('name')!r} at {self._settings.get('endpoint')!r}>"

    def execute(self, query: str, parameters: Parameters = None, *, repeatable: bool = False) -> list[dict[str, Any]]:
        """Run a statement in the open transaction, or as a unit of its own, and return its rows.

        Values are given as `parameters` and written `%s` or `%(name)s` in the query, never spliced into it.
        `repeatable` says that running it twice does no harm, as with a SELECT: it is then sent again if the
        connection breaks. (The first statement of a transaction always is, as nothing of it can be there yet.)
        """
        result = self.run(query, parameters, repeatable=repeatable)
        columns = result.columns
        return [dict(zip(columns, row, strict=True)) for row in result.rows]

    def run(self, query: str, parameters: Parameters = None, *, repeatable: bool = False) -> Result:
        """Do as `execute`, and return rows as tuples, the columns' names and the count."""
        if not isinstance(query, str):
            raise TypeError(f"a query is a str, not {type(query).__qualname__}")
        transaction = self._open.get(_owner()) if self._open else None
        if transaction is not None:
            return transaction.run(query, parameters)
        if self._rehearsal is not None:
            with self.transaction():
                return self.run(query, parameters)
        connection = self.take()
        try:
            return connection.unit(query, parameters)
        except ReadOnlyError:
            # The writer until a failover; nothing was done there.
            pass
        except DatabaseConnectionError as error:
            if not repeatable or isinstance(error, NoAnswerError):
                raise
        finally:
            self.give(connection)
        connection = self.take(new=True)
        try:
            return connection.unit(query, parameters)
        finally:
            self.give(connection)

    @contextmanager
    def transaction(self, *, isolation: Isolation | None = None, read_only: bool = False) -> Iterator[Self]:
        """Make a `with` block a transaction: commit at its end, roll back on any exception; inside one, a savepoint.

        Nothing is sent before the first statement. A block inside of a transaction can't have another `isolation`,
        which is a ValueError; being `read_only` is up to the outermost one. Raises TransactionAbortedError if a
        statement had failed and its error was swallowed, CommitUnknownError if the connection breaks during the commit.
        """
        begin = begin_statement(isolation, read_only)
        owner = _owner()
        open_one = self._open.get(owner)
        if open_one is not None:
            if isolation is not None and isolation.upper() not in open_one.begin:
                raise ValueError(f"a block inside of a transaction can't be {isolation!r}: the outermost one has to be")
            with open_one.savepoint():
                yield self
            return
        transaction = self._rehearsal or Transaction(self, begin)
        transaction.begin = begin
        self._open[owner] = transaction
        try:
            with transaction.savepoint() if transaction is self._rehearsal else transaction:
                yield self
        finally:
            del self._open[owner]
        callbacks, transaction.callbacks = transaction.callbacks, []
        call_all(callbacks)

    def after_commit(self, callback: Callback) -> None:
        """Call something once the open transaction is committed; at once if there is none.

        Callbacks run in the order in which they came, when the transaction is over, so they may use the database. A
        rollback drops them, one to a savepoint the later ones. An exception in one is logged (`kit.db`) and the
        others still run: the commit stays.
        """
        transaction = self._open.get(_owner())
        if transaction is None:
            call_all([callback])
        else:
            transaction.callbacks.append(callback)

    def restart(self) -> bool:
        """Begin the open transaction anew, if nothing was run in it but a statement that failed.

        Tell whether statements can be run now, as they can if no transaction is open.
        """
        transaction = self._open.get(_owner())
        return transaction is None or transaction.restart()

    @property
    def in_transaction(self) -> bool:
        """Whether this thread or task has a transaction open."""
        return _owner() in self._open

    @property
    def pending(self) -> list[Callback]:
        """The callbacks that wait for the commit of the open transaction, in order, but those of undone savepoints."""
        transaction = self._open.get(_owner())
        return [] if transaction is None else list(transaction.callbacks)

    @property
    def proxied(self) -> bool:
        """Whether the server is an RDS Proxy; connects if no connection was made yet, since the secret may name it."""
        if self._proxied is None:
            self.give(self.take())
        return bool(self._proxied)

    def take(self, *, new: bool = False) -> Connection:
        """Return a live connection for the caller alone, the warm one if it is there; `new` insists on a fresh one."""
        while True:
            try:
                # Atomic, as is append: a lock would cost more, and a fork could happen while somebody holds it.
                connection = self._idle.pop()
            except IndexError:
                connection = connect(self._settings)
                self._proxied = not connection.limits.send
                return connection
            if not new and connection.alive(idle_check=self._idle_check):
                return connection
            connection.close()

    def give(self, connection: Connection) -> None:
        """Take a connection back: as many are kept warm as were in use at once, until they have rested for a minute."""
        if not connection.reusable:
            connection.close()
            return
        self._idle.append(connection)
        if len(self._idle) > 1:
            self._close_rested()

    def _close_rested(self) -> None:
        """Close the connection that has rested longest, if it isn't needed any more."""
        try:
            # The last one given is the first one taken, so this one has rested longest.
            oldest = self._idle[0]
            if oldest.rested > _REST:
                self._idle.remove(oldest)
                oldest.close()
        except (IndexError, ValueError):
            # Another thread has taken it.
            pass

    def close(self) -> None:
        """Close the warm connections; the next use opens another."""
        while self._idle:
            self._idle.pop().close()


def load_driver() -> None:
    """Load psycopg2 and what opens a connection, for Lambda's init phase; a function's first use loads them else."""
    import kit_db.driver.psycopg2  # noqa: F401

    if os.environ.get("DB_SECRET_ARN"):
        from kit_db.connecting import aws

        aws.load()


@renew_with_snapshot
def _close_all() -> None:
    for database in tuple(_all):
        database.close()


def begin_statement(isolation: str | None, read_only: bool) -> str:
    """Return how a transaction begins; ValueError for an isolation level that there isn't."""
    if isolation is not None and isolation not in _ISOLATIONS:
        raise ValueError(f"isolation has to be one of {', '.join(_ISOLATIONS)}, not {isolation!r}")
    level = f" ISOLATION LEVEL {isolation.upper()}" if isolation is not None else ""
    return f"BEGIN{level}{' READ ONLY' if read_only else ''}"


def _owner() -> object:
    """Return who is asking: the process, which may be a fork, the thread and, in an event loop, the task."""
    # An event loop can only be running if asyncio is imported, which is not worth doing to find out.
    current_task = getattr(sys.modules.get("asyncio"), "current_task", None)
    task = None
    if current_task is not None:
        try:
            task = current_task()
        except RuntimeError:
            task = None
    return process.generation, threading.get_ident(), task
