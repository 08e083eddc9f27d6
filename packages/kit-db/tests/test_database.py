import contextlib
import copy
import logging
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from kit_db import (
    Database,
    DatabaseConnectionError,
    DatabaseCredentialError,
    DatabaseError,
    ReadOnlyError,
    TransactionAbortedError,
)

PID = "select pg_backend_pid() as pid"


def pid_of(database):
    return database.execute(PID)[0]["pid"]


@pytest.fixture
def killable(postgres_server):
    if getattr(postgres_server, "external", False):
        pytest.skip("the server belongs to somebody else")
    yield postgres_server
    postgres_server.start()


def test_execute_returns_rows_as_dicts(database):
    assert database.execute("select 1 as one, %s as two", ["b"]) == [{"one": 1, "two": "b"}]
    assert database.execute("select %(x)s::int as x", {"x": 3}) == [{"x": 3}]
    assert database.execute("update loans set term = 1") == []


def test_one_connection_is_kept_warm(database):
    assert pid_of(database) == pid_of(database)


def test_nothing_happens_before_the_first_use():
    # A look-up of the host, or a connection, would raise here.
    database = Database(endpoint="nowhere.invalid", user="u", name="n", password="p")
    assert not database.in_transaction


def test_settings_from_the_environment(postgres_url, monkeypatch):
    from urllib.parse import unquote, urlsplit

    url = urlsplit(postgres_url)
    monkeypatch.setenv("DB_USER", unquote(url.username))
    monkeypatch.setenv("DB_PASSWORD", unquote(url.password))
    monkeypatch.setenv("DB_ENDPOINT", url.hostname)
    monkeypatch.setenv("DB_PORT", str(url.port))
    monkeypatch.setenv("DB_NAME", unquote(url.path[1:]))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "loans")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "7")
    database = Database()
    assert database.execute("select current_setting('application_name') as name") == [{"name": "loans@7"}]
    database.close()


def test_a_password_with_every_special_character(postgres_server, database, other):
    password = "p@ss/w#1:%41 '\"\\{}é&?=;$"
    name = f"special_{other.execute('select current_database() as name')[0]['name']}"
    with postgres_server.connect() as admin, admin.cursor() as cursor:
        cursor.execute(f'create role "{name}" login password %s', [password])
    try:
        settings = other._settings
        other_user = Database(
            user=name,
            password=password,
            endpoint=settings.get("endpoint"),
            port=settings.get("port"),
            name=settings.get("name"),
        )
        assert other_user.execute("select current_user as me") == [{"me": name}]
        other_user.close()
    finally:
        with postgres_server.connect() as admin, admin.cursor() as cursor:
            cursor.execute(f'drop role "{name}"')


def test_a_wrong_password_is_an_error_without_it(postgres_url):
    user, _, rest = postgres_url.partition("@")
    database = Database.from_url(f"{user.rpartition(':')[0]}:hunter2@{rest}")
    with pytest.raises(DatabaseCredentialError, match="refuses the user") as caught:
        database.execute("select 1")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", ["http://example.com", "postgresql://[", "postgresql://u:hunter2@h/n?nonsense=1"])
def test_a_url_that_is_none_is_an_error_without_it(url):
    with pytest.raises(DatabaseCredentialError) as caught:
        Database.from_url(url)
    assert "hunter2" not in str(caught.value)


def test_a_url_with_parameters_that_are_not_ours():
    with pytest.raises(DatabaseCredentialError, match="options"):
        Database.from_url("postgresql://u:p@h/n?options=-cwork_mem%3D1")


def test_a_server_without_tls_is_refused_where_it_is_wanted(postgres_url):
    database = Database.from_url(postgres_url, sslmode="require")
    with pytest.raises(DatabaseConnectionError, match="server does not support SSL") as caught:
        database.execute("select 1")
    assert not caught.value.transient


def test_a_connection_that_the_server_closed_is_replaced(database, terminate):
    first = pid_of(database)
    terminate(first)
    assert pid_of(database) != first


def test_a_write_after_the_server_closed_the_connection(database, terminate):
    terminate(pid_of(database))
    database.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
    assert database.execute("select count(*) from loans") == [{"count": 1}]


def test_the_server_is_killed_and_comes_back_between_two_units(killable, database):
    pid_of(database)
    killable.kill()
    killable.start()
    assert database.execute("select 1 as one") == [{"one": 1}]
    with database.transaction():
        assert database.execute("select 2 as two") == [{"two": 2}]


def test_a_unit_waits_for_a_server_that_is_coming_back(killable, postgres_url):
    database = Database.from_url(postgres_url, connect_wait=60)
    pid_of(database)
    killable.kill()
    starting = threading.Timer(0.3, killable.start)
    starting.start()
    assert database.execute("select 1 as one") == [{"one": 1}]
    starting.join()
    database.close()


def test_waiting_for_a_server_that_stays_away_is_bounded(killable, postgres_url, caplog):
    database = Database.from_url(postgres_url, connect_wait=0.3)
    database.execute("select 1")
    killable.kill()
    with caplog.at_level(logging.INFO, "kit.db"), pytest.raises(DatabaseConnectionError) as caught:
        database.execute("select 1")
    assert caught.value.transient
    assert "refused" in str(caught.value)
    assert "waiting for the database" in caplog.text
    assert database._settings.get("password") not in str(caught.value) + caplog.text


def test_a_transaction_waits_once(killable, database, postgres_url):
    class Counting(Database):
        taken = 0

        def take(self, *, new=False):
            self.taken += 1
            return super().take(new=new)

    counting = Counting.from_url(postgres_url, connect_wait=0)
    killable.kill()
    with pytest.raises(DatabaseConnectionError), counting.transaction():
        counting.execute("select 1")
    assert counting.taken == 1


def test_a_first_statement_that_found_no_server_can_not_be_swallowed(killable, postgres_url):
    database = Database.from_url(postgres_url, connect_wait=0)
    killable.kill()
    with pytest.raises(TransactionAbortedError), database.transaction():  # noqa: PT012
        with pytest.raises(DatabaseConnectionError):
            database.execute("create table half (x int)")
        killable.start()
        with pytest.raises(DatabaseConnectionError):
            database.execute("create table other_half (x int)")
    assert database.execute("select to_regclass('other_half') as it") == [{"it": None}]
    database.close()


def test_an_error_that_waiting_does_not_mend_is_raised_at_once(postgres_url):
    database = Database.from_url(f"{postgres_url.rpartition('/')[0]}/no_such_database", connect_wait=3600)
    with pytest.raises(DatabaseConnectionError, match='database "no_such_database" does not exist') as caught:
        database.execute("select 1")
    assert not caught.value.transient


class Cut(Database):
    """Loses its connection at the worst moment: after it was found alive, before the statement."""

    terminate = None

    def take(self, *, new=False):
        connection = super().take(new=new)
        if self.terminate is not None and not new:
            self.terminate(connection.run(PID).rows[0][0])
        return connection


@pytest.fixture
def cut(database, postgres_url, terminate):
    made = Cut.from_url(postgres_url)
    made.execute("select 1")
    made.terminate = terminate
    yield made
    made.close()


def test_a_repeatable_statement_is_sent_again(cut):
    assert cut.execute("select 1 as one", repeatable=True) == [{"one": 1}]


def test_a_statement_that_may_not_be_repeated_is_an_error(cut):
    with pytest.raises(DatabaseConnectionError, match="broke"):
        cut.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")


def test_the_first_statement_of_a_transaction_is_sent_again(cut, database):
    with cut.transaction():
        cut.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
        with cut.transaction():
            cut.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 2, 1)")
    assert database.execute("select count(*) from loans") == [{"count": 2}]


def test_the_first_statement_inside_a_savepoint_is_sent_again(cut, database):
    with cut.transaction(), cut.transaction():
        cut.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
    assert database.execute("select count(*) from loans") == [{"count": 1}]


def test_a_connection_that_rested_long_is_asked_first(postgres_url, terminate, monkeypatch):
    database = Database.from_url(postgres_url, idle_check=10)
    database.execute("select 1")
    warm = database._idle[0]
    sent = []
    monkeypatch.setattr(warm, "run", lambda query, **_: sent.append(query))
    assert warm.alive(idle_check=10)
    assert sent == []
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 11)
    assert warm.alive(idle_check=10)
    assert sent == ["SELECT 1"]
    monkeypatch.undo()
    database.close()


def test_uuids_are_those_of_the_standard_library(database):
    text = "0B1f3c1e-6f0b-4f0e-9d0a-00000000000f"
    (row,) = database.execute(
        "select %(it)s::uuid as one, array[%(it)s, null]::uuid[] as many, null::uuid as none, array[]::uuid[] as empty",
        {"it": text},
    )
    found, made = row["one"], UUID(text)
    assert row == {"one": made, "many": [made, None], "none": None, "empty": []}
    assert (type(found), hash(found), str(found), repr(found)) == (UUID, hash(made), str(made), repr(made))
    assert (found.bytes, found.hex, found.version, found.is_safe) == (made.bytes, made.hex, made.version, made.is_safe)
    assert database.execute("select %s as one, %s as many", [made, [made]]) == [{"one": made, "many": [made]}]
    assert copy.deepcopy(found) == pickle.loads(pickle.dumps(found)) == made


def test_a_forked_child_leaves_the_connection_alone(database, in_a_fork):
    first = pid_of(database)

    def use_and_close():
        found = pid_of(database)
        database.close()
        return found

    assert in_a_fork(use_and_close) not in ("", str(first))
    assert in_a_fork(lambda: database.close()) == "None"
    assert pid_of(database) == first


def test_a_thread_that_finds_the_connection_taken_gets_another(database):
    with database.transaction():
        mine = pid_of(database)
        seen = []
        thread = threading.Thread(target=lambda: seen.append((pid_of(database), database.in_transaction)))
        thread.start()
        thread.join()
    assert seen[0][0] != mine
    assert seen[0][1] is False


def pids_at_once(database, number):
    """Return the connections that so many threads have at the same time."""
    barrier, found = threading.Barrier(number), []

    def work():
        with database.transaction():
            found.append(pid_of(database))
            barrier.wait()

    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return set(found)


def connections(other):
    rows = other.execute(
        "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    return {row["pid"] for row in rows}


def test_as_many_connections_stay_as_were_in_use_at_once(database, other):
    first = pids_at_once(database, 4)
    assert len(first) == 4
    assert connections(other) == first
    for _ in range(3):
        assert pids_at_once(database, 4) == first
    assert pids_at_once(database, 2) < first
    assert connections(other) == first
    database.close()
    assert pids_at_once(database, 1).isdisjoint(first)


def test_threads_that_work_in_between_share_as_many_connections_as_there_are_threads(database, other):
    seen = set()

    def work(_):
        for _ in range(25):
            seen.add(pid_of(database))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert len(seen) <= 8
    assert connections(other) == seen


def test_a_connection_that_was_only_needed_beside_others_is_closed_when_it_has_rested(database, other, monkeypatch):
    pids_at_once(database, 3)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    used = pid_of(database)
    assert len(database._idle) == 2
    pid_of(database)
    assert connections(other) == {used}
    monkeypatch.setattr(time, "time", lambda: now + 1000)
    assert pid_of(database) == used


def test_after_a_failover_no_idle_connection_is_used(database, demoted, other):
    old = pids_at_once(database, 3)
    demoted(database)
    database.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
    assert connections(other).isdisjoint(old)


def test_close_leaves_a_database_that_can_be_used(database):
    first = pid_of(database)
    database.close()
    assert pid_of(database) != first


@pytest.fixture
def demoted():
    """Makes the server of a warm connection refuse writes, as after a failover, and new ones take them."""

    def demote(chosen):
        chosen.execute("set default_transaction_read_only = on")
        return pid_of(chosen)

    return demote


def test_a_write_to_a_server_that_is_no_longer_the_writer_goes_to_the_new_one(database, demoted, other):
    first = demoted(database)
    database.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
    assert pid_of(database) != first
    assert other.execute("select count(*) from loans") == [{"count": 1}]


def test_so_does_a_transaction_that_begins_there(database, demoted, other):
    demoted(database)
    with database.transaction():
        for _ in range(2):
            database.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
    assert other.execute("select count(*) from loans") == [{"count": 2}]


def test_later_in_a_transaction_it_is_an_error_and_the_connection_is_left(database, demoted):
    first = demoted(database)
    with pytest.raises(ReadOnlyError), database.transaction():  # noqa: PT012
        database.execute("select 1")
        database.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
    assert pid_of(database) != first


def test_a_server_that_stays_read_only_is_asked_twice_and_then_it_is_an_error(database, postgres_server, postgres_url):
    name = postgres_url.rpartition("/")[2]
    with contextlib.closing(postgres_server.connect()) as admin, admin.cursor() as cursor:
        cursor.execute(f'alter database "{name}" set default_transaction_read_only = on')
    database.close()
    with pytest.raises(ReadOnlyError) as caught:
        database.execute("create table t (x int)")
    assert caught.value.sqlstate == "25006"
    assert database.execute("select 1 as one") == [{"one": 1}], "it can be read"


def test_a_percent_sign_without_parameters(database):
    assert database.execute("select '100%' as text") == [{"text": "100%"}]


def test_everything_has_one_root():
    assert issubclass(DatabaseConnectionError, DatabaseError)
    assert issubclass(DatabaseCredentialError, DatabaseError)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is nowhere to read how much memory is used")
def test_rows_that_were_dropped_take_no_memory(database):
    def kept():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    database.execute("select 1")
    before = kept()
    assert len(database.execute("select repeat(chr(65 + n % 26), 1000000) as it from generate_series(1, 100) n")) == 100
    assert kept() - before < 30_000_000
