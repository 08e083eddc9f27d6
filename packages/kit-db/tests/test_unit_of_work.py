"""Work as a whole: what is published is what was committed."""

# ruff: noqa: PT012

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from kit_db import BaseAction, ReadOnlyError, Store, TransactionAbortedError, UniqueViolationError, UnitOfWork


@dataclass
class Loan:
    id: UUID
    amount: int = 1
    term: int = 1


class LoanStore(Store[Loan]):
    entity = Loan
    table = "loans"


@dataclass
class Requested:
    """An event by structure: `load` makes it of a payload, `publish` sends it."""

    id: UUID

    sent = []  # noqa: RUF012

    @classmethod
    def load(cls, payload):
        return cls(**payload)

    def publish(self):
        self.sent.append(self.id)


loans = LoanStore()


@pytest.fixture
def told(other):
    """What was published, each with the number of rows that others saw then."""
    calls = []

    def publish(events):
        calls.append(([*events], LoanStore(other).count()))

    publish.calls = calls
    return publish


@pytest.fixture
def sent(monkeypatch):
    monkeypatch.setattr(Requested, "sent", [])
    return Requested.sent


def test_events_are_published_in_order_after_the_commit(database, told):
    with UnitOfWork(told) as work:
        for name in "abc":
            loans.add(Loan(uuid4()))
            work.publish(name)
        assert told.calls == []
    assert told.calls == [(["a", "b", "c"], 3)]


def test_inside_they_are_the_last_step_before_the_commit(database, told):
    with UnitOfWork(told, when="inside") as work:
        loans.add(Loan(uuid4()))
        work.publish("a")
        assert told.calls == []
    assert told.calls == [(["a"], 0)]
    assert loans.count() == 1


@pytest.mark.parametrize("when", ["commit", "inside"])
def test_what_is_rolled_back_is_not_published(database, told, when):
    with pytest.raises(LookupError), UnitOfWork(told, when=when) as work:
        loans.add(Loan(uuid4()))
        work.publish("a")
        raise LookupError
    assert (told.calls, loans.count()) == ([], 0)


def test_an_error_that_was_swallowed_publishes_nothing(database, told):
    with pytest.raises(TransactionAbortedError), UnitOfWork(told) as work:
        twice = loans.add(Loan(uuid4()))
        work.publish("a")
        with pytest.raises(UniqueViolationError):
            loans.add(twice)
    assert told.calls == []


def test_an_outbox_that_fails_rolls_back(database):
    def fail(events):
        raise ConnectionError

    with pytest.raises(ConnectionError), UnitOfWork(fail, when="inside") as work:
        loans.add(Loan(uuid4()))
        work.publish("a")
    assert loans.count() == 0


def test_a_bus_that_fails_after_the_commit_is_logged(database, caplog):
    def fail(events):
        raise ConnectionError("no bus")

    with UnitOfWork(fail) as work:
        loans.add(Loan(uuid4()))
        work.publish("a")
    assert loans.count() == 1
    assert "no bus" in caplog.text


def test_nothing_to_tell_calls_nobody(database, told):
    for when in ("commit", "inside"):
        with UnitOfWork(told, when=when):
            loans.add(Loan(uuid4()))
    assert told.calls == []


def test_inside_of_a_transaction_the_outermost_commit_counts(database, told):
    with database.transaction():
        with UnitOfWork(told) as work:
            loans.add(Loan(uuid4()))
            work.publish("a")
        with pytest.raises(LookupError), UnitOfWork(told) as work:
            work.publish("b")
            raise LookupError
        assert told.calls == []
    assert told.calls == [(["a"], 1)]


def test_an_event_publishes_itself_unless_somebody_else_does(database, sent):
    one, two = uuid4(), uuid4()
    with UnitOfWork() as work:
        work.publish(Requested(one))
        work.publish(Requested, {"id": two})
    assert sent == [one, two]


def test_a_unit_of_work_can_be_used_again_but_not_in_itself(database, told):
    work = UnitOfWork(told)
    for name in "ab":
        with work:
            work.publish(name)
    assert [events for events, _ in told.calls] == [["a"], ["b"]]
    with pytest.raises(RuntimeError, match="another"), work, work:
        pass
    with pytest.raises(RuntimeError, match="block"):
        work.publish("c")


def test_a_database_and_an_isolation_can_be_given(database, other):
    with UnitOfWork(database=other, isolation="serializable"):
        assert other.execute("show transaction_isolation") == [{"transaction_isolation": "serializable"}]
        assert not database.in_transaction


def test_a_when_that_is_none_is_refused():
    with pytest.raises(ValueError, match="later"):
        UnitOfWork(when="later")
    with pytest.raises(ValueError, match="later"):
        type("Late", (BaseAction,), {"when": "later", "call": lambda self, params: None})


class RequestLoan(BaseAction[dict, Loan]):
    def call(self, params):
        loan = loans.add(Loan(**params))
        self.publish(Requested, {"id": loan.id})
        return loan


def test_an_action_runs_commits_and_publishes(database, sent, other):
    """E5: `run(params)` calls `call(params)` in a transaction and publishes what it collected after the commit."""
    loan = RequestLoan.run({"id": uuid4()})
    assert LoanStore(other).get(loan.id) == loan
    assert sent == [loan.id]


def test_an_action_that_fails_publishes_nothing(database, sent):
    class Fails(RequestLoan):
        def call(self, params):
            super().call(params)
            raise LookupError

    with pytest.raises(LookupError):
        Fails.run({"id": uuid4()})
    assert (sent, loans.count()) == ([], 0)


def test_an_action_through_an_outbox_loses_nothing_between_commit_and_publishing(database, told):
    """E5, the defect: events were published after the commit only, and a crash in between lost them."""

    class Kept(RequestLoan):
        publisher = told
        when = "inside"

    loan = Kept.run({"id": uuid4()})
    assert told.calls == [([Requested(loan.id)], 0)]
    assert loans.count() == 1


def test_each_attempt_of_an_action_begins_anew(database, sent):
    attempts = []

    class Contended(RequestLoan):
        retry = 2
        isolation = "serializable"

        def call(self, params):
            loan = super().call(params)
            attempts.append(self)
            if len(attempts) < 3:
                database.execute("do $$ begin raise serialization_failure; end $$")
            return loan

    loan = Contended.run({"id": uuid4()})
    assert len(set(map(id, attempts))) == 3
    assert sent == [loan.id]
    assert loans.count() == 1


def test_an_action_is_as_many_round_trips_as_its_statements_and_a_commit(database, wire, sent):
    from kit_db import Database, set_default_database

    through = Database.from_url(wire.url)
    set_default_database(through)
    through.execute("select 1")
    wire.clear()
    RequestLoan.run({"id": uuid4()})
    assert wire.trips == 2
    through.close()


def test_an_action_with_state_of_its_own(database, sent):
    class Counting(RequestLoan):
        def __init__(self):
            self.calls = 0

        def call(self, params):
            self.calls += 1
            super().call(params)
            return self.calls

    assert Counting.run({"id": uuid4()}) == 1
    assert len(sent) == 1


def test_an_action_uses_its_own_database(database, other, sent):
    class Elsewhere(BaseAction[None, bool]):
        database = other
        isolation = "repeatable read"

        def call(self, params):
            return other.in_transaction and not database.in_transaction

    assert Elsewhere.run(None) is True


def test_an_action_without_a_call_is_refused():
    class Nothing(BaseAction):
        pass

    with pytest.raises(TypeError, match="call"):
        Nothing._attempt(None)


def test_a_read_only_transaction_around_an_action_is_kept(database, sent):
    with pytest.raises(ReadOnlyError), database.transaction(read_only=True):
        RequestLoan.run({"id": uuid4()})
    assert sent == []


@pytest.mark.parametrize("when", ["commit", "inside"])
def test_what_an_inner_block_takes_back_is_not_told(database, told, when):
    with UnitOfWork(told, when=when) as work:
        work.publish("before")
        with pytest.raises(LookupError), database.transaction():
            work.publish("undone")
            with database.transaction():
                work.publish("undone as well")
            raise LookupError
        with database.transaction():
            work.publish("after")
    assert [events for events, _ in told.calls] == [["before", "after"]]


@pytest.mark.parametrize("when", ["commit", "inside"])
def test_an_action_inside_of_a_block_that_is_taken_back_tells_nothing(database, told, when):
    class Request(BaseAction):
        publisher = staticmethod(told)

        def call(self, params):
            with pytest.raises(LookupError), database.transaction():
                self.publish("undone")
                assert self.events == ["undone"]
                raise LookupError
            assert self.events == []
            return params

    Request.when = when
    assert Request.run(1) == 1
    assert told.calls == []


def test_an_action_that_would_run_later_is_refused():
    with pytest.raises(TypeError, match=r"Later\.call.*to_thread"):

        class Later(BaseAction):
            async def call(self, params):
                return params
