"""The errors of this package.

    DatabaseError
    ├── DatabaseCredentialError        a setting is missing or unusable, or the secret can't be read
    │   └── DatabaseAuthenticationError    the server refuses user and password, the newest secret's too
    ├── DatabaseConnectionError        the server can't be reached, or the connection broke
    │   ├── TooManyConnectionsError        the server has no room for one more
    │   ├── NoAnswerError                  the server has not answered in the time that there was
    │   └── CommitUnknownError             it broke during COMMIT: committed or not, nobody knows
    ├── StatementError                 the server refused a statement; everything below is one
    │   ├── IntegrityError
    │   │   ├── UniqueViolationError
    │   │   ├── ForeignKeyViolationError
    │   │   ├── CheckViolationError
    │   │   ├── NotNullViolationError
    │   │   └── ExclusionViolationError
    │   ├── InvalidValueError              a value that its column or PostgreSQL can't hold
    │   ├── SerializationError             try the whole transaction again
    │   │   └── DeadlockError
    │   ├── ReadOnlyError                  a write to a replica, or in a read-only transaction
    │   ├── InsufficientPrivilegeError     the role lacks a right, row-level security included
    │   ├── DiskFullError                  the server has no room for more rows
    │   └── StatementTimeoutError          out of time: statement_timeout, or waiting for a lock
    │       └── StatementCancelledError        cancelled by somebody
    ├── UnreadableRowError             a row that the entity, or Python, can't hold
    ├── TransactionAbortedError        an error inside was swallowed, or a statement said COMMIT or ROLLBACK
    ├── StoreDefinitionError (also a TypeError)    a Store class that lacks something
    ├── UnknownColumnError (also a TypeError)      a column that the store does not declare
    ├── TooManyRowsError               more rows than an unlimited-looking read may return
    ├── RowNotFoundError (also a LookupError)      no row has the key that was asked for
    ├── KeyNotUniqueError              more than one row has the key
    ├── StaleRowError                  the row has another version than the one that was read
    ├── TransactionRequiredError       a call that needs an open transaction, without one
    ├── InvalidCursorError (also a ValueError)     a cursor that was altered, or is of another listing
    └── InvalidLimitError (also a ValueError)      a limit that no listing has

Cursors, limits and texts mostly come from a client as they are. The errors that refuse them have `messages`, by the
name of the parameter or column, and `normalized_messages()`, as marshmallow's ValidationError: kit-handler answers 400.

No message has a value or a row in it, but for the key that a caller asked for: PostgreSQL's own texts quote them
("Failing row contains …"), so they are not repeated. The driver's error is in `__context__`, hidden from tracebacks for
the same reason.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self


class DatabaseError(Exception):
    """The root of this package's errors."""

    def __reduce__(self) -> tuple[Any, ...]:
        # By default the constructor would be called with `args`, and most take keywords.
        return _restored, (type(self), self.args), self.__dict__


class DatabaseCredentialError(DatabaseError):
    """A setting is missing or unusable, or the secret that holds it can't be read; `names` says which."""

    def __init__(self, message: str, *, names: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.names = names


class DatabaseAuthenticationError(DatabaseCredentialError):
    """The server refuses the user, and a secret that was read anew has not helped."""


class DatabaseConnectionError(DatabaseError):
    """The server can't be reached, or the connection broke; `transient` says that waiting may help."""

    def __init__(self, message: str, *, transient: bool = False, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.transient = transient
        self.sqlstate = sqlstate


class TooManyConnectionsError(DatabaseConnectionError):
    """The server, or the user's limit, has no room for one more connection (53300)."""


class NoAnswerError(DatabaseConnectionError):
    """The server has not answered in the time that there was, so the connection was closed.

    A statement that was a unit of its own may still be done; a transaction is rolled back by the server.
    """


class CommitUnknownError(DatabaseConnectionError):
    """The connection broke while COMMIT was under way: the transaction may be committed or not."""


class StatementError(DatabaseError):
    """The server refused a statement.

    `sqlstate` is PostgreSQL's error code (its manual's appendix "PostgreSQL Error Codes"), None if the driver
    refused it; `constraint`, `column` and `table` are names where the server gives them, else None.
    """

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str | None = None,
        constraint: str | None = None,
        column: str | None = None,
        table: str | None = None,
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.constraint = constraint
        self.column = column
        self.table = table


class IntegrityError(StatementError):
    """A constraint is violated."""


class UniqueViolationError(IntegrityError):
    """There is such a row already (23505)."""


class ForeignKeyViolationError(IntegrityError):
    """A referenced row is not there, or a row is still referenced (23503; 23001 under ON DELETE RESTRICT)."""


class CheckViolationError(IntegrityError):
    """A value breaks a CHECK constraint (23514), or a view's WITH CHECK OPTION (44000)."""


class NotNullViolationError(IntegrityError):
    """A column must not be null (23502)."""


class ExclusionViolationError(IntegrityError):
    """A row conflicts with another under an EXCLUDE constraint (23P01)."""


class InvalidValueError(StatementError):
    """A value does not fit: out of range, not of the column's form, or with a NUL character (class 22).

    The errors of a text with a character that PostgreSQL can't hold (NUL, a lone surrogate, one that the database's
    encoding lacks) and of an infinite number or NaN have `messages` for the client, by the name of the column, or
    `_schema` if that is not known.
    """

    messages: dict[str, list[str]]

    @classmethod
    def of_text(cls, *, column: str | None = None, sqlstate: str | None = None) -> Self:
        """Make the error of a text with such a character."""
        place = "a text" if column is None else f"the text for the column {column!r}"
        made = cls(f"{place} has a character that PostgreSQL can't hold", column=column, sqlstate=sqlstate)
        made.messages = {column or "_schema": ["Has a character that can't be stored."]}
        return made

    @classmethod
    def of_number(cls, message: str | None = None, *, column: str | None = None, sqlstate: str | None = None) -> Self:
        """Make the error of a number that is infinite or none, where neither can be held."""
        place = "a number" if column is None else f"the number for the column {column!r}"
        made = cls(message or f"{place} is infinite or NaN, which it can't be", column=column, sqlstate=sqlstate)
        made.messages = {column or "_schema": ["Must be a finite number."]}
        return made

    def normalized_messages(self) -> dict[str, list[str]]:
        """Return `messages`, under the name that marshmallow has for it."""
        return self.messages


class SerializationError(StatementError):
    """The transaction got in the way of another one and may be tried again as a whole (40001)."""


class DeadlockError(SerializationError):
    """The transaction was chosen to end a deadlock and may be tried again as a whole (40P01)."""


class ReadOnlyError(StatementError):
    """Something was to be written in a read-only transaction, or on a server that is no longer the writer (25006)."""


class InsufficientPrivilegeError(StatementError):
    """The role may not do that, by its rights or by a policy of row-level security (42501)."""


class DiskFullError(StatementError):
    """The server's disk is full (53100)."""


class StatementTimeoutError(StatementError):
    """A statement ran longer, or waited for a lock longer, than it may (57014, 55P03), or there was no time for it."""


class StatementCancelledError(StatementTimeoutError):
    """Somebody cancelled the statement (57014)."""


class UnreadableRowError(DatabaseError):
    """A row has come that the entity can't be made of, or with a value that Python can't hold (a year beyond 9999).

    The statement itself was done. `written` tells whether it was a write outside of a transaction, so that its changes
    are there. `column` is the first one whose value can't be read, None if the entity's constructor has failed. `row`
    has the values, in the order of the columns; of dates, times and JSON the server's text. No value is in the message.
    """

    def __init__(self, message: str, *, column: str | None = None, row: Any = None, written: bool = False) -> None:
        super().__init__(message)
        self.column = column
        self.row = row
        self.written = written

    def note_write(self) -> None:
        """Say that the statement was a write, and is committed."""
        if not self.written:
            self.written = True
            self.args = (f"{self}; what the statement wrote is committed",)


class TransactionAbortedError(DatabaseError):
    """An error inside was swallowed and the transaction was rolled back, or a statement has ended it by itself."""


class StoreDefinitionError(DatabaseError, TypeError):
    """A Store class lacks something, or its entity can't be understood."""


class UnknownColumnError(DatabaseError, TypeError):
    """A column that the store does not declare; `column` and `table` name it."""

    def __init__(self, column: Any, *, table: str) -> None:
        super().__init__(f"{table!r} has no column {column!r}")
        self.column = column
        self.table = table


class TooManyRowsError(DatabaseError):
    """More rows match than are read without an explicit limit; `limit` is how many that are."""

    def __init__(self, *, table: str, limit: int) -> None:
        super().__init__(f"more than {limit} rows of {table!r} match: give a limit, or limit=None for all")
        self.table = table
        self.limit = limit


class RowNotFoundError(DatabaseError, LookupError):
    """No row of `table` has the `key` that was asked for."""

    def __init__(self, *, table: str, key: Any) -> None:
        super().__init__(f"{table!r} has no row with the key {key!r}")
        self.table = table
        self.key = key


class KeyNotUniqueError(DatabaseError):
    """More than one row has the key of a store; a write by such a key has changed nothing.

    `table` and `columns` name the key that the store declares, `key` has the values, None if it was met in a page.
    """

    def __init__(self, *, table: str, columns: tuple[str, ...], key: Any = None) -> None:
        found = "some rows have the same key" if key is None else f"several rows have the key {key!r}"
        super().__init__(f"{found} in {table!r}: {', '.join(columns)} is not unique, name all columns of the key")
        self.table = table
        self.columns = columns
        self.key = key


class StaleRowError(DatabaseError):
    """The row of `key` in `table` was changed meanwhile: it has another version than `version`."""

    def __init__(self, *, table: str, key: Any, version: Any) -> None:
        super().__init__(f"the row of {table!r} with the key {key!r} was changed: its version is no longer {version!r}")
        self.table = table
        self.key = key
        self.version = version


class TransactionRequiredError(DatabaseError):
    """The call has no meaning outside of a transaction, and none is open."""


class InvalidCursorError(DatabaseError, ValueError):
    """A cursor that was altered, or comes from another table, order, filter or key. `messages` are for the client."""

    messages: ClassVar[dict[str, list[str]]] = {"after": ["Not a valid cursor."]}

    def normalized_messages(self) -> dict[str, list[str]]:
        """Return `messages`, under the name that marshmallow has for it."""
        return self.messages


class InvalidLimitError(DatabaseError, ValueError):
    """A limit that is no number of rows, or more than `most`. `messages` are for the client."""

    def __init__(self, limit: Any, *, least: int, most: int | None = None) -> None:
        self.range = f"at least {least}" if most is None else f"from {least} to {most}"
        super().__init__(f"limit has to be a number of rows, {self.range}, not {limit!r}")
        self.limit = limit

    @property
    def messages(self) -> dict[str, list[str]]:
        """What is wrong, by the name of the parameter."""
        return {"limit": [f"Must be {self.range}."]}

    def normalized_messages(self) -> dict[str, list[str]]:
        """Return `messages`, under the name that marshmallow has for it."""
        return self.messages


def _restored(kind: type[DatabaseError], args: tuple[Any, ...]) -> DatabaseError:
    """Return an error that was pickled or copied, without its attributes."""
    return kind.__new__(kind, *args)
