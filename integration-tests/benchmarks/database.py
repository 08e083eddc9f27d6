"""What kit-db adds to psycopg2, next to SQLAlchemy: reading by key, writing with timeouts, connecting, importing.

    uv run --group benchmarks python integration-tests/benchmarks/database.py

Everything talks to one local PostgreSQL over TCP without encryption, in one process, in turns. A ratio is the median
of the rounds' ratios, so that what else the machine does hits both sides. Round trips are counted by a proxy in
kit-db's tests (test_wire.py): where the server is another machine they outweigh all of this.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import psycopg2
import psycopg2.extras
import sqlalchemy
import sqlalchemy.orm
from _table import print_table
from kit_db import Database, Store
from kit_db.testing import rolled_back
from kit_testing.servers import Databases, Postgres

ROUNDS, CALLS = 40, 100
SELECT = "select id, name, amount, term, status, note from loans where id = %s"
SETTINGS = "SET LOCAL statement_timeout = 5000; SET LOCAL lock_timeout = 1000; "
UPDATE = "update loans set term = term + 1 where id = %s"
IMPORTS = {
    "psycopg2": "import psycopg2",
    "kit_db": "import kit_db",
    "kit_db and its driver": "import kit_db.driver.psycopg2",
    "sqlalchemy and psycopg2": "import sqlalchemy, psycopg2",
    "sqlalchemy.orm and psycopg2": "import sqlalchemy.orm, psycopg2",
}


@dataclass
class Loan:
    """A row."""

    id: int
    name: str
    amount: Decimal
    term: int
    status: str
    note: str | None


class LoanStore(Store[Loan]):
    """The table."""

    entity = Loan
    table = "loans"


class Base(sqlalchemy.orm.DeclarativeBase):
    """What SQLAlchemy's entities are made of."""


class Row(Base):
    """A row, for SQLAlchemy."""

    __tablename__ = "loans"
    id: sqlalchemy.orm.Mapped[int] = sqlalchemy.orm.mapped_column(primary_key=True)
    name: sqlalchemy.orm.Mapped[str]
    amount: sqlalchemy.orm.Mapped[Decimal]
    term: sqlalchemy.orm.Mapped[int]
    status: sqlalchemy.orm.Mapped[str]
    note: sqlalchemy.orm.Mapped[str | None]


def prepare(url: str) -> None:
    """Make the table and its rows."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "create table loans (id int primary key, name text not null, amount numeric(12, 2) not null,"
            " term int not null, status text not null, note text);"
            " insert into loans select n, 'loan ' || n, n * 100, 12, 'open', null from generate_series(1, 1000) n"
        )


class Taken(NamedTuple):
    """What a call took in each round, in microseconds."""

    wall: list[float]
    cpu: list[float]


def measured(calls: dict[str, Callable[[], object]], *, rounds: int = ROUNDS, number: int = CALLS) -> dict[str, Taken]:
    """Call each so often in every round."""
    found = {name: Taken([], []) for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            begun, used = time.perf_counter(), time.process_time()
            for _ in range(number):
                call()
            found[name].wall.append((time.perf_counter() - begun) / number * 1e6)
            found[name].cpu.append((time.process_time() - used) / number * 1e6)
    return found


def ratio(found: dict[str, Taken], name: str, floor: str) -> float:
    """Return how many times what `floor` takes a call takes."""
    return statistics.median(mine / its for mine, its in zip(found[name].wall, found[floor].wall, strict=True))


def show(title: str, found: dict[str, Taken], floor: str) -> None:
    """Print a table of `measured`."""
    print_table(
        title,
        ("", "least µs", "median µs", "CPU µs", f"of {floor}"),
        [
            (
                name,
                f"{min(taken.wall):.0f}",
                f"{statistics.median(taken.wall):.0f}",
                f"{min(taken.cpu):.0f}",
                f"{ratio(found, name, floor):.2f}",
            )
            for name, taken in found.items()
        ],
    )


def reading(url: str, database: Database) -> dict[str, Taken]:
    """Select one row by its key."""
    raw = psycopg2.connect(url)
    raw.autocommit = True
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    table = Row.__table__
    statement = sqlalchemy.select(table).where(table.c.id == sqlalchemy.bindparam("key"))
    store = LoanStore(database)

    def cursor() -> object:
        with raw.cursor() as cursor:
            cursor.execute(SELECT, [7])
            return cursor.fetchone()

    def core() -> object:
        with engine.connect() as connection:
            return connection.execute(statement, {"key": 7}).one()

    def orm() -> object:
        with sqlalchemy.orm.Session(engine) as session:
            return session.get(Row, 7)

    found = measured(
        {
            "psycopg2, a cursor": cursor,
            "kit_db, Database.run": lambda: database.run(SELECT, [7]),
            "kit_db, Store.find": lambda: store.find(7),
            "SQLAlchemy core": core,
            "SQLAlchemy ORM": orm,
        }
    )
    raw.close()
    engine.dispose()
    return found


def writing(url: str, database: Database) -> dict[str, Taken]:
    """Update one row, with a timeout for the statement and one for its locks."""
    raw = psycopg2.connect(url)
    raw.autocommit = True
    other = psycopg2.connect(url)
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    bound = Database.from_url(url, statement_timeout=5, lock_timeout=1)

    def message() -> None:
        with raw.cursor() as cursor:
            cursor.execute(SETTINGS + UPDATE, [7])

    def usual() -> None:
        with other, other.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 5000")
            cursor.execute("SET LOCAL lock_timeout = 1000")
            cursor.execute(UPDATE, [7])

    def core() -> None:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("SET LOCAL statement_timeout = 5000"))
            connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = 1000"))
            connection.execute(sqlalchemy.text("update loans set term = term + 1 where id = :id"), {"id": 7})

    found = measured(
        {
            "psycopg2, one message by hand": message,
            "kit_db, Database.run": lambda: bound.run(UPDATE, [7]),
            "psycopg2, a statement each": usual,
            "SQLAlchemy core": core,
        },
        number=50,
    )
    raw.close()
    other.close()
    bound.close()
    engine.dispose()
    return found


def connecting(url: str) -> dict[str, Taken]:
    """Open a connection and close it."""
    database = Database.from_url(url)

    def ours() -> None:
        database.run("select 1")
        database.close()

    def raw() -> None:
        connection = psycopg2.connect(url)
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        connection.close()

    def engine() -> None:
        made = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
        with made.connect() as connection:
            connection.execute(sqlalchemy.text("select 1"))
        made.dispose()

    return measured({"psycopg2": raw, "kit_db": ours, "SQLAlchemy": engine}, rounds=15, number=3)


def adding(url: str, database: Database) -> dict[str, Taken]:
    """Insert a thousand rows and undo it."""
    raw = psycopg2.connect(url)
    store = LoanStore(database)
    rows = [(n, f"loan {n}", Decimal(n), 12, "open", None) for n in range(2000, 3000)]
    loans = [Loan(*row) for row in rows]

    def values() -> None:
        with raw.cursor() as cursor:
            query = "insert into loans values %s returning id, name, amount, term, status, note"
            psycopg2.extras.execute_values(cursor, query, rows, page_size=1000, fetch=True)
        raw.rollback()

    def ours() -> None:
        with rolled_back(database):
            store.add_all(loans)

    found = measured({"psycopg2, execute_values": values, "kit_db, Store.add_all": ours}, rounds=20, number=1)
    raw.close()
    return found


def importing() -> dict[str, float]:
    """Return milliseconds of CPU that each import takes over a bare process, the least of several."""
    measure = "import sys, time\nbefore = time.process_time_ns()\n{}\nprint(time.process_time_ns() - before)"
    taken: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(16):
        for name, statement in IMPORTS.items():
            command = [sys.executable, "-c", measure.format(statement)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            taken[name].append(int(done.stdout) / 1e6)
    return {name: min(times) for name, times in taken.items()}


def main() -> int:
    """Print the tables; return 1 when a limit is passed."""
    with Postgres() as server:
        databases = Databases(server, prepare)
        with closing(databases), databases.fresh() as fresh, closing(Database.from_url(fresh)) as database:
            url = f"{fresh}?sslmode=disable"
            one, write = reading(url, database), writing(url, database)
            connect, add = connecting(url), adding(url, database)
    show("Select one row by its key", one, "psycopg2, a cursor")
    show("Update one row, with two timeouts", write, "psycopg2, one message by hand")
    show("Connect, select 1, close", connect, "psycopg2")
    show("Insert 1000 rows and roll back", add, "psycopg2, execute_values")
    loaded = importing()
    rows = [(name, f"{ms:.1f}", f"{ms / loaded['psycopg2']:.2f}") for name, ms in loaded.items()]
    print_table("Import, milliseconds of CPU", ("", "ms", "of psycopg2"), rows)
    print()
    return 0 if all([*limits(one, add), *import_limits(loaded)]) else 1


def limits(one: dict[str, Taken], add: dict[str, Taken]) -> list[bool]:
    """Tell which limits on statements are kept."""
    find = "kit_db, Store.find"
    return [
        kept("Store.find, of a psycopg2 cursor", ratio(one, find, "psycopg2, a cursor"), 1.15),
        kept("Store.find, of SQLAlchemy core", ratio(one, find, "SQLAlchemy core"), 0.5),
        kept("Store.find, of SQLAlchemy ORM", ratio(one, find, "SQLAlchemy ORM"), 0.25),
        kept("add_all, of execute_values", ratio(add, "kit_db, Store.add_all", "psycopg2, execute_values"), 1.3),
    ]


def import_limits(loaded: dict[str, float]) -> list[bool]:
    """Tell whether the limit on the import is kept."""
    return [kept("import kit_db, of psycopg2", loaded["kit_db"] / loaded["psycopg2"], 1.15)]


def kept(what: str, ratio: float, limit: float) -> bool:
    """Print a ratio beside its limit; tell whether it is kept."""
    print(f"{what}: {ratio:.2f}, at most {limit}: {'yes' if ratio <= limit else 'NO'}")
    return ratio <= limit


if __name__ == "__main__":
    sys.exit(main())
