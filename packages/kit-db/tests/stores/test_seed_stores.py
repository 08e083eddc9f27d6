"""Stores and actions as they were written before, with nothing but their imports and the mapper changed."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID, uuid4

import pytest
from kit_db import BaseAction, BaseStore, Store, scoped_session


class Status(Enum):
    REQUESTED = "requested"
    APPROVED = "approved"


@dataclass
class Loan:
    id: UUID
    amount: int
    term: int
    status: Status = Status.REQUESTED
    opened_on: date | None = None


class LoanStore(BaseStore):
    entity = Loan
    table = "loans"


@dataclass
class LoanRequested:
    id: UUID

    sent = []  # noqa: RUF012

    @classmethod
    def load(cls, payload):
        return cls(payload["id"])

    def publish(self):
        self.sent.append(self.id)


class RequestLoan(BaseAction):
    def call(self, params):
        loan = LoanStore().add(Loan(**params))
        self.publish(LoanRequested, {"id": loan.id})
        return loan


@pytest.fixture(autouse=True)
def opened_on(database):
    database.execute("alter table loans add opened_on date")


def test_the_older_names_are_the_same_classes():
    assert BaseStore is Store


def test_a_store_finds_by_everything_that_it_found_by():
    """D6: UUID, date and Enum in find, find_by and where."""
    store = LoanStore()
    first, second = store.add_all(
        [Loan(uuid4(), 1, 12, opened_on=date(2026, 1, 2)), Loan(uuid4(), 2, 12, Status.APPROVED)]
    )
    assert store.find(first.id) == store.find(str(first.id)) == first
    assert store.find_by(opened_on=date(2026, 1, 2)) == first
    assert store.find_by(status=Status.APPROVED, id=second.id) == second
    assert {loan.id for loan in store.where(term=12)} == {first.id, second.id}
    assert store.where(term=13) == []


def test_what_a_scoped_session_adds_is_there_or_not(other):
    """D5, D6: a store inside of `scoped_session`."""

    @scoped_session
    def add(fail):
        loan = LoanStore().add(Loan(uuid4(), 1, 1))
        if fail:
            raise LookupError
        return loan

    assert LoanStore(other).find(add(fail=False).id) is not None
    with pytest.raises(LookupError):
        add(fail=True)
    assert LoanStore(other).count() == 1


def test_an_action_of_old_runs(monkeypatch):
    """E5: `run(params)`, `call`, `publish(EventCls, payload)`."""
    monkeypatch.setattr(LoanRequested, "sent", [])
    loan = RequestLoan.run({"id": uuid4(), "amount": 5, "term": 6})
    assert LoanRequested.sent == [loan.id]
    assert LoanStore().find(loan.id) == loan
