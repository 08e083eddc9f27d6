"""What is to happen once a transaction is committed."""

# ruff: noqa: PT012

import asyncio
import logging
import threading

import pytest
from kit_db import CommitUnknownError, TransactionAbortedError, UniqueViolationError

ADD = "insert into loans (id, amount, term) values (gen_random_uuid(), %s, 1)"


@pytest.fixture
def called():
    return []


def count(database):
    return database.execute("select count(*) as n from loans")[0]["n"]


def test_callbacks_run_in_order_after_the_commit(database, other, called):
    with database.transaction():
        database.execute(ADD, [1])
        for number in range(3):
            database.after_commit(lambda number=number: called.append((number, count(other))))
        assert called == []
    assert called == [(0, 1), (1, 1), (2, 1)]


def test_a_callback_may_use_the_database(database, other):
    def add():
        assert not database.in_transaction
        with database.transaction():
            database.execute(ADD, [2])

    with database.transaction():
        database.execute(ADD, [1])
        database.after_commit(add)
    assert count(other) == 2


def test_a_callback_may_register_another(database, called):
    with database.transaction():
        database.after_commit(lambda: database.after_commit(lambda: called.append(1)))
    assert called == [1]


def test_outside_of_a_transaction_it_runs_at_once(database, called):
    database.after_commit(lambda: called.append(1))
    assert called == [1]


def test_without_a_statement_there_is_nothing_to_wait_for(database, called):
    with database.transaction():
        database.after_commit(lambda: called.append(1))
        assert called == []
    assert called == [1]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_rollback_drops_them(database, called, error):
    with pytest.raises(error), database.transaction():
        database.execute(ADD, [1])
        database.after_commit(lambda: called.append(1))
        raise error
    with database.transaction():
        database.execute(ADD, [1])
    assert called == []


def test_a_savepoint_that_is_rolled_back_drops_its_own(database, called):
    with database.transaction():
        database.after_commit(lambda: called.append("before"))
        with pytest.raises(ValueError), database.transaction():
            with database.transaction():
                database.after_commit(lambda: called.append("deep inside"))
            database.after_commit(lambda: called.append("inside"))
            raise ValueError
        with database.transaction():
            database.after_commit(lambda: called.append("kept"))
        assert called == []
    assert called == ["before", "kept"]


def test_a_block_with_a_swallowed_error_drops_its_own(database, called):
    with database.transaction():
        with pytest.raises(TransactionAbortedError), database.transaction():
            database.after_commit(lambda: called.append("inside"))
            with pytest.raises(UniqueViolationError):
                database.execute("do $$ begin raise unique_violation; end $$")
        database.after_commit(lambda: called.append("after"))
    assert called == ["after"]


def test_a_commit_that_is_refused_drops_them(database, called):
    database.execute("alter table documents alter constraint document_of_loan initially deferred")
    with pytest.raises(Exception, match="document_of_loan"), database.transaction():
        database.execute("insert into documents values ('a', gen_random_uuid(), 1)")
        database.after_commit(lambda: called.append(1))
    assert called == []


def test_a_commit_that_nobody_knows_about_drops_them(database, called, terminate):
    with pytest.raises(CommitUnknownError), database.transaction():
        database.after_commit(lambda: called.append(1))
        terminate(database.execute("select pg_backend_pid() as pid")[0]["pid"])
    assert called == []


@pytest.mark.parametrize("inside", [True, False])
def test_an_error_in_one_is_logged_and_the_others_run(database, called, caplog, inside):
    def fail():
        raise LookupError("nobody listens")

    if inside:
        with database.transaction():
            database.execute(ADD, [1])
            database.after_commit(fail)
            database.after_commit(lambda: called.append(1))
    else:
        database.after_commit(fail)
        database.after_commit(lambda: called.append(1))
    assert called == [1]
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("kit.db", "ERROR")
    assert "nobody listens" in caplog.text
    assert "Traceback" in caplog.text


def test_threads_and_tasks_have_their_own(database, called):
    async def task():
        database.after_commit(lambda: called.append("task"))

    with pytest.raises(ValueError), database.transaction():
        database.after_commit(lambda: called.append("mine"))
        for target in (lambda: database.after_commit(lambda: called.append("thread")), lambda: asyncio.run(task())):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
        raise ValueError
    assert called == ["thread", "task"]


def test_a_log_line_that_fails_stops_no_callback(database, other, called):
    """As AWS's runtime client does: its handler lets errors of formatting out into the calling code."""

    class Strict(logging.Handler):
        def emit(self, record):
            called.append("logged")
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    def fail():
        raise LookupError

    handler = Strict()
    logging.getLogger("kit.db").addHandler(handler)
    try:
        with database.transaction():
            database.execute(ADD, [1])
            database.after_commit(fail)
            database.after_commit(lambda: called.append("after"))
    finally:
        logging.getLogger("kit.db").removeHandler(handler)
    assert set(called) == {"logged", "after"}
    assert count(other) == 1
