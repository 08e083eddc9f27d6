"""kit-db under strict type checkers: the documented calls, and the types that come out of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, assert_type
from uuid import UUID, uuid4

from kit_db import (
    BaseAction,
    Database,
    DatabaseError,
    InvalidCursorError,
    InvalidLimitError,
    InvalidValueError,
    KeyNotUniqueError,
    Page,
    RowNotFoundError,
    StaleRowError,
    Store,
    UniqueViolationError,
    UnitOfWork,
    UnreadableRowError,
    default_database,
    set_default_database,
    transactional,
)
from kit_db.filters import ge, lt, ne
from kit_schemas import BaseEntity


@dataclass(kw_only=True)
class Loan:
    id: UUID
    reference: str
    amount: Decimal = Decimal(0)
    status: str = "requested"


class Document(BaseEntity):
    name: str


class LoanStore(Store[Loan]):
    entity = Loan
    table = "app.loans"


class DocumentStore(Store[Document]):
    entity = Document
    table = "documents"
    key = "uid"


@dataclass(kw_only=True)
class Seat:
    flight: str
    seat: str
    passenger: str | None = None
    prices: dict[str, Any] | None = None
    version: int | None = None


class SeatStore(Store[Seat]):
    entity = Seat
    table = "seats"
    key = ("flight", "seat")
    json = ("prices",)
    version = "version"


loans = LoanStore()
published: list[Any] = []


@transactional
def approve(loan_id: UUID) -> Loan | None:
    loan = loans.lock(loan_id, wait=2)
    return None if loan is None else loans.update(loan_id, {"status": "approved"}, where={"status": "requested"})


@transactional(isolation="serializable", retry=3)
def both(one: UUID, other: UUID) -> tuple[Loan | None, Loan | None]:
    return approve(one), approve(other)


class RequestLoan(BaseAction[dict[str, Any], Loan]):
    publisher = published.extend

    def call(self, params: dict[str, Any]) -> Loan:
        loan = loans.add(Loan(**params))
        self.publish({"type": "loan.requested", "id": loan.id})
        return loan


def stores() -> None:
    """Call each method of a store."""
    loan = loans.add(Loan(id=uuid4(), reference="A-1"))
    assert_type(loan, Loan)
    loans.add_all(Loan(id=uuid4(), reference=f"B-{number}") for number in range(3))
    assert_type(loans.add_if_absent(loan, on="reference"), Loan | None)
    print(loans.upsert(loan, on="reference", update="amount"))
    assert_type(loans.get(loan.id), Loan)
    assert_type(loans.find(loan.id), Loan | None)
    assert_type(loans.first(status="requested", order_by="-amount"), Loan | None)
    assert_type(loans.where(amount=[ge(3), lt(5)], status=ne("approved")), list[Loan])
    assert_type(loans.count(created_at=ge(datetime.now(UTC))), int)
    assert_type(loans.exists(reference=["A-1", "A-2"]), bool)
    page = loans.page(status="requested", order_by="-amount", limit=20)
    assert_type(page, Page[Loan])
    assert_type([each.amount for each in page], list[Decimal])
    loans.page(after=page.next)
    loans.delete(loan.id)
    assert_type(DocumentStore().find(uuid4()), Document | None)


def keys() -> None:
    """Use keys of several columns, and versions."""
    seats = SeatStore()
    key = ("KT7", "1A")
    seat = seats.get(key)
    assert_type(seats.find({"flight": "KT7", "seat": "1A"}), Seat | None)
    assert_type(seats.lock(key, nowait=True), Seat | None)
    assert_type(seats.upsert(seat, on=("flight", "seat"), update=["passenger"]), Seat)
    assert_type(seats.page(order_by=("-seat", "flight")), Page[Seat])
    try:
        assert_type(seats.update(key, {"passenger": "Ann"}, version=seat.version), Seat | None)
        assert_type(seats.delete(key, where={"passenger": None}, version=2), bool)
    except StaleRowError as error:
        print(error.key, error.version)
    except KeyNotUniqueError as error:
        assert_type(error.columns, tuple[str, ...])
    except UnreadableRowError as error:
        assert_type(error.written, bool)
        assert_type(error.column, str | None)
    except (InvalidCursorError, InvalidLimitError, InvalidValueError) as error:
        assert_type(error.messages, dict[str, list[str]])
        assert_type(error.normalized_messages(), dict[str, list[str]])
    seats.update(key, {"passenger": "Ann"}, version="2")  # type: ignore[arg-type]


def databases(url: str) -> None:
    """Use a database, transactions and units of work."""
    database = Database.from_url(url)
    set_default_database(database)
    print(default_database().execute("select 1"), database.run("delete from app.loans"))
    with database.transaction():
        database.after_commit(lambda: print("committed"))
    with UnitOfWork(publish=published.extend) as work:
        work.publish({"type": "loan.requested"})
    assert_type(approve(uuid4()), Loan | None)
    assert_type(both(uuid4(), uuid4()), tuple[Loan | None, Loan | None])
    assert_type(RequestLoan.run({"reference": "C-2"}), Loan)
    try:
        database.close()
    except UniqueViolationError as error:
        print(error.constraint)
    except RowNotFoundError as error:
        print(error.table)
    except DatabaseError as error:
        print(error)
