"""Tests whose changes are rolled back: the part of a test's surroundings that only kit-db can do.

kit-testing makes servers, databases and their templates. Its `postgres_connection` cannot be handed to a `Database`,
which opens a connection per thread and turns statements into transactions by itself; `rolled_back` works inside it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from kit_db.database import Database
from kit_db.defaults import default_database, set_default_database
from kit_db.transaction import Transaction

__all__ = ["as_default", "rolled_back"]


@contextmanager
def rolled_back(database: Database | None = None) -> Iterator[Database]:
    """Make a `with` block one transaction of the database that is rolled back at its end.

    Transactions inside become savepoints of it, and so does each single statement: it may fail without ending the
    test. Callbacks of `after_commit` run when such a transaction ends well. All threads and tasks work on one
    connection and have to take turns. Isolation levels and `read_only` have no effect inside, and constraints that are
    deferred to the commit are not checked. The default database is meant if none is given.

    Example:
        with rolled_back(database):
            database.execute("delete from loans")
    """
    chosen = default_database() if database is None else database
    if chosen.in_transaction or chosen._rehearsal is not None:
        raise ValueError("the database has a transaction open already")
    chosen._rehearsal = Transaction(chosen)
    try:
        yield chosen
    finally:
        rehearsal, chosen._rehearsal = chosen._rehearsal, None
        rehearsal.finish()


@contextmanager
def as_default(database: Database) -> Iterator[Database]:
    """Make a database the default one for a `with` block."""
    previous = set_default_database(database)
    try:
        yield database
    finally:
        set_default_database(previous)
