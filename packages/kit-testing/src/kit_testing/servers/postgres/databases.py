"""A database of its own for each test, on one server for all tests."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kit_testing.errors import ServerError
from kit_testing.servers.postgres.migrations import apply_migrations
from kit_testing.servers.postgres.server import Postgres

log = logging.getLogger("kit.testing")

if TYPE_CHECKING:
    from psycopg2.extensions import connection

# DROP DATABASE WITH (FORCE) looks every 100 ms whether all have gone, the first time before a backend can have noticed
# that its client left. This one looks every millisecond; connections that are left after a second are FORCE's own.
_LEAVE = """
do $$ begin
    perform pg_terminate_backend(pid) from pg_stat_activity where datname = '{0}' and usename = '{1}';
    for attempt in 1 .. 1000 loop
        perform pg_stat_clear_snapshot();
        exit when not exists (select from pg_stat_activity where datname = '{0}');
        perform pg_sleep(0.001);
    end loop;
end $$
"""


class Databases:
    """Make and drop databases that are copies of one template.

    server: a server that runs, for a superuser
    prepare: fills the template once: a folder of SQL files (see `apply_migrations`), or a callable that gets the URL of
    the empty template; it must close its connections. None leaves the template empty.

    Each database belongs to a user of its own who is no superuser. The names have a random part, since several test
    runs may share one server (`KIT_PG_URL`).

    Example:
        with Postgres() as server, closing(Databases(server, Path("migrations"))) as databases:
            with databases.fresh() as url:
                connection = psycopg2.connect(url)
    """

    def __init__(self, server: Postgres, prepare: "Path | Callable[[str], object] | None" = None) -> None:
        if not (prepare is None or isinstance(prepare, Path) or callable(prepare)):
            raise TypeError(f"prepare is a Path or a callable that gets a URL, not {prepare!r}")
        self._server = server
        self._user = f"kit_test_{secrets.token_hex(6)}"
        self._password = secrets.token_urlsafe(12)
        self._made = 0
        self._connection: connection | None = None
        template = self._name("template")
        server.ensure_database(template, self._user, self._password)
        self._template = template
        try:
            self._fill(prepare, server.url_for(template, self._user, self._password))
        except BaseException:
            self.close()
            raise

    def _fill(self, prepare: "Path | Callable[[str], object] | None", url: str) -> None:
        if isinstance(prepare, Path):
            apply_migrations(url, prepare)
        elif prepare is not None:
            prepare(url)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give a `with` block the URL of a new database; it is dropped at its end, with every connection to it."""
        self._made += 1
        name = self._name(str(self._made))
        self._run(f"create database {name} template {self._template} owner {self._user}")
        try:
            yield self._server.url_for(name, self._user, self._password)
        finally:
            self._run(_LEAVE.format(name, self._user))
            self._run(f"drop database if exists {name} with (force)")

    def close(self) -> None:
        """Close the connection; on a server of `KIT_PG_URL`, drop the template and the user before."""
        import psycopg2

        try:
            if self._server.external:
                self._run(f"drop database if exists {self._template} with (force)")
                self._run(f"drop role if exists {self._user}")
        except psycopg2.Error as error:
            log.warning("%s is left on the server: %s", self._user, str(error).strip())
        finally:
            if self._connection is not None:
                self._connection.close()

    def _name(self, suffix: str) -> str:
        return f"{self._user}_{suffix}"

    def _run(self, statement: str) -> None:
        import psycopg2

        for attempt in (1, 2):
            if self._connection is None:
                self._server.start()  # a test may have killed it
                self._connection = self._server.connect()
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute(statement)
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                # The connection broke since the last test: the server was killed or stopped.
                self._connection.close()
                self._connection = None
                if attempt == 2:
                    raise ServerError(f"{self._server.title} does not answer") from error
            else:
                return
