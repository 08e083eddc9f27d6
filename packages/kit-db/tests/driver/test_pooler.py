"""Behind pgbouncer in transaction mode: nothing of ours is left on a connection that goes on to somebody else."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from kit_db import Database, DatabaseConnectionError, NoAnswerError, StatementError, Store

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SETTINGS = (
    "statement_timeout",
    "lock_timeout",
    "intervalstyle",
    "search_path",
    "datestyle",
    "default_transaction_isolation",
)

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no pgbouncer")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def pooled(postgres_url: str) -> Iterator[str]:
    """The URL of a pgbouncer in transaction mode, with one connection to the database for all of its clients."""
    parts = urlsplit(postgres_url)
    name, port = parts.path[1:], free_port()
    with tempfile.TemporaryDirectory(prefix="kit-db-") as folder:
        place = Path(folder)
        (place / "users").write_text(f'"{parts.username}" "{parts.password}"\n')
        (place / "ini").write_text(
            f"[databases]\n{name} = host={parts.hostname} port={parts.port} dbname={name}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = plain\n"
            f"auth_file = {place / 'users'}\npool_mode = transaction\ndefault_pool_size = 1\nunix_socket_dir =\n"
            f"logfile = {place / 'log'}\nquery_wait_timeout = 2\n"
        )
        account: list[str] = []
        if os.geteuid() == 0:  # which pgbouncer refuses to be
            nobody = pwd.getpwnam("nobody")
            for each in (place, *place.iterdir()):
                os.chown(each, nobody.pw_uid, nobody.pw_gid)
            account = ["-u", "nobody"]
        assert PROGRAM is not None
        running = subprocess.Popen([PROGRAM, "-q", *account, str(place / "ini")], stderr=subprocess.DEVNULL)
        try:
            wait_for(port, running)
            yield urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}"))
        finally:
            running.send_signal(signal.SIGINT)
            running.wait()


def wait_for(port: int, running: "subprocess.Popen[bytes]") -> None:
    """Wait until the pooler takes connections."""
    deadline = time.monotonic() + 30
    while running.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.01)
    raise AssertionError(f"pgbouncer did not start: {running.poll()}")


def settings(database: Database) -> dict[str, str]:
    """Return the settings of the one connection, as the next client gets it."""
    return {name: database.execute(f"show {name}")[0].popitem()[1] for name in SETTINGS}


@dataclass
class Row:
    id: int
    span: timedelta | None = None


class Rows(Store[Row]):
    entity = Row
    table = "pooled_rows"


@pytest.fixture
def table(database: Database) -> None:
    database.execute("create table pooled_rows (id int primary key, span interval)")
    database.execute(
        "create procedure adds() language plpgsql as $$ begin insert into pooled_rows values (9); commit; end $$"
    )


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("proxy", [False, True])
def test_no_setting_is_left_behind(pooled, remaining_ms, proxy):
    options = {} if proxy else {"lock_timeout": 3}
    with contextlib.closing(Database.from_url(pooled, proxy=True)) as stranger:
        before = settings(stranger)
        with contextlib.closing(Database.from_url(pooled, proxy=proxy, statement_timeout=5, **options)) as database:
            remaining_ms(20_000)
            rows = Rows(database)
            rows.add(Row(1, timedelta(days=-1, hours=1)))
            assert rows.get(1).span == timedelta(days=-1, hours=1)
            with database.transaction(isolation="serializable"):
                rows.update(1, {"span": None})
                if not proxy:
                    rows.lock(1, wait=2)
                with database.transaction():
                    rows.find(1)
            with pytest.raises(StatementError), database.transaction():
                database.execute("selec 1")
            for alone in ("vacuum pooled_rows", "call adds()", "do $$ begin perform 1; commit; end $$"):
                database.execute(alone)
            assert database.execute("select count(*) from pooled_rows") == [{"count": 2}]
        remaining_ms(None)
        assert settings(stranger) == before


@pytest.mark.usefixtures("table")
def test_a_statement_alone_is_bounded_all_the_same(pooled, database):
    with contextlib.closing(Database.from_url(pooled, statement_timeout=0.3)) as bounded, database.transaction():
        database.execute("lock table pooled_rows")
        with pytest.raises(NoAnswerError):
            bounded.execute("call adds()")
    with contextlib.closing(Database.from_url(pooled)) as other:
        assert other.execute("show statement_timeout") == [{"statement_timeout": "0"}]


@pytest.mark.usefixtures("table")
def test_clients_take_turns_on_the_one_connection(pooled):
    with contextlib.closing(Database.from_url(pooled)) as database:
        rows = Rows(database)

        def work(at: int) -> None:
            for number in range(10):
                with database.transaction():
                    rows.add(Row(at * 10 + number))
                    rows.update(at * 10 + number, {"span": timedelta(hours=at)})

        threads = [threading.Thread(target=work, args=[at]) for at in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert rows.count() == 40


@pytest.mark.usefixtures("table")
def test_a_pooler_that_has_no_connection_to_give_is_an_error_of_the_connection(pooled):
    with contextlib.closing(Database.from_url(pooled)) as holder, contextlib.closing(Database.from_url(pooled)) as late:
        with holder.transaction():
            holder.execute("select 1")
            with pytest.raises(DatabaseConnectionError):
                late.execute("select 1")
        assert late.execute("select 1 as one") == [{"one": 1}]
