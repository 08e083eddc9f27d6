# What is expected to fail here is a whole block, not one statement.
# ruff: noqa: PT012

import asyncio
import contextlib
import subprocess
import sys
import threading

import pytest
from kit_db import Database, UniqueViolationError, default_database, transactional
from kit_db.testing import as_default, rolled_back

ADD = "insert into loans (id, amount, term) values ('00000000-0000-0000-0000-00000000000%s', 1, 1)"
COUNT = "select count(*) as n from loans"


def count(database):
    return database.execute(COUNT)[0]["n"]


def test_what_is_done_is_there_and_then_forgotten(database, other):
    with rolled_back(database):
        database.execute(ADD, [1])
        with database.transaction():
            database.execute(ADD, [2])
        assert count(database) == 2
        assert count(other) == 0
        assert not database.in_transaction
    assert count(database) == 0
    database.execute(ADD, [1])
    assert count(other) == 1


def test_the_default_database_is_meant_if_none_is_given(database):
    with rolled_back() as given:
        assert given is database


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt])
def test_an_exception_passes_and_leaves_nothing(database, error):
    with pytest.raises(error), rolled_back(database):
        database.execute(ADD, [1])
        raise error
    assert count(database) == 0


def test_the_tested_code_rolls_back_its_own_work_alone(database):
    with rolled_back(database):
        database.execute(ADD, [1])
        with pytest.raises(LookupError), database.transaction():
            database.execute(ADD, [2])
            raise LookupError
        with pytest.raises(UniqueViolationError):
            database.execute(ADD, [1])
        assert count(database) == 1


def test_callbacks_come_when_the_tested_transaction_ends(database):
    called = []
    with rolled_back(database):
        with database.transaction():
            with database.transaction():
                database.after_commit(lambda: called.append(count(database)))
            database.execute(ADD, [1])
            assert called == []
        assert called == [1]
        with pytest.raises(LookupError), database.transaction():
            database.after_commit(lambda: called.append("never"))
            raise LookupError
    assert called == [1]


def test_isolation_and_retry_are_accepted(database):
    calls = []

    @transactional(isolation="serializable", retry=2)
    def work():
        with database.transaction(isolation="serializable"):
            database.execute(ADD, [len(calls)])
        calls.append(1)
        if len(calls) < 3:
            database.execute("do $$ begin raise serialization_failure; end $$")

    with rolled_back(database):
        work()
        assert len(calls) == 3
        assert count(database) == 1


def test_threads_and_tasks_see_it(database):
    async def task():
        return await asyncio.to_thread(count, database) + count(database)

    with rolled_back(database):
        database.execute(ADD, [1])
        seen = []
        thread = threading.Thread(target=lambda: seen.append(count(database)))
        thread.start()
        thread.join()
        assert seen == [1]
        assert asyncio.run(task()) == 2


def test_one_at_a_time(database):
    with rolled_back(database), pytest.raises(ValueError), rolled_back(database):
        pass
    with database.transaction(), pytest.raises(ValueError), rolled_back(database):
        pass


def test_as_default_is_for_a_block(database, postgres_url):
    with contextlib.closing(Database.from_url(postgres_url)) as mine, as_default(mine):
        assert default_database() is mine
    assert default_database() is not mine


def test_fixtures_of_the_plugin(pytester_run):
    pytester_run(
        """
import contextlib
import pytest
from kit_db import Database, default_database

@pytest.fixture(scope="session")
def postgres_template():
    def prepare(url):
        with contextlib.closing(Database.from_url(url)) as database:
            database.execute("create table t (x int)")
    return prepare

@pytest.mark.parametrize("again", range(3))
def test_rolled_back(rolled_back_database, again):
    assert default_database() is rolled_back_database
    assert rolled_back_database.execute("select x from t") == []
    rolled_back_database.execute("insert into t values (1)")

@pytest.mark.parametrize("again", range(3))
def test_fresh(fresh_database, again):
    assert default_database() is fresh_database
    assert fresh_database.execute("select x from t") == []
    fresh_database.execute("insert into t values (1)")
"""
    )


@pytest.fixture
def pytester_run(tmp_path):
    def run(text):
        (tmp_path / "test_it.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--rootdir=.", "."]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def test_the_plugin_imports_neither_the_driver_nor_its_fixtures():
    code = "import sys, kit_db.pytest_plugin; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert {"psycopg2", "kit_db.testing", "boto3"}.isdisjoint(loaded)
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, kit_db.testing; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert "pytest" not in loaded


def test_as_default_gives_back_what_was_there(database, postgres_url):
    with contextlib.closing(Database.from_url(postgres_url)) as mine, as_default(mine):
        pass
    assert default_database() is database
