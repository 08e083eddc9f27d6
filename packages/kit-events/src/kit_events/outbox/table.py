"""The table of events that wait to be sent, and every statement on it."""

# ruff: noqa: S608  (a table's name is checked by table_name, and every value is a parameter)

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kit_events.message import Message
from kit_events.tables import table_name

if TYPE_CHECKING:
    from kit_db import Database

TABLE = "kit_outbox"

# Of one aggregate, so that one with very many events does not keep the others waiting.
_RUN = 10
_WAITS = "sent_at is null and dead_at is null"


def schema_sql(table: str = TABLE) -> str:
    """Return the SQL that creates the outbox's table with its indexes, for a migration."""
    name = table_name(table)
    return f"""create table {name} (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    type text not null,
    aggregate_id uuid not null,
    body text not null,
    attributes text not null,
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    claim uuid,
    attempts integer not null default 0,
    error text,
    sent_at timestamptz,
    dead_at timestamptz
) with (fillfactor = 80);

create index on {name} (seq) where {_WAITS};
create index on {name} (aggregate_id, seq) where {_WAITS};
create index on {name} (sent_at) where sent_at is not null;
create index on {name} (dead_at) where dead_at is not null;
"""


class Waiting(NamedTuple):
    """Hold a claimed event: its place in the order, and how often it was tried."""

    seq: int
    attempts: int
    message: Message


class Failure(NamedTuple):
    """Hold what becomes of an event that was not taken: tried again after `delay` seconds, or never if it is dead."""

    seq: int
    delay: float
    dead: bool
    error: str


class DeadLetter(NamedTuple):
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
        values = [
            value
            for message in messages
            for value in (*message[:3], message.text, json.dumps(message.attributes, separators=(",", ":")))
        ]
        self.database.run(
            "select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest(%s) as name; "
            f"insert into {self._name} (id, type, aggregate_id, body, attributes) values {rows}",
            [locks, *values],
        )

    def claim(self, claim: UUID, *, lease: float, most: int, aggregates: Iterable[UUID] | None) -> list[Waiting]:
        """Lease the first events of at most so many aggregates, oldest first, and return them in their order.

        Only an aggregate's first waiting event is looked at and locked: whoever leases it has the aggregate. Those
        behind it are leased with it, since each of them becomes the first when the ones before it are sent.
        """
        only = "" if aggregates is None else "and aggregate_id = any(%(aggregates)s)"
        query = f"""with heads as materialized (
            select seq, aggregate_id from {self._name} as head
            where {_WAITS} and due_at <= now() {only} and seq = (
                select seq from {self._name} as first where first.aggregate_id = head.aggregate_id and {_WAITS}
                order by seq limit 1)
            order by seq limit %(most)s for update skip locked
        ), runs as (
            select run.seq from heads cross join lateral (
                select seq from {self._name} as later
                where later.aggregate_id = heads.aggregate_id and later.seq >= heads.seq and {_WAITS}
                order by seq limit {_RUN}) as run
        )
        update {self._name} as claimed set claim = %(claim)s, due_at = now() + make_interval(secs => %(lease)s)
        from runs where claimed.seq = runs.seq
        returning claimed.seq, attempts, id, type, aggregate_id, body, attributes"""
        given = {"claim": claim, "lease": lease, "most": most, "aggregates": list(aggregates or ())}
        rows = self.database.run(query, given, repeatable=True).rows
        return sorted(
            Waiting(row[0], row[1], Message(row[2], row[3], row[4], row[5], json.loads(row[6]))) for row in rows
        )

    def settle(self, claim: UUID, sent: Sequence[int], failed: Sequence[Failure]) -> None:
        """Mark what was sent and what failed, as far as the claim still holds it."""
        if sent:
            query = f"update {self._name} set sent_at = now(), claim = null where seq = any(%s) and claim = %s"
            self.database.run(query, [list(sent), claim], repeatable=True)
        if failed:
            query = f"""update {self._name} as failed set
                attempts = attempts + 1, error = failure.error, claim = null,
                due_at = now() + make_interval(secs => failure.delay), dead_at = case when failure.dead then now() end
                from unnest(%s::bigint[], %s::float8[], %s::boolean[], %s::text[]) as failure (seq, delay, dead, error)
                where failed.seq = failure.seq and claim = %s"""
            self.database.run(query, [*map(list, zip(*failed, strict=True)), claim], repeatable=True)

    def release(self, claim: UUID) -> None:
        """Let others have what is still leased under a claim."""
        query = f"update {self._name} set claim = null, due_at = now() where claim = %s and {_WAITS}"
        self.database.run(query, [claim], repeatable=True)

    def purge(self, *, older_than: float, most: int) -> int:
        """Delete at most so many events that were sent more than so many seconds ago; return how many there were."""
        query = f"""delete from {self._name} where seq in (
            select seq from {self._name} where sent_at <= now() - make_interval(secs => %s)
            order by sent_at limit %s for update skip locked)"""
        return self.database.run(query, [older_than, most], repeatable=True).count

    def dead(self, *, most: int) -> list[DeadLetter]:
        """Return the events that were given up, oldest first."""
        query = f"""select id, type, aggregate_id, attempts, error, dead_at from {self._name}
            where dead_at is not null order by dead_at, seq limit %s"""
        return [DeadLetter(*row) for row in self.database.run(query, [most], repeatable=True).rows]

    def revive(self, ids: Iterable[UUID] | None) -> int:
        """Let events that were given up be tried again; return how many there were."""
        only = "" if ids is None else "and id = any(%s)"
        query = f"""update {self._name} set dead_at = null, attempts = 0, due_at = now()
            where dead_at is not null {only}"""
        parameters: list[Any] = [] if ids is None else [list(ids)]
        return self.database.run(query, parameters).count
