"""Tests that leave nothing behind: a transaction that is rolled back, or a database of its own."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kit_db.database import Database
from kit_db.defaults import default_database, set_default_database
from kit_db.transaction import Transaction

__all__ = ["Template", "as_default", "rolled_back"]

# DROP DATABASE WITH (FORCE) looks every 100 ms whether all have gone, the first time before a backend can have noticed
# that its client left. This one looks every millisecond; whom it leaves after a second is ended by FORCE itself.
_LEAVE = """
do $$ begin
    perform pg_terminate_backend(pid) from pg_stat_activity where datname = '{0}' and usename = current_user;
    for attempt in 1 .. 1000 loop
        perform pg_stat_clear_snapshot();
        exit when not exists (select from pg_stat_activity where datname = '{0}');
        perform pg_sleep(0.001);
    end loop;
end $$
"""


@contextmanager
def rolled_back(database: Database | None = None) -> Iterator[Database]:
    """Make a `with` block a transaction of the database that is rolled back at its end, whatever is done inside.

    What would be a transaction of its own is a savepoint of that one, and a statement alone is one too, so it can fail
    without ending the test; callbacks of `after_commit` run when such a transaction ends well. All threads and tasks
    work on the one connection, so they have to take turns. Isolation levels and `read_only` have no effect inside,
    and constraints that are deferred to the commit are not checked.
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


class Template:
    """A database that is prepared once and copied for each test, in a fraction of what its migrations take.

    `url` leads to any database of a server, for a user that may create databases; kit-local's fixture `postgres_url`
    gives one. `prepare` is called with a Database that it may fill; None leaves the template empty. Use it as a `with`
    block, or call `close`.
    """

    def __init__(self, url: str, prepare: Callable[[Database], object] | None = None) -> None:
        if prepare is not None and not callable(prepare):
            raise TypeError(f"prepare is what to call with the database, not a {type(prepare).__qualname__}")
        self._url = url
        self._admin = Database.from_url(url)
        self._name = f"kit_db_{secrets.token_hex(6)}"
        self._copies = 0
        self._run("CREATE DATABASE", self._name)
        try:
            with self._connected(self._name) as database:
                if prepare is not None:
                    prepare(database)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def copy(self) -> Iterator[Database]:
        """Give a `with` block a database of its own; it is dropped at its end, with whoever is connected to it."""
        self._copies += 1
        name = f"{self._name}_{self._copies}"
        self._run("CREATE DATABASE", name, f'TEMPLATE "{self._name}"')
        try:
            with self._connected(name) as database:
                yield database
        finally:
            self._drop(name)

    def close(self) -> None:
        """Drop the template."""
        self._drop(self._name)
        self._admin.close()

    def __enter__(self) -> "Template":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _drop(self, name: str) -> None:
        self._admin.execute(_LEAVE.format(name))
        self._run("DROP DATABASE IF EXISTS", name, "WITH (FORCE)")

    def _run(self, verb: str, name: str, options: str = "") -> None:
        self._admin.execute(f'{verb} "{name}" {options}')

    @contextmanager
    def _connected(self, name: str) -> Iterator[Database]:
        database = Database.from_url(self._url, name=name)
        try:
            yield database
        finally:
            database.close()
