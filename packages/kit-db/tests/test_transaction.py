"""Blocks that end well and badly; what is expected to fail here is a whole block, not one statement."""

# ruff: noqa: PT012

import asyncio
import contextlib
import functools
import threading

import pytest
from kit_db import (
    CommitUnknownError,
    DatabaseConnectionError,
    DatabaseError,
    ForeignKeyViolationError,
    StatementError,
    TransactionAbortedError,
    TransactionRequiredError,
    UniqueViolationError,
)

ADD = "insert into documents (key, loan_id, size) values (%s, gen_random_uuid(), 1)"


@pytest.fixture(autouse=True)
def without_foreign_key(database):
    database.execute("alter table documents drop constraint document_of_loan")


@pytest.fixture
def add(database):
    return lambda key: database.execute(ADD, [key])


@pytest.fixture
def keys(other):
    return lambda: [row["key"] for row in other.execute("select key from documents order by key")]


def test_a_block_commits_at_its_end(database, add, keys):
    with database.transaction():
        add("a")
        assert keys() == []
    assert keys() == ["a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_any_exception_rolls_back(database, add, keys, error):
    with pytest.raises(error), database.transaction():
        add("a")
        raise error
    assert keys() == []
    add("b")
    assert keys() == ["b"]


def test_a_statement_error_rolls_back_and_leaves_a_clean_connection(database, add, keys):
    with pytest.raises(UniqueViolationError), database.transaction():
        add("a")
        add("a")
    assert keys() == []
    assert len(database._idle) == 1


def test_a_block_without_statements_needs_no_connection(database):
    database.close()
    with database.transaction(), database.transaction():
        pass
    assert database._idle == []


def test_an_inner_block_can_fail_alone(database, add, keys):
    with database.transaction():
        add("a")
        with pytest.raises(ValueError), database.transaction():
            add("b")
            raise ValueError
        with database.transaction():
            add("c")
    assert keys() == ["a", "c"]


def test_an_outer_block_takes_the_inner_ones_along(database, add, keys):
    with pytest.raises(ValueError), database.transaction():
        with database.transaction():
            add("a")
        raise ValueError
    assert keys() == []


def test_an_inner_block_recovers_from_a_statement_error(database, add, keys):
    with database.transaction():
        with pytest.raises(UniqueViolationError), database.transaction():
            add("a")
            add("a")
        add("b")
    assert keys() == ["b"]


@pytest.mark.parametrize("before", [True, False])
def test_an_inner_block_recovers_from_a_syntax_error(database, add, keys, before):
    with database.transaction():
        if before:
            add("a")
        with pytest.raises(StatementError), database.transaction():
            database.execute("selec 1")
        add("b")
    assert keys() == (["a", "b"] if before else ["b"])


def test_deep_nesting_with_failures_at_every_level(database, add, keys):
    def level(depth):
        with database.transaction():
            add(f"{depth}-kept")
            with pytest.raises(RuntimeError), database.transaction():
                add(f"{depth}-lost")
                if depth:
                    level(depth - 1)
                raise RuntimeError
            if depth:
                level(depth - 1)
            add(f"{depth}-after")

    level(3)
    assert keys() == [f"{depth}-{what}" for depth in range(4) for what in ("after", "kept")]


def test_savepoints_in_sequence(database, add, keys):
    with database.transaction():
        for number in range(5):
            with database.transaction():
                add(str(number))
    assert keys() == list("01234")


def test_a_swallowed_statement_error_is_no_silent_rollback(database, add, keys):
    with pytest.raises(TransactionAbortedError), database.transaction():
        add("a")
        with pytest.raises(UniqueViolationError):
            add("a")
    assert keys() == []


def test_a_swallowed_error_in_an_inner_block_undoes_that_block(database, add, keys):
    with database.transaction():
        add("a")
        with pytest.raises(TransactionAbortedError), database.transaction():
            add("b")
            with pytest.raises(UniqueViolationError):
                add("b")
        add("c")
    assert keys() == ["a", "c"]


def test_a_constraint_checked_at_commit_fails_the_commit(database, other):
    other.execute(
        "alter table documents add constraint late foreign key (loan_id) references loans (id) "
        "deferrable initially deferred"
    )
    with pytest.raises(ForeignKeyViolationError) as caught, database.transaction():
        database.execute(ADD, ["a"])
    assert caught.value.constraint == "late"
    assert len(database._idle) == 1


def test_a_connection_lost_inside_is_an_error_and_commits_nothing(database, add, keys, terminate):
    with pytest.raises(DatabaseConnectionError), database.transaction():
        add("a")
        terminate(database.execute("select pg_backend_pid() as pid")[0]["pid"])
        add("b")
    assert keys() == []
    add("c")
    assert keys() == ["c"]


def test_a_lost_connection_can_not_be_swallowed(database, add, keys, terminate):
    with pytest.raises(TransactionAbortedError), database.transaction():
        add("a")
        terminate(database.execute("select pg_backend_pid() as pid")[0]["pid"])
        with pytest.raises(DatabaseConnectionError), database.transaction():
            add("b")
        with pytest.raises(DatabaseConnectionError):
            add("c")
    assert keys() == []


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_statement_may_not_end_the_transaction(database, add, keys, end):
    with pytest.raises(TransactionAbortedError), database.transaction():
        add("a")
        with pytest.raises(TransactionAbortedError):
            database.execute(end)
        with pytest.raises(DatabaseConnectionError):
            add("b")
    assert "b" not in keys()


def test_a_connection_lost_before_the_commit_leaves_it_unknown(database, add, terminate):
    with pytest.raises(CommitUnknownError), database.transaction():
        add("a")
        terminate(database.execute("select pg_backend_pid() as pid")[0]["pid"])


def test_a_connection_lost_before_the_rollback_hides_no_exception(database, add, keys, terminate):
    with pytest.raises(LookupError), database.transaction():
        add("a")
        terminate(database.execute("select pg_backend_pid() as pid")[0]["pid"])
        raise LookupError
    assert keys() == []


def test_a_thread_inside_of_a_transaction_is_not_part_of_it(database, add, keys):
    with pytest.raises(ValueError), database.transaction():
        add("rolled back")
        thread = threading.Thread(target=add, args=["kept"])
        thread.start()
        thread.join()
        raise ValueError
    assert keys() == ["kept"]


def test_many_threads_at_once(database, keys):
    def transfer(number):
        for step in range(10):
            with database.transaction():
                database.execute(ADD, [f"{number}-{step}"])
                if step % 2:
                    with pytest.raises(ValueError), database.transaction():
                        database.execute(ADD, [f"{number}-{step}-lost"])
                        raise ValueError

    threads = [threading.Thread(target=transfer, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys() == sorted(f"{number}-{step}" for number in range(4) for step in range(10))


def test_tasks_do_not_share_a_transaction(database, keys):
    async def work(name, inside, fail):
        with database.transaction():
            database.execute(ADD, [name])
            await inside.wait()
            if fail:
                raise ValueError

    async def main():
        inside = asyncio.Barrier(2)
        return await asyncio.gather(work("a", inside, True), work("b", inside, False), return_exceptions=True)

    outcomes = asyncio.run(main())
    assert isinstance(outcomes[0], ValueError)
    assert keys() == ["b"]


def test_begin_costs_no_round_trip_of_its_own(database, monkeypatch):
    sent = []
    connection = database.take()
    run = connection.run
    monkeypatch.setattr(
        connection, "run", lambda *message, **limit: (sent.append(message[0]), run(*message, **limit))[1]
    )
    database.give(connection)
    with database.transaction():
        database.execute("select 1")
        with database.transaction():
            database.execute("select 2")
        database.execute("select 3")
    assert sent == [
        "BEGIN; select 1",
        "SAVEPOINT kit_1",
        "select 2",
        "RELEASE SAVEPOINT kit_1; select 3",
        "COMMIT",
    ]


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_a_block_has_the_isolation_that_was_asked_for(database, isolation):
    with database.transaction(isolation=isolation, read_only=True):
        assert database.execute("show transaction_isolation") == [{"transaction_isolation": isolation}]
        assert database.execute("show transaction_read_only") == [{"transaction_read_only": "on"}]
        with database.transaction(isolation=isolation):
            pass
    assert database.execute("show transaction_read_only") == [{"transaction_read_only": "off"}]


def test_an_isolation_that_is_none_is_refused(database):
    with (
        pytest.raises(ValueError, match="serializable"),
        database.transaction(isolation="read only; drop table loans"),
    ):
        pass


def test_an_inner_block_can_not_have_another_isolation(database, add, keys):
    with database.transaction():
        add("a")
        with pytest.raises(ValueError, match="outermost"), database.transaction(isolation="serializable"):
            add("b")
        with database.transaction(read_only=True):
            add("c")
    assert keys() == ["a", "c"]


@pytest.mark.parametrize("failing", ["inser into loans", "select %s"])
def test_what_the_server_never_read_aborts_the_transaction_as_well(database, failing):
    called = []
    with pytest.raises(TransactionAbortedError), database.transaction():
        database.after_commit(lambda: called.append(1))
        with contextlib.suppress(DatabaseError):
            database.execute(failing, ["\0"] if "%" in failing else None)
        database.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
    assert database.execute("select count(*) from loans") == [{"count": 0}]
    assert called == []


def test_what_fails_in_a_savepoint_that_is_left_by_its_exception_spoils_nothing(database):
    with database.transaction():
        database.execute("insert into loans (id, amount, term) values (gen_random_uuid(), 1, 1)")
        with contextlib.suppress(DatabaseError), database.transaction():
            database.execute("inser into loans")
    assert database.execute("select count(*) from loans") == [{"count": 1}]


def test_a_fork_has_no_part_in_the_transaction_that_was_open(database, add, keys, in_a_fork):
    def leave():
        with database.transaction():
            add("child")
            raise SystemExit

    block = database.transaction()
    block.__enter__()
    add("parent")
    assert in_a_fork(leave) == "SystemExit"
    assert in_a_fork(lambda: block.__exit__(None, None, None)) == "TransactionAbortedError"
    assert in_a_fork(lambda: block.__exit__(ValueError, ValueError(), None)) == "False"
    assert in_a_fork(lambda: database.execute("select key from documents")) == "[]"
    block.__exit__(None, None, None)
    assert keys() == ["parent"]


def test_a_block_that_outlives_the_one_around_it(database, add, keys):
    outer, inner = database.transaction(), database.transaction()
    outer.__enter__()
    add("a")
    inner.__enter__()
    add("b")
    with pytest.raises(TransactionAbortedError, match="has not ended"):
        outer.__exit__(None, None, None)
    with pytest.raises(TransactionAbortedError, match="ended before"):
        inner.__exit__(None, None, None)
    assert keys() == []


@pytest.mark.parametrize("ending", ["commit and chain", "rollback and chain"])
def test_an_ending_that_goes_on_at_once_is_noticed(database, add, ending):
    with pytest.raises(TransactionAbortedError, match="has ended the transaction"), database.transaction():
        add("a")
        database.execute(ending)


def test_savepoints_of_ones_own_are_none_of_it(database, add, keys):
    with database.transaction():
        database.execute("savepoint mine")
        add("a")
        database.execute("rollback to mine")
        add("b")
        database.execute("ROLLBACK TO SAVEPOINT mine")
        add("c")
    assert keys() == ["c"]


def test_a_first_statement_that_may_have_committed_is_not_sent_again(database, add, keys):
    with pytest.raises(DatabaseConnectionError), database.transaction():
        database.execute(
            "insert into documents (key, loan_id, size) values ('once', gen_random_uuid(), 1); commit; "
            "select pg_terminate_backend(pg_backend_pid())"
        )
    assert keys() == ["once"]


def test_a_first_statement_is_sent_again_also_to_read_only(database, other):
    other.execute("create table tries (n int)")
    begun = database.execute("select pg_backend_pid() as pid")[0]["pid"]
    with database.transaction(read_only=True):
        rows = database.execute(
            "select case when pg_backend_pid() = %s then pg_terminate_backend(pg_backend_pid()) end as it", [begun]
        )
    assert rows == [{"it": None}]


def test_the_log_names_a_callback_but_not_what_it_was_given(database, caplog):
    database.after_commit(functools.partial(int, "4111-1111"))
    assert "partial" in caplog.text
    assert not any("4111" in record.getMessage() for record in caplog.records)


def test_a_transaction_that_no_block_would_end_is_refused(database, add, keys):
    with pytest.raises(TransactionRequiredError, match=r"database\.transaction"):
        database.execute("begin")
    with pytest.raises(TransactionRequiredError):
        database.execute("start transaction; insert into documents values ('a', gen_random_uuid(), 1)")
    add("b")
    assert keys() == ["b"]
