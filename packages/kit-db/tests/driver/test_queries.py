import pytest
from kit_db.driver.queries import goes_back, is_single


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "select 1; ",
        "select 1; -- the end",
        "select ';'",
        "select 'it''s; ' || \"a;b\" -- ; commit",
        "/* ; */ select 1",
        "do $$ begin insert into t values (1); commit; end $$",
        "create function f() returns int language sql as $f_1$ select 1; $f_1$;",
    ],
)
def test_one_statement(query):
    assert is_single(query)


@pytest.mark.parametrize(
    "query",
    [
        "select 1; commit",
        "select E'\\''; commit; select ''",
        "insert into t values (1) returning n as a$b$; commit; select 1 as a$b$",
        "select $1$; commit; select $1$",
        "select '--'; commit",
        "-- it's\ninsert into t values (1); commit; -- isn't it",
    ],
)
def test_more_than_one_or_not_sure(query):
    assert not is_single(query)


def test_going_back_to_a_savepoint():
    assert goes_back("rollback to mine")
    assert goes_back("ROLLBACK TRANSACTION TO SAVEPOINT mine")
    assert not goes_back("rollback and chain -- to")
    assert not goes_back("commit")
