"""The table of events that wait to be sent, and every statement on it."""

# ruff: noqa: S608  (a table's name is checked by table_name, and every value is a parameter)

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kit_core.json import dumps, loads

from kit_events.publishing.message import Message
from kit_events.tables import table_name

if TYPE_CHECKING:
    from kit_db import Database

TABLE = "kit_outbox"


def schema_sql(table: str = TABLE) -> str:
    """Return the SQL that creates the outbox's two tables, for a migration.

    One holds the waiting events, the other, `…_dead`, the dead letters. There is no index on `seq` alone, so that the
    planner, whose statistics of such a table are always old, has but one way to find an aggregate's first event.
    """
    name = table_name(table)
    event = """id uuid primary key,
    type text not null,
    aggregate_id uuid not null,
    body text not null,
    attributes text not null,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    error text"""
    return f"""create table {name} (
    {event},
    seq bigint generated always as identity,
    due_at timestamptz not null default now(),
    claim uuid
);

create unique index on {name} (aggregate_id, seq);
create index on {name} (due_at);

create table {name}_dead (
    {event},
    died_at timestamptz not null default now()
);
"""


class WaitingEvent(NamedTuple):
    """Hold a claimed event: its place in the order, and how often it was tried."""

    seq: int
    attempts: int
    message: Message


class FailedEvent(NamedTuple):
    """Hold the fate of an event that was not taken: it is tried again after `delay` seconds, or never if it is dead."""

    id: UUID
    delay: float
    dead: bool
    error: str


class DeadEvent(NamedTuple):
    """Hold an event that was given up, and why."""

    id: UUID
    type: str
    aggregate_id: UUID
    attempts: int
    error: str
    died_at: datetime


class Table:
    """The statements. Each is a transaction of its own, but `add`: no lock is held while anything is sent."""

    def __init__(self, name: str, database: "Database | None") -> None:
        self._name = table_name(name)
        self._database = database

    @property
    def database(self) -> "Database":
        """The database that was given, else kit-db's default one."""
        if self._database is not None:
            return self._database
        from kit_db import default_database

        return default_database()

    def add(self, messages: Sequence[Message]) -> None:
        """Insert events in the open transaction, which from now on is the only one to write for their aggregates.

        The lock lasts until the transaction ends. So `seq`, which is drawn under it, grows in the order in which the
        transactions of an aggregate commit.
        """
        locks = [f"{self._name}:{each}" for each in sorted({str(message.aggregate_id) for message in messages})]
        rows = ", ".join(["(%s, %s, %s, %s, %s)"] * len(messages))
        values = [value for message in messages for value in (*message[:3], message.text, dumps(message.attributes))]
        self.database.run(
            "select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest(%s) as name; "
            f"insert into {self._name} (id, type, aggregate_id, body, attributes) values {rows}",
            [locks, *values],
        )

    def claim(self, claim: UUID, *, lease: float, most: int, aggregates: Iterable[UUID] | None) -> list[WaitingEvent]:
        """Lease at most so many events, the first ones of each aggregate that is due, and return them in their order.

        Only an aggregate's first event is looked at and locked: the relay that leases it has the aggregate. The events
        behind it are leased with it, since each of them becomes the first when the ones before it are sent.
        """
        only = "" if aggregates is None else "and aggregate_id = any(%(aggregates)s)"
        query = f"""with heads as materialized (
            select seq, aggregate_id from {self._name} as head
            where due_at <= now() {only} and seq = (
                select seq from {self._name} as first where first.aggregate_id = head.aggregate_id order by seq limit 1)
            order by due_at limit %(most)s for update skip locked
        ), runs as (
            select run.id from heads cross join lateral (
                select id, row_number() over (order by seq) as place from {self._name} as later
                where later.aggregate_id = heads.aggregate_id and later.seq >= heads.seq
                order by seq limit %(most)s) as run
            order by run.place limit %(most)s
        )
        update {self._name} as claimed set claim = %(claim)s, due_at = now() + make_interval(secs => %(lease)s)
        from runs where claimed.id = runs.id
        returning claimed.seq, attempts, claimed.id, type, aggregate_id, body, attributes"""
        given = {"claim": claim, "lease": lease, "most": most, "aggregates": list(aggregates or ())}
        rows = self.database.run(query, given, repeatable=True).rows
        found = [WaitingEvent(row[0], row[1], Message(row[2], row[3], row[4], row[5], loads(row[6]))) for row in rows]
        return sorted(found)

    def remove(self, ids: Sequence[UUID]) -> None:
        """Delete sent events, also those that another relay has leased by now."""
        self.database.run(f"delete from {self._name} where id = any(%s)", [list(ids)], repeatable=True)

    def postpone(self, claim: UUID, failures: Sequence[FailedEvent]) -> None:
        """Let failed events be tried again later, or bury them, as far as the claim still holds them."""
        query = f"""with failure as (
            select * from unnest(%s::uuid[], %s::float8[], %s::boolean[], %s::text[]) as given (id, delay, dead, error)
        ), buried as (
            delete from {self._name} as waiting using failure
            where waiting.id = failure.id and failure.dead and claim = %s
            returning waiting.id, type, aggregate_id, body, attributes, created_at, attempts + 1, failure.error
        ), kept as (
            insert into {self._name}_dead (id, type, aggregate_id, body, attributes, created_at, attempts, error)
            select * from buried
        )
        update {self._name} as waiting set attempts = attempts + 1, error = failure.error, claim = null,
            due_at = now() + make_interval(secs => failure.delay)
        from failure where waiting.id = failure.id and not failure.dead and claim = %s"""
        self.database.run(query, [*map(list, zip(*failures, strict=True)), claim, claim])

    def release(self, claim: UUID) -> None:
        """End the lease of a claim, so that other relays have its events."""
        query = f"update {self._name} set claim = null, due_at = now() where claim = %s"
        self.database.run(query, [claim], repeatable=True)

    def dead(self, *, most: int) -> list[DeadEvent]:
        """Return the events that were given up, oldest first."""
        query = f"""select id, type, aggregate_id, attempts, error, died_at from {self._name}_dead
            order by died_at, id limit %s"""
        return [DeadEvent(*row) for row in self.database.run(query, [most], repeatable=True).rows]

    def revive(self, ids: Iterable[UUID] | None) -> int:
        """Put events that were given up behind those that wait, in their order; return how many there were."""
        only = "" if ids is None else "where id = any(%s)"
        # An aggregate's events died one after the other, and come back in that order.
        query = f"""with revived as (
            delete from {self._name}_dead {only} returning id, type, aggregate_id, body, attributes, created_at, died_at
        )
        insert into {self._name} (id, type, aggregate_id, body, attributes, created_at)
            select id, type, aggregate_id, body, attributes, created_at from revived order by died_at"""
        parameters: list[Any] = [] if ids is None else [list(ids)]
        return self.database.run(query, parameters).count
