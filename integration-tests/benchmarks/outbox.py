"""The outbox's relay against the least that could do its job, and a claim beside a backlog against one without.

    uv run python integration-tests/benchmarks/outbox.py [events]

The floor is a table of its own with the same columns, of which 100 rows at a time are selected FOR UPDATE SKIP LOCKED,
sent and deleted in one transaction: it keeps no order, knows no failures and holds its locks while it sends. Both sides
send to a bus that takes everything at once. They take turns on one PostgreSQL, and each side's best round counts.

Exits with 1 if relaying events of as many aggregates takes over 5 times the floor's time, of one aggregate over 15
times, or a claim beside a backlog of 100,000 over 3 times one without.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from _table import print_table
from kit_db import Database
from kit_events import EventBus
from kit_events.outbox import Outbox, Relay, schema_sql
from kit_events.publishing.message import Message
from kit_testing.servers import Databases, Postgres

ROUNDS, CLAIMS = 3, 15
BACKLOG = 100_000
MOST = {"as many": 5.0, "1": 15.0, "claim": 3.0}
ONE = "00000000-0000-4000-8000-000000000001"

FLOOR_SQL = """create table floor (id uuid primary key, type text not null, aggregate_id uuid not null,
    body text not null, attributes text not null, seq bigint generated always as identity,
    due_at timestamptz not null default now());
create index on floor (due_at)"""
FILL = """insert into {table} (id, type, aggregate_id, body, attributes)
    select gen_random_uuid(), 'loan.requested', md5((i %% %s)::text)::uuid, repeat('x', 300),
    '{{"event_type":"loan.requested"}}' from generate_series(1, %s) as i"""


class Bus:
    """A bus that takes everything, and counts it."""

    max_bytes = 1_000_000
    ordered = False
    in_flight = 1

    def __init__(self) -> None:
        self.taken = 0

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Take messages."""
        self.taken += len(messages)
        return {}


def floor(database: Database) -> int:
    """Send and delete everything, 100 at a time; return how many there were."""
    bus = EventBus(driver := Bus())
    while True:
        with database.transaction():
            rows = database.run(
                "select id, type, aggregate_id, body, attributes from floor order by due_at limit 100 "
                "for update skip locked"
            ).rows
            if not rows:
                return driver.taken
            bus.send([Message(*row[:4], json.loads(row[4])) for row in rows])
            database.run("delete from floor where id = any(%s)", [[row[0] for row in rows]])


def relay(database: Database) -> int:
    """Relay everything; return how many there were."""
    return Relay(Outbox(database=database, bus=EventBus(Bus()))).run().sent


def seconds(call: Callable[[], int], expected: int) -> float:
    """Return how long a call takes."""
    begun = time.perf_counter()
    done = call()
    taken = time.perf_counter() - begun
    assert done == expected, f"{done} of {expected}"
    return taken


def compare(database: Database, events: int) -> dict[str, float]:
    """Print the first table, and return the ratios."""
    rows, ratios = [], {}
    for name, aggregates in (("as many", events), ("200", 200), ("1", 1)):
        best = {"floor": float("inf"), "kit_outbox": float("inf")}
        for _ in range(ROUNDS):
            for table, side in (("floor", floor), ("kit_outbox", relay)):
                database.execute(f"truncate {table}")
                database.execute(FILL.format(table=table), [aggregates, events])
                database.execute(f"vacuum analyze {table}")
                best[table] = min(best[table], seconds(lambda side=side: side(database), events))
        ratios[name] = best["kit_outbox"] / best["floor"]
        rates = [f"{events / best[side]:,.0f}" for side in ("floor", "kit_outbox")]
        rows.append((name, *rates, f"{ratios[name]:.1f}", MOST.get(name, "")))
    print_table(f"{events:,} events, per second", ("aggregates", "floor", "relay", "ratio", "at most"), rows)
    return ratios


def claims(database: Database) -> float:
    """Print the second table, and return the worst ratio."""
    box = Outbox(database=database, bus=EventBus(Bus()))

    def fill(*backlogs: tuple[int, int]) -> None:
        database.execute("truncate kit_outbox")
        for aggregates, events in backlogs:
            database.execute(FILL.format(table="kit_outbox"), [aggregates, events])
        database.execute("vacuum analyze kit_outbox")

    def claim() -> float:
        taken = []
        for _ in range(CLAIMS):
            token, begun = uuid4(), time.perf_counter()
            box.table.claim(token, lease=60, most=100, aggregates=None)
            taken.append((time.perf_counter() - begun) * 1000)
            box.table.release(token)
        return statistics.median(taken)

    rows = []
    fill((1000, 1000))
    alone = claim()
    rows.append(("1,000 aggregates, nothing behind them", f"{alone:.2f}", "1.0"))
    for name, backlog in (("as many", BACKLOG), ("100", 100), ("one", 1)):
        fill((1000, 1000), (backlog, BACKLOG))
        rows.append((f"beside {BACKLOG:,} of {name}", f"{(taken := claim()):.2f}", f"{taken / alone:.1f}"))
    fill((1, BACKLOG), (1000, 1000))
    failed = "update kit_outbox set due_at = now() + interval '1 h' where seq = (select min(seq) from kit_outbox)"
    database.execute(failed)
    rows.append((f"beside {BACKLOG:,} of one, whose head failed", f"{(taken := claim()):.2f}", f"{taken / alone:.1f}"))
    print_table("A claim of 100", ("waiting", "ms", "ratio"), rows)
    return max(float(row[2]) for row in rows)


def main() -> int:
    """Print both tables, and return the exit code."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with Postgres() as server:
        databases = Databases(server, None)
        with databases.fresh() as url:
            database = Database.from_url(url)
            database.execute(schema_sql())
            database.execute(FLOOR_SQL)
            found = {**compare(database, events), "claim": claims(database)}
            database.close()
        databases.close()
    kept = all(found[name] <= most for name, most in MOST.items())
    print(f"\nwithin the limits: {'yes' if kept else 'NO'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
