import functools

import pytest
from kit_db import (
    Database,
    ReadOnlyError,
    SerializationError,
    UniqueViolationError,
    default_database,
    scoped_session,
    set_default_database,
    transactional,
)

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


def marked(marks):
    """Return a function as kit-handler marks it."""

    def handler(event, context): ...

    vars(handler).update(marks)
    return handler


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        ({"__kit_handler__": "job"}, "put @transactional below @job"),
        ({"route_options": {}}, "answers with its errors.*put @transactional below @route"),
        ({"__kit_registered__": True}, "calls it without @transactional"),
    ],
)
def test_above_a_handler_it_would_commit_failures_and_is_refused(marks, text):
    with pytest.raises(TypeError, match=text):
        transactional(marked(marks))


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


def get_in_the_way(times, kind="serialization_failure"):
    calls = []

    def work(database):
        calls.append(database.execute("show transaction_isolation")[0]["transaction_isolation"])
        database.execute(ADD, [len(calls)])
        database.after_commit(lambda: calls.append("committed"))
        if len(calls) <= times:
            database.execute(f"do $$ begin raise {kind}; end $$")
        return "done"

    return work, calls


@pytest.mark.parametrize("kind", ["serialization_failure", "deadlock_detected"])
def test_the_whole_function_is_tried_again(database, other, kind):
    work, calls = get_in_the_way(2, kind)
    assert transactional(isolation="serializable", retry=3)(work)(database) == "done"
    assert calls == ["serializable"] * 3 + ["committed"]
    assert count(other) == 1


def test_after_the_last_attempt_the_error_is_raised(database, other):
    work, calls = get_in_the_way(5)
    with pytest.raises(SerializationError):
        transactional(retry=2)(work)(database)
    assert len(calls) == 3
    assert count(other) == 0


@pytest.mark.parametrize("decorate", [transactional, transactional(retry=0)])
def test_without_being_asked_nothing_is_tried_again(database, decorate):
    work, calls = get_in_the_way(1)
    with pytest.raises(SerializationError):
        decorate(work)(database)
    assert len(calls) == 1


def test_other_errors_are_not_tried_again(database):
    work, calls = get_in_the_way(1, "unique_violation")
    with pytest.raises(UniqueViolationError):
        transactional(retry=5)(work)(database)
    assert len(calls) == 1


def test_inside_of_another_only_the_outermost_is_tried_again(database):
    work, calls = get_in_the_way(1)
    inner = transactional(retry=5)(work)
    with pytest.raises(SerializationError), database.transaction():
        inner(database)
    assert len(calls) == 1
    work, calls = get_in_the_way(1)
    inner = transactional(retry=5)(work)
    assert transactional(retry=1)(lambda: inner(database))() == "done"
    assert calls == ["read committed", "read committed", "committed"]


def test_a_conflict_that_shows_at_the_commit_is_tried_again(database, other):
    """Two transactions read what the other writes; the second to commit finds out then."""
    for amount in (1, 2):
        database.execute(ADD, [amount])
    calls = []

    @transactional(isolation="serializable", retry=3)
    def move(mine, theirs):
        total = database.execute("select sum(term) as n from loans where amount = %s", [theirs])[0]["n"]
        if not calls:
            calls.append("rival")
            with other.transaction(isolation="serializable"):
                other.execute("select sum(term) from loans where amount = %s", [mine])
                other.execute("update loans set term = term + 1 where amount = %s", [theirs])
        else:
            calls.append(total)
        database.execute("update loans set term = %s where amount = %s", [total + 10, mine])

    move(1, 2)
    assert calls == ["rival", 2], "the second attempt has seen what the rival wrote"
    assert database.execute("select term from loans order by amount") == [{"term": 12}, {"term": 2}]


@pytest.mark.parametrize("retry", [-1, True, 1.5, "3", None])
def test_a_number_of_attempts_that_is_none_is_refused(retry):
    with pytest.raises(ValueError, match="retry"):
        transactional(retry=retry)


def test_read_only_is_kept_by_the_server(database):
    @transactional(read_only=True)
    def write():
        database.execute("select 1")
        database.execute(ADD, [1])

    with pytest.raises(ReadOnlyError):
        write()
    assert count(database) == 0


@pytest.mark.parametrize("kind", ["coroutine", "generator"])
def test_what_only_wraps_a_function_that_runs_later_is_refused_and_undone(database, other, kind):
    async def coroutine():
        database.execute(ADD, [2])

    def generator():
        yield database.execute(ADD, [2])

    wrapped = functools.wraps(coroutine)(lambda: {"coroutine": coroutine, "generator": generator}[kind]())
    with pytest.raises(TypeError, match="to_thread"):
        transactional(wrapped)()
    assert count(other) == 0


def test_a_callable_without_a_name_is_tried_again_as_well(database):
    calls = []

    def meet(raised):
        calls.append(1)
        if len(calls) < 3:
            raise raised

    transactional(retry=5)(functools.partial(meet, SerializationError("met")))()
    assert len(calls) == 3


def test_options_are_checked_where_they_are_written():
    with pytest.raises(TypeError, match="by keyword, not 'serializable'"):
        transactional("serializable")
    with pytest.raises(ValueError, match="isolation"):
        transactional(isolation="repeatable_read")
