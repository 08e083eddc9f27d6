"""A database of its own for each test, on one server for all."""

import contextlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from kit_local.errors import StoreError
from kit_local.stores import Postgres, Redis

log = logging.getLogger("kit.local")

if TYPE_CHECKING:
    from psycopg2.extensions import connection

# DROP DATABASE WITH (FORCE) looks every 100 ms whether all have gone, the first time before a backend can have noticed
# that its client left. This one looks every millisecond; whom it leaves after a second is ended by FORCE itself.
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
    """Makes and drops databases that are copies of one template.

    The template is migrated once, with the SQL files of `migrations`. The names carry a random part, since several
    test runs may share one server (`KIT_PG_URL`).
    """

    def __init__(self, server: Postgres, migrations: Path | None = None) -> None:
        self._server = server
        self._user = f"kit_test_{secrets.token_hex(6)}"
        self._password = secrets.token_urlsafe(12)
        self._made = 0
        self._connection: connection | None = None
        template = self._name("template")
        server.ensure_database(template, self._user, self._password)
        self._template = template
        if migrations is not None:
            from kit_local.migrations import apply

            apply(server.url_for(template, self._user, self._password), migrations)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give the URL of a new database; it is dropped afterwards, with every connection to it."""
        self._made += 1
        name = self._name(str(self._made))
        self._run(f"create database {name} template {self._template} owner {self._user}")
        try:
            yield self._server.url_for(name, self._user, self._password)
        finally:
            self._run(_LEAVE.format(name, self._user))
            self._run(f"drop database if exists {name} with (force)")

    def close(self) -> None:
        """Close the connection; on somebody else's server, drop the template and the user before."""
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
                    raise StoreError(f"{self._server.title} does not answer") from error
            else:
                return


@contextmanager
def empty_redis(server: Redis) -> Iterator[str | None]:
    """Give the URL of an empty Redis database, emptied again afterwards; None when there is none.

    A server of our own is emptied as a whole. On somebody else's only a database is used that holds nothing: the
    one that its URL names, or another.
    """
    if not server.external:
        server.start()  # a test may have killed it
        _ask(server.url, "FLUSHALL")
        yield server.url
        return
    parts = urlsplit(server.url)
    candidates = [server.url, *(urlunsplit(parts._replace(path=f"/{index}")) for index in range(15, -1, -1))]
    url = next((candidate for candidate in candidates if _ask(candidate, "DBSIZE") == 0), None)
    yield url
    if url is not None:
        _ask(url, "FLUSHDB")


def _ask(url: str, command: str) -> object:
    import redis

    with contextlib.closing(redis.Redis.from_url(url)) as client:
        answer: object = client.execute_command(command)  # type: ignore[no-untyped-call]
        return answer
