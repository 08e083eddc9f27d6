"""Nothing is waited for longer than there is time."""

# What is expected to fail here is a whole block, not one statement.
# ruff: noqa: PT012

import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit_core import invocation
from kit_db import (
    CommitUnknownError,
    Database,
    DatabaseConnectionError,
    NoAnswerError,
    StatementError,
    StatementTimeoutError,
    transactional,
)

PID = "select pg_backend_pid() as pid"
ADD = "insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)"


class HungError(BaseException):
    """A test waits for something that does not come; nothing catches it on its way."""


@pytest.fixture(autouse=True)
def watchdog():
    """Ends a test that waits for ever, or for the minute that its settings would allow."""

    def end(*_):
        raise HungError

    previous = signal.signal(signal.SIGALRM, end)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


@pytest.fixture
def frozen(postgres_server):
    """Stops the server's process of a connection, which then neither answers nor goes away."""
    if getattr(postgres_server, "external", False):
        pytest.skip("the server belongs to somebody else")
    stopped = []

    def freeze(database):
        pid = database.execute(PID)[0]["pid"]
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)

    yield freeze
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)


def test_a_statement_ends_when_the_time_does(database, remaining_ms):
    remaining_ms(700)
    with pytest.raises(StatementTimeoutError) as caught:
        database.execute("select pg_sleep(30)")
    assert caught.value.sqlstate == "57014"
    remaining_ms(None)
    assert database.execute("select 1 as one") == [{"one": 1}]


def test_a_statement_has_its_own_bound(postgres_url):
    database = Database.from_url(postgres_url, statement_timeout=0.1)
    with pytest.raises(StatementTimeoutError):
        database.execute("select pg_sleep(30)")
    with pytest.raises(StatementTimeoutError), database.transaction():
        database.execute("select pg_sleep(30)")
    database.close()


def test_a_lock_is_waited_for_no_longer_than_it_may_be(postgres_url, database):
    database.execute(ADD)
    impatient = Database.from_url(postgres_url, lock_timeout=0.1)
    with database.transaction():
        database.execute("update loans set term = 2")
        with pytest.raises(StatementTimeoutError) as caught:
            impatient.execute("update loans set term = 3")
    assert caught.value.sqlstate == "55P03"
    impatient.close()


def test_without_time_nothing_is_sent(database, remaining_ms):
    remaining_ms(400)
    with pytest.raises(StatementTimeoutError, match="no time left"):
        database.execute(ADD)
    with pytest.raises(StatementTimeoutError, match="no time left"), database.transaction():
        database.execute(ADD)
    remaining_ms(None)
    assert database.execute("select count(*) from loans") == [{"count": 0}]


def test_what_was_done_is_committed_even_when_the_time_is_over(database, remaining_ms):
    with database.transaction():
        database.execute(ADD)
        remaining_ms(1)
    remaining_ms(None)
    assert database.execute("select count(*) from loans") == [{"count": 1}]


def test_an_invocation_without_a_context_bounds_nothing(database):
    with invocation.enter({"id": "e-1"}):
        assert database.execute("show statement_timeout") == [{"statement_timeout": "0"}]


def test_a_thread_has_the_time_of_its_own_record(database):
    """As the records of a batch under `@job(concurrency=…)`."""

    def ask(milliseconds):
        with invocation.enter(remaining_ms=milliseconds):
            return database.execute("select current_setting('statement_timeout') <> '0' as bounded")[0]["bounded"]

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(ask, [60_000, None])) == [True, False]


def test_a_server_that_is_frozen_is_left(database, frozen, remaining_ms):
    frozen(database)
    remaining_ms(800)
    with pytest.raises(NoAnswerError) as caught:
        database.execute(ADD)
    assert caught.value.transient
    remaining_ms(None)
    assert database._idle == []
    assert database.execute("select 1 as one") == [{"one": 1}]


def test_a_repeatable_statement_is_not_waited_for_twice(database, frozen, remaining_ms):
    frozen(database)
    remaining_ms(800)
    with pytest.raises(NoAnswerError):
        database.execute("select 1", repeatable=True)


def test_the_first_statement_of_a_transaction_is_not_sent_again_without_an_answer(wire, frozen):
    database = Database.from_url(wire.url, statement_timeout=0.2)
    frozen(database)
    wire.clear()
    with pytest.raises(NoAnswerError), database.transaction():
        database.execute(ADD)
    assert len([query for query in wire.queries if ADD in query]) == 1
    database.close()


def test_a_server_that_freezes_inside_of_a_transaction(database, frozen, remaining_ms):
    remaining_ms(900)
    with pytest.raises(NoAnswerError), database.transaction():
        frozen(database)
        database.execute(ADD)


def test_a_server_that_freezes_before_the_commit(database, frozen, remaining_ms):
    remaining_ms(800)
    with pytest.raises(CommitUnknownError), database.transaction():
        database.execute(ADD)
        frozen(database)


def test_a_server_that_freezes_before_the_rollback_hides_no_exception(database, frozen, remaining_ms):
    remaining_ms(800)
    with pytest.raises(LookupError), database.transaction():
        frozen(database)
        raise LookupError


def test_a_connection_that_rested_is_not_asked_for_ever(postgres_url, frozen):
    database = Database.from_url(postgres_url, idle_check=0, connect_timeout=0.2)
    frozen(database)
    assert database.execute("select 1 as one") == [{"one": 1}]
    database.close()


@pytest.fixture
def silent():
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_connecting_has_an_end(silent):
    database = Database.from_url(f"postgresql://u:p@127.0.0.1:{silent}/n", connect_timeout=0.2, connect_wait=0)
    with pytest.raises(DatabaseConnectionError, match="timed out") as caught:
        database.execute("select 1")
    assert caught.value.transient


def test_connecting_ends_with_the_time(silent, remaining_ms):
    database = Database.from_url(f"postgresql://u:p@127.0.0.1:{silent}/n", connect_timeout=60, connect_wait=60)
    remaining_ms(800)
    with pytest.raises(DatabaseConnectionError):
        database.execute("select 1")


SILENT_RESOLVER = """
import fcntl, socket, struct
from kit_db import Database, DatabaseConnectionError

resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(resolver, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS: the loopback interface is up
resolver.bind(("127.0.0.1", 53))
options = {"password": "p", "sslmode": "disable", "connect_timeout": 0.3, "connect_wait": 0}
database = Database("u", "database.example.com", name="n", **options)
try:
    database.execute("select 1")
except DatabaseConnectionError as error:
    print(f"{error}, asked: {b'database' in resolver.recv(512)}")
"""


def test_looking_up_a_name_has_an_end(apart, tmp_path):
    settings = tmp_path / "resolv.conf"
    settings.write_text("nameserver 127.0.0.1\noptions timeout:15 attempts:1\n")
    said = apart({settings: "/etc/resolv.conf"}, SILENT_RESOLVER, network=False)
    assert said == "can't connect to 'database.example.com':5432: timed out, asked: True\n"


def test_trying_again_ends_with_the_time(database, remaining_ms):
    calls = []

    @transactional(retry=1000)
    def always_in_the_way():
        calls.append(1)
        database.execute("do $$ begin raise serialization_failure; end $$")

    remaining_ms(700)
    with pytest.raises(StatementError, match=r"serialization|no time"):
        always_in_the_way()
    assert len(calls) > 1


def test_an_answer_that_goes_on_streaming_has_an_end(postgres_url):
    database = Database.from_url(postgres_url, proxy=True, statement_timeout=0.2)
    with pytest.raises(NoAnswerError):
        database.execute("select repeat('x', 1000) from generate_series(1, 3000000)")
    assert database.execute("select 1 as one") == [{"one": 1}]
    database.close()


def test_a_resting_connection_is_asked_no_longer_than_there_is_time(postgres_url, frozen, remaining_ms):
    database = Database.from_url(postgres_url, idle_check=0, connect_timeout=30)
    frozen(database)
    remaining_ms(2500)
    assert database.execute("select 1 as one") == [{"one": 1}]
    database.close()


@pytest.fixture
def bounded(postgres_url, database):
    """The same database, its statements bounded."""
    made = Database.from_url(postgres_url, statement_timeout=5, lock_timeout=3)
    yield made
    made.close()


@pytest.mark.parametrize(
    "call", ["call commits()", " CALL commits()", "do $$ begin insert into done values (1); commit; end $$"]
)
def test_a_procedure_may_commit_and_is_bounded(bounded, database, call):
    database.execute("create table done (timeout text)")
    database.execute(
        "create procedure commits() language plpgsql as $$ begin "
        "insert into done values (current_setting('statement_timeout')); commit; "
        "insert into done values (current_setting('lock_timeout')); commit; end $$"
    )
    bounded.execute(call)
    assert bounded.execute("show statement_timeout") == [{"statement_timeout": "5s"}]
    assert database.execute("show statement_timeout") == [{"statement_timeout": "0"}]
    kept = [row["timeout"] for row in database.execute("select timeout from done order by 1")]
    assert kept == (["1"] if "do" in call else ["3s", "5s"])


def test_a_procedure_that_takes_too_long_is_ended_by_the_server(postgres_url, database):
    database.execute("create procedure sleeps() language plpgsql as $$ begin commit; perform pg_sleep(30); end $$")
    bounded = Database.from_url(postgres_url, statement_timeout=0.2)
    with pytest.raises(StatementTimeoutError) as caught:
        bounded.execute("call sleeps()")
    assert caught.value.sqlstate == "57014"
    bounded.close()


def test_a_query_that_commits_by_itself_is_not_sent_again(postgres_url, database):
    bounded = Database.from_url(postgres_url, statement_timeout=5)
    with pytest.raises(StatementError):
        bounded.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1); commit; vacuum loans")
    assert database.execute("select count(*) from loans") == [{"count": 1}]
    bounded.close()
