"""A connection whose commits are savepoints, so that a test leaves nothing behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection


@contextmanager
def rehearsal(url: str) -> "Iterator[connection]":
    """Give a `with` block a psycopg2 connection, and roll everything back at its end.

    `commit()` checks deferred constraints and sets a savepoint, `rollback()` goes back to the last one, and `with
    connection:` uses these. autocommit and the isolation level cannot be set.
    """
    import psycopg2
    from psycopg2.extensions import connection

    class Rehearsal(connection):
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
            with self.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    opened = psycopg2.connect(url, connection_factory=Rehearsal)
    try:
        opened.commit()
        yield opened
    finally:
        opened.close()
