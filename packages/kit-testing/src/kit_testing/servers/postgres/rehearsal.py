"""A connection whose commits are savepoints, so that a test leaves nothing behind."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kit_testing.errors import require

if TYPE_CHECKING:
    from psycopg2.extensions import connection


class Rehearsals:
    """Lend one psycopg2 connection to a test after the other, and roll back the changes of each.

    `commit()` of the connection checks deferred constraints and sets a savepoint, `rollback()` goes back to the last
    one, and `with connection:` uses these. Its autocommit and isolation level cannot be set.
    """

    def __init__(self, url: str) -> None:
        require("psycopg2", extra="postgres")
        self._url = url
        self._connection: connection | None = None

    @contextmanager
    def lend(self) -> "Iterator[connection]":
        """Lend a `with` block the connection, a new one if the last borrower has closed it or the server has ended."""
        connection = self._begin()
        try:
            yield connection
        finally:
            self._undo(connection)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def _begin(self) -> "connection":
        import psycopg2

        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.commit()
                return self._connection
        self._connection = psycopg2.connect(self._url, connection_factory=_factory())
        self._connection.commit()
        return self._connection

    def _undo(self, connection: "connection") -> None:
        """Roll everything back, settings and temporary tables included."""
        import psycopg2
        from psycopg2 import extensions

        try:
            extensions.connection.rollback(connection)
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("discard all")
            connection.autocommit = False
            connection.cursor_factory = extensions.cursor
        except psycopg2.Error:
            connection.close()


def _factory() -> "type[connection]":
    import psycopg2
    from psycopg2 import extensions

    class Rehearsal(extensions.connection):
        def commit(self) -> None:
            try:
                # Undone at once, so that constraints that are immediate by default stay so.
                self._run("savepoint kit_check", "set constraints all immediate", "rollback to savepoint kit_check")
            except psycopg2.Error:
                self.rollback()
                raise
            self._run("release savepoint kit_check", "savepoint kit_commit")

        def rollback(self) -> None:
            self._run("rollback to savepoint kit_commit")

        def _run(self, *statements: str) -> None:
            with self.cursor(cursor_factory=extensions.cursor) as cursor:
                for statement in statements:
                    cursor.execute(statement)

    return Rehearsal
