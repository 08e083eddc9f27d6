import pytest
from kit_db import Database, default_database, scoped_session, set_default_database, transactional

ADD = "insert into loans (id, amount, term) values (gen_random_uuid(), %s, 1)"


def count(database):
    return database.execute("select count(*) as n from loans")[0]["n"]


@pytest.fixture
def open_loan(database):
    @transactional
    def open_loan(amount, *, fail=False):
        """Open a loan."""
        assert database.in_transaction
        database.execute(ADD, [amount])
        if fail:
            raise LookupError
        return amount

    return open_loan


def test_a_bare_decorator_uses_the_default_database(database, open_loan, other):
    assert open_loan(5) == 5
    assert count(other) == 1
    with pytest.raises(LookupError):
        open_loan(5, fail=True)
    assert count(other) == 1


def test_the_function_looks_like_itself(open_loan):
    assert open_loan.__name__ == "open_loan"
    assert open_loan.__doc__ == "Open a loan."


def test_a_call_inside_of_another_is_a_savepoint(database, open_loan, other):
    @transactional
    def outer():
        open_loan(1)
        with pytest.raises(LookupError):
            open_loan(2, fail=True)
        assert count(other) == 0

    outer()
    assert count(other) == 1


def test_a_database_can_be_given(database, other):
    set_default_database(None)

    @transactional(database=other)
    def add():
        other.execute(ADD, [1])

    add()
    assert count(database) == 1


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError):
        transactional(isolaton="x")


async def coroutine(): ...


async def stream():
    yield


def generator():
    yield


@pytest.mark.parametrize("function", [coroutine, stream, generator])
def test_what_runs_later_is_refused(function):
    with pytest.raises(TypeError, match="coroutine or generator"):
        transactional(function)


def test_scoped_session_is_another_name():
    assert scoped_session is transactional


def test_the_default_is_made_once_from_the_environment(monkeypatch):
    set_default_database(None)
    monkeypatch.setenv("DB_NAME", "loans")
    made = default_database()
    assert isinstance(made, Database)
    assert default_database() is made
    set_default_database(None)
    assert default_database() is not made
    set_default_database(None)
