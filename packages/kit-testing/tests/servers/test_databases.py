"""Databases that are copies of a template, and the connection that is rolled back."""

from contextlib import closing

import psycopg2
import pytest
from kit_testing.servers import Databases
from kit_testing.servers.postgres.rehearsal import Rehearsals


def rows(url, statement):
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def names(server):
    return {name for (name,) in rows(server.url, "select datname from pg_database")}


def test_a_callable_fills_the_template_and_each_copy_is_alone(postgres_server):
    def prepare(url):
        rows(url, "create table things as select 1 as x")

    with closing(Databases(postgres_server, prepare)) as databases:
        with databases.fresh() as one, databases.fresh() as two:
            rows(one, "update things set x = 2")
            assert rows(two, "select x from things") == [(1,)]
            made = {rows(url, "select current_database()")[0][0] for url in (one, two)}
        assert not made & names(postgres_server)


def test_a_template_that_cannot_be_filled_is_an_error(postgres_server):
    def fail(url):
        raise LookupError("no such file")

    with pytest.raises(LookupError, match="no such file"):
        Databases(postgres_server, fail)
    with pytest.raises(TypeError, match="prepare is a Path or a callable"):
        Databases(postgres_server, "migrations")


def test_on_a_server_of_somebody_else_nothing_is_left_of_a_template_that_cannot_be_filled(postgres_server, monkeypatch):
    from kit_testing.servers import Postgres

    before = names(postgres_server)
    monkeypatch.setenv("KIT_PG_URL", postgres_server.url)
    with Postgres() as theirs, pytest.raises(ZeroDivisionError):
        Databases(theirs, lambda url: 1 / 0)
    assert names(postgres_server) == before


def test_a_connection_left_open_does_not_keep_a_database(postgres_server):
    with closing(Databases(postgres_server)) as databases:
        with databases.fresh() as url:
            kept = psycopg2.connect(url)
            name = kept.info.dbname
        assert name not in names(postgres_server)
        kept.close()


@pytest.fixture
def table(postgres_connection):
    with postgres_connection, postgres_connection.cursor() as cursor:
        cursor.execute("create table things (x int unique deferrable initially deferred, y int unique deferrable)")
    return postgres_connection


def values(connection):
    with connection.cursor() as cursor:
        cursor.execute("select x from things order by x")
        return [x for (x,) in cursor.fetchall()]


def insert(connection, *values):
    with connection.cursor() as cursor:
        for value in values:
            cursor.execute("insert into things values (%s, %s)", [value, value])


@pytest.mark.parametrize("again", [1, 2])
def test_the_changes_of_a_test_are_rolled_back(table, postgres_shared_url, again):
    insert(table, 1)
    table.commit()
    assert values(table) == [1]
    assert rows(postgres_shared_url, "select to_regclass('things')") == [(None,)]


def test_a_rollback_goes_back_to_the_last_commit(table):
    insert(table, 1)
    table.commit()
    insert(table, 2)
    table.rollback()
    assert values(table) == [1]
    with pytest.raises(psycopg2.errors.UniqueViolation), table:
        insert(table, 3, 3)
    assert values(table) == [1]
    with table:
        insert(table, 4)
    table.rollback()
    assert values(table) == [1, 4]


def test_a_statement_that_fails_is_forgotten_by_a_rollback(table):
    insert(table, 1)
    table.commit()
    with pytest.raises(psycopg2.errors.UndefinedTable), table.cursor() as cursor:
        cursor.execute("select * from missing")
    table.rollback()
    assert values(table) == [1]


def test_a_commit_checks_deferred_constraints_and_leaves_the_others_immediate(table):
    insert(table, 1)
    table.commit()
    with table.cursor() as cursor:
        cursor.execute("insert into things values (1, 2)")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        table.commit()
    assert values(table) == [1]
    with pytest.raises(psycopg2.errors.UniqueViolation), table.cursor() as cursor:
        cursor.execute("insert into things values (2, 1)")
    table.rollback()


def test_settings_and_a_cursor_factory_are_forgotten(postgres_shared_url):
    from psycopg2.extras import DictCursor

    with closing(Rehearsals(postgres_shared_url)) as rehearsals:
        with rehearsals.lend() as connection:
            connection.cursor_factory = DictCursor
            with connection.cursor() as cursor:
                cursor.execute("set statement_timeout = 1000; prepare p as select 1; create temporary table t (x int)")
            connection.commit()
        with rehearsals.lend() as again, again.cursor() as cursor:
            assert again is connection
            cursor.execute("select current_setting('statement_timeout'), to_regclass('t')")
            assert (cursor.fetchone(), type(cursor)) == (("0", None), psycopg2.extensions.cursor)
            cursor.execute("select count(*) from pg_prepared_statements")
            assert cursor.fetchone() == (0,)


def test_a_connection_that_was_closed_or_lost_is_opened_again(postgres_shared_url, postgres_server):
    with closing(Rehearsals(postgres_shared_url)) as rehearsals:
        with rehearsals.lend() as connection:
            connection.close()
        with rehearsals.lend() as connection:
            pid = connection.info.backend_pid
        rows(postgres_server.url, f"select pg_terminate_backend({pid}, 5000)")
        with rehearsals.lend() as connection:
            assert connection.info.backend_pid != pid
            pid = connection.info.backend_pid
            rows(postgres_server.url, f"select pg_terminate_backend({pid}, 5000)")
        with rehearsals.lend() as connection, connection.cursor() as cursor:
            cursor.execute("select 1")
