"""Reading a row by its key and inserting a thousand, through Store, against psycopg2 and SQLAlchemy.

    uv run --group benchmarks python integration-tests/benchmarks/store.py

Against a real server on this machine (kit-local finds it), over TCP, in one process. The calls take turns; what is
printed is the least of the rounds by the clock, which is mostly the server's time, and the least CPU time of this
process. Exits with 1 if a limit is passed.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import psycopg2.extras
import sqlalchemy
from _table import print_table
from kit_db import Database, Store
from kit_testing.servers import Postgres
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

# A server's process may have landed beside its client on one core, or where the cache is not shared: each way gets
# several, and the best of them counts.
CONNECTIONS = 8
COLUMNS = "id, profile_id, amount, rate, term, status, note, active, due_on, created_at"
TABLE = """
create table loans (
    id uuid primary key, profile_id uuid not null, amount numeric(12, 2) not null, rate float8 not null,
    term integer not null, status text not null, note text, active boolean not null, due_on date,
    created_at timestamptz not null
)
"""
SELECT = f"SELECT {COLUMNS} FROM loans WHERE id = %s"
INSERT = f"INSERT INTO loans ({COLUMNS}) VALUES %s"

Calls = dict[str, Callable[[], object]]


@dataclass
class Loan:
    """A row of the table."""

    id: UUID
    profile_id: UUID
    amount: Decimal
    rate: float
    term: int
    status: str
    note: str | None
    active: bool
    due_on: Any
    created_at: datetime


class LoanStore(Store[Loan]):
    """The table through kit-db."""

    entity = Loan
    table = "loans"


class Base(DeclarativeBase):
    """Where SQLAlchemy keeps its mappings."""


class MappedLoan(Base):
    """The table through SQLAlchemy's ORM."""

    __tablename__ = "loans"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID]
    amount: Mapped[Decimal] = mapped_column(sqlalchemy.Numeric(12, 2))
    rate: Mapped[float] = mapped_column(sqlalchemy.Double)
    term: Mapped[int]
    status: Mapped[str]
    note: Mapped[str | None]
    active: Mapped[bool]
    due_on: Mapped[Any] = mapped_column(sqlalchemy.Date)
    created_at: Mapped[datetime] = mapped_column(sqlalchemy.DateTime(timezone=True))


def some_loan() -> Loan:
    """Make a row."""
    now = datetime.now(UTC)
    return Loan(uuid4(), uuid4(), Decimal("1500.50"), 4.25, 12, "requested", "a note", True, now.date(), now)


@contextmanager
def reading(url: str, key: UUID) -> Iterator[Calls]:
    """Give the ways to read a row by its key, each on a new connection."""
    raw = psycopg2.connect(url)
    raw.autocommit = True
    psycopg2.extras.register_uuid(conn_or_curs=raw)
    text = str(key)
    database = Database.from_url(url)
    store = LoanStore(database)

    def cursor() -> object:
        with raw.cursor() as opened:
            opened.execute(SELECT, [text])
            return opened.fetchone()

    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:", 1))
    table = MappedLoan.__table__
    query = sqlalchemy.select(table).where(table.c.id == sqlalchemy.bindparam("key"))

    def core() -> object:
        with engine.connect() as connection:
            return connection.execute(query, {"key": key}).one()

    def orm() -> object:
        with Session(engine) as session:
            return session.get(MappedLoan, key)

    yield {"psycopg2 cursor": cursor, "Store.find": lambda: store.find(key), "SQLAlchemy core": core, "its ORM": orm}
    raw.close()
    database.close()
    engine.dispose()


def inserting(url: str, store: LoanStore, loans: list[Loan]) -> Calls:
    """Return the ways to insert rows."""
    raw = psycopg2.connect(url)
    raw.autocommit = True
    psycopg2.extras.register_uuid(conn_or_curs=raw)
    rows = [tuple(vars(loan).values()) for loan in loans]

    def values() -> object:
        with raw.cursor() as opened:
            return psycopg2.extras.execute_values(opened, INSERT, rows, page_size=len(rows))

    def returning() -> object:
        with raw.cursor() as opened:
            query = f"{INSERT} RETURNING {COLUMNS}"
            return psycopg2.extras.execute_values(opened, query, rows, page_size=len(rows), fetch=True)

    return {
        "execute_values": values,
        "execute_values, returning the rows": returning,
        "Store.add_all": lambda: store.add_all(loans),
    }


def measured(
    calls: Calls, *, number: int, rounds: int, before: Callable[[], object] = lambda: None
) -> dict[str, tuple[float, float]]:
    """Return the least time and the least CPU time of each call, in microseconds."""
    clock: dict[str, list[float]] = {name: [] for name in calls}
    cpu: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            before()
            call() if number > 1 else None
            begun, used = time.perf_counter(), time.process_time()
            for _ in range(number):
                call()
            cpu[name].append((time.process_time() - used) / number * 1e6)
            clock[name].append((time.perf_counter() - begun) / number * 1e6)
    return {name: (min(clock[name]), min(cpu[name])) for name in calls}


def least(one: tuple[float, float] | None, other: tuple[float, float]) -> tuple[float, float]:
    """Return the lesser of two times, and of two CPU times."""
    return other if one is None else (min(one[0], other[0]), min(one[1], other[1]))


def show(title: str, found: dict[str, tuple[float, float]]) -> None:
    """Print what was measured, the first being the one to compare with."""
    first = next(iter(found.values()))[0]
    rows = [[name, f"{clock:.0f}", f"{cpu:.0f}", f"{clock / first:.2f}"] for name, (clock, cpu) in found.items()]
    print_table(title, ["", "µs", "CPU µs", "of the first"], rows)


def main() -> int:
    """Measure, print, and tell whether all limits are kept."""
    with Postgres() as server:
        database = Database.from_url(server.url)
        database.execute(TABLE)
        store = LoanStore(database)
        key = store.add_all(some_loan() for _ in range(1000))[500].id
        database.execute("vacuum analyze loans")
        read: dict[str, tuple[float, float]] = {}
        for _ in range(CONNECTIONS):
            with reading(server.url, key) as calls:
                found = measured(calls, number=100, rounds=12)
            read = {name: least(read.get(name), taken) for name, taken in found.items()}
        loans = [some_loan() for _ in range(1000)]
        written = measured(
            inserting(server.url, store, loans),
            number=1,
            rounds=40,
            before=lambda: database.execute("truncate loans"),
        )
        database.close()
    show("A row of ten columns by its key", read)
    show("1000 rows of ten columns", written)
    found, core, orm = (read[name][0] for name in ("Store.find", "SQLAlchemy core", "its ORM"))
    added = written["Store.add_all"][0]
    limits = {
        "1.15 times psycopg2's cursor": found <= 1.15 * read["psycopg2 cursor"][0],
        "half of SQLAlchemy core": found <= core / 2,
        "a quarter of its ORM": found <= orm / 4,
        "1.3 times execute_values": added <= 1.3 * written["execute_values"][0],
        "1.3 times execute_values that returns the rows": added
        <= 1.3 * written["execute_values, returning the rows"][0],
    }
    print("\nat most")
    for name, kept in limits.items():
        print(f"  {name}: {'yes' if kept else 'no'}")
    return 0 if all(limits.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
