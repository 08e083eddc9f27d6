"""A warm function's database while servers are restarted, killed, frozen, full and moved: waiting is bounded, errors
have their type, nothing happens twice, and no reported commit is lost.

kit-db's own tests have the same for one connection (test_database.py, test_deadline.py, test_rotation.py).
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kit_db import (
    CommitUnknownError,
    Database,
    DatabaseConnectionError,
    DiskFullError,
    NoAnswerError,
    transactional,
)
from kit_testing.servers import Postgres
from kit_testing.servers.process import children

FAULTS = Path(__file__).parent / "faults"
ADD = "insert into facts values (%s)"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that is ours to hurt."""
    with Postgres() as made:
        if made.external:
            pytest.skip("the server belongs to somebody else")
        made.ensure_database("faults", "faults", "faults")
        yield made


@pytest.fixture
def url(server: Postgres) -> str:
    server.start()
    made = server.url_for("faults", "faults", "faults")
    database = Database.from_url(made)
    database.execute("drop table if exists facts; create table facts (n int primary key)")
    database.close()
    return made


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A warm database."""
    made = Database.from_url(url, connect_wait=30, statement_timeout=0.5)
    made.execute("select 1")
    yield made
    made.close()


@pytest.fixture
def facts(server: Postgres, url: str) -> Callable[[], list[int]]:
    def read() -> list[int]:
        server.start()
        database = Database.from_url(url, connect_wait=30)
        rows = database.run("select n from facts order by n").rows
        database.close()
        return [row[0] for row in rows]

    return read


@contextmanager
def frozen(server: Postgres) -> Iterator[None]:
    """Stop every process of the server, as a machine does that hangs: the kernel still acknowledges what is sent."""
    assert server.pid is not None
    # The parent is stopped first and goes on last: until then none is begun, and none that ended loses its id.
    os.kill(server.pid, signal.SIGSTOP)
    processes = children(server.pid)
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in (*processes, server.pid):
            os.kill(pid, signal.SIGCONT)


def restart(server: Postgres) -> None:
    server.stop()
    server.start()


def crash(server: Postgres) -> None:
    server.kill()
    server.start()


@pytest.mark.parametrize("end", [restart, crash])
def test_a_restart_between_units_is_not_noticed(server, database, facts, end):
    database.execute(ADD, [1])
    end(server)
    database.execute(ADD, [2])
    end(server)
    with database.transaction():
        database.execute(ADD, [3])
        database.execute(ADD, [4])
    assert facts() == [1, 2, 3, 4]


@pytest.mark.parametrize("end", [restart, crash])
def test_a_restart_inside_of_a_transaction_undoes_all_of_it(server, database, facts, end):
    with pytest.raises(DatabaseConnectionError) as caught, database.transaction():  # noqa: PT012
        database.execute(ADD, [1])
        end(server)
        database.execute(ADD, [2])
    assert not isinstance(caught.value, CommitUnknownError)
    assert facts() == []
    database.execute(ADD, [3])
    assert facts() == [3]


@pytest.mark.parametrize("end", [restart, crash])
def test_a_restart_before_the_commit_is_never_reported_as_done(server, database, facts, end):
    with pytest.raises(CommitUnknownError), database.transaction():  # noqa: PT012
        database.execute(ADD, [1])
        end(server)
    assert facts() == []


def test_a_function_that_wakes_up_while_the_server_is_starting_waits(server, database, facts):
    server.kill()
    starting = threading.Timer(0.5, server.start)
    starting.start()
    database.execute(ADD, [1])
    starting.join()
    assert facts() == [1]


def test_a_server_that_is_frozen_for_longer_than_the_timeout(server, url, database, facts):
    other = Database.from_url(url, statement_timeout=0.5)
    other.execute("select 1")
    begun = time.monotonic()
    with frozen(server):
        with pytest.raises(NoAnswerError):
            database.execute(ADD, [1])
        with pytest.raises(NoAnswerError), other.transaction():
            other.execute(ADD, [3])
        assert time.monotonic() - begun < 5
    # The first was a unit of its own that had reached the server: it may be done, but not twice.
    assert facts() in ([], [1])
    database.execute(ADD, [2])
    assert 2 in facts()
    assert 3 not in facts(), "its transaction was never committed"


def test_connecting_to_a_frozen_server_has_an_end(server, url):
    database = Database.from_url(url, connect_timeout=0.3, connect_wait=0.5)
    begun = time.monotonic()
    with frozen(server), pytest.raises(DatabaseConnectionError, match="timed out"):
        database.execute("select 1")
    assert time.monotonic() - begun < 3


def test_a_commit_that_a_frozen_server_does_not_answer_is_unknown_and_settled_by_the_server(server, database, facts):
    with pytest.raises(CommitUnknownError), database.transaction():  # noqa: PT012
        database.execute(ADD, [1])
        pause = frozen(server)
        pause.__enter__()
    pause.__exit__(None, None, None)
    database.execute(ADD, [2])
    assert facts() in ([2], [1, 2])


def test_the_host_changes_while_warm(server, url, monkeypatch):
    """DB_ENDPOINT and DB_PORT lead elsewhere after the old server has gone: a switch to another instance."""
    with Postgres() as other:
        other.ensure_database("faults", "faults", "faults")
        for name, value in {"USER": "faults", "PASSWORD": "faults", "NAME": "faults", "ENDPOINT": server.host}.items():
            monkeypatch.setenv(f"DB_{name}", value)
        monkeypatch.setenv("DB_PORT", str(server.port))
        database = Database(connect_wait=5)
        database.execute(ADD, [1])
        other.stop()
        moving = threading.Timer(0.3, lambda: (other.start(), monkeypatch.setenv("DB_PORT", str(other.port))))
        server.kill()
        moving.start()
        assert database.execute("select to_regclass('facts') as here", repeatable=True) == [{"here": None}]
        moving.join()
        database.close()
    server.start()


def test_a_full_disk_is_an_error_of_its_own_and_undoes_the_transaction(database, facts):
    database.execute(
        "create or replace function full_disk() returns trigger language plpgsql as "
        "$$ begin if new.n = 3 then raise disk_full; end if; return new; end $$;"
        "create trigger full_disk before insert on facts for each row execute function full_disk()"
    )
    with pytest.raises(DiskFullError) as caught, database.transaction():  # noqa: PT012
        for number in (1, 2, 3):
            database.execute(ADD, [number])
    assert caught.value.sqlstate == "53100"
    assert facts() == []
    database.execute(ADD, [4])
    assert facts() == [4]


def test_a_session_of_a_server_that_is_no_longer_the_writer_is_left(database, facts):
    pid = database.execute("select pg_backend_pid() as pid")[0]["pid"]
    database.execute("set default_transaction_read_only = on")

    @transactional(database=database)
    def work():
        database.execute(ADD, [1])
        database.execute(ADD, [2])

    work()
    assert facts() == [1, 2]
    assert database.execute("select pg_backend_pid() as pid")[0]["pid"] != pid


def test_ten_thousand_transfers_under_kills(capsys):
    done = subprocess.run(
        [sys.executable, FAULTS / "db_transfers.py"], capture_output=True, text=True, timeout=300, check=False
    )
    with capsys.disabled():
        print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["reported committed"] == 10_000
    assert found["of these lost"] == 0
    assert found["killed"]["servers"] == 6
    assert found["killed"]["connections"] > 20
    assert found["unknown"] + sum(found["reported failed"].values()) > 10, "the kills have hit something"
