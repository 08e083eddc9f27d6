"""The table of events that wait to be sent, and every statement on it."""

# ruff: noqa: S608  (a table's name is checked by table_name, and every value is a parameter)

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

from kit_core.json import dumps, loads

from kit_events.extras import require
from kit_events.outbox.claim_sql import claim_sql
from kit_events.publishing.message import Message
from kit_events.tables import table_name

if TYPE_CHECKING:
    from kit_db import Database

_EVENT = "id, type, aggregate_id, body, attributes, message_group, created_at"


class WaitingEvent(NamedTuple):
    """Hold a claimed event: its place in the order, and how often it was tried."""

    seq: int
    attempts: int
    message: Message


class FailedEvent(NamedTuple):
    """Hold an event that was not taken: it is tried again after `delay` seconds, or never if it is dead.

    head: the id of the event that was the first of the aggregate's when it was claimed, and carries the lease
    """

    id: UUID
    head: UUID
    delay: float
    dead: bool
    error: str


class Settlement(NamedTuple):
    """Hold the outcome of a claim: the sent events, the failed ones, and the heads whose lease ends unused."""

    claim: UUID
    sent: Sequence[UUID] = ()
    failed: Sequence[FailedEvent] = ()
    unused: Sequence[UUID] = ()


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
        self._after = uuid4()  # the aggregate that was claimed last: the next claim goes on from there
        if database is None:
            require("outbox", "kit_db")

    @property
    def database(self) -> "Database":
        """The database that was given, else kit-db's default one."""
        if self._database is not None:
            return self._database
        from kit_db import default_database

        return default_database()

    def add(self, messages: Sequence[Message]) -> None:
        """Insert events in the open transaction, which from now on is the only one to write for their aggregates.

        A row is locked for each aggregate until the transaction ends. So `seq`, which is drawn under the lock, grows in
        the order in which the transactions of an aggregate commit.
        """
        rows = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(messages))
        values = [
            each
            for message in messages
            for each in (*message[:3], message.text, dumps(message.attributes), message.group)
        ]
        self.database.run(
            f"{self._lock('select unnest(%s)')}; "
            f"insert into {self._name} (id, type, aggregate_id, body, attributes, message_group) values {rows}",
            [sorted({message.aggregate_id for message in messages}), *values],
        )

    def claim(
        self,
        claim: UUID,
        *,
        lease: float,
        most: int,
        aggregates: Sequence[UUID] | None,
        settled: Settlement | None = None,
    ) -> list[WaitingEvent]:
        """Lease at most so many aggregates for `lease` seconds; return at most so many of their events, in their order.

        aggregates: the only ones to look at; None for all
        settled: the outcome of an earlier claim, which is written in the same transaction before
        """
        statements, given = ([], {}) if settled is None else self._settling(settled)
        given |= {"claim": claim, "lease": lease, "most": most}
        given |= {"after": self._after} if aggregates is None else {"aggregates": list(aggregates)}
        query = "; ".join([*statements, claim_sql(self._name, given=aggregates is not None)])
        rows = self.database.run(query, given, repeatable=True).rows
        if rows and aggregates is None:
            after = self._after
            self._after = max((row[5] for row in rows), key=lambda each: (each <= after, each))
        found = [WaitingEvent(row[1], row[2], _message(row)) for row in rows]
        return sorted(found, key=lambda waiting: waiting.seq)

    def settle(self, settled: Settlement) -> None:
        """Delete sent events, also if another relay has leased them by now; postpone or bury failed ones, end leases.

        Failed events and leases are only touched as far as the claim still holds their aggregates.
        """
        statements, given = self._settling(settled)
        if statements:
            self.database.run("; ".join(statements), given, repeatable=True)

    def release(self, claim: UUID) -> None:
        """End every lease of a claim, so that other relays have its events."""
        query = f"update {self._name} set claim = null, due_at = now() where claim = %s"
        self.database.run(query, [claim], repeatable=True)

    def dead(self, *, most: int) -> list[DeadEvent]:
        """Return the events that were given up, oldest first."""
        query = f"""select id, type, aggregate_id, attempts, error, died_at from {self._name}_dead
            order by died_at, id limit %s"""
        return [DeadEvent(*row) for row in self.database.run(query, [most], repeatable=True).rows]

    def revive(self, ids: Iterable[UUID] | None) -> int:
        """Put events that were given up behind those that wait, in their order; return how many there were."""
        only = "" if ids is None else "where id = any(%(ids)s::uuid[])"
        lock = self._lock(f"select distinct aggregate_id from {self._name}_dead {only} order by 1")
        # An aggregate's events died one after the other, and come back in that order.
        query = f"""with revived as (delete from {self._name}_dead {only} returning {_EVENT}, died_at)
            insert into {self._name} ({_EVENT}) select {_EVENT} from revived order by died_at"""
        return self.database.run(f"{lock}; {query}", {} if ids is None else {"ids": list(ids)}).count

    def forget_locks(self, *, most: int) -> int:
        """Delete at most so many rows that no transaction locks, an hour after they were made; return the number."""
        query = f"""delete from {self._name}_lock where aggregate_id = any(array(
            select aggregate_id from {self._name}_lock where created_at < now() - interval '1 hour'
            limit %s for update skip locked))"""
        return self.database.run(query, [most], repeatable=True).count

    def _lock(self, aggregates: str) -> str:
        """Return the statement that locks the row of each aggregate until the transaction ends.

        A row that is there is locked, though never updated: dead rows would slow down an aggregate that is often
        published for.
        """
        return f"""insert into {self._name}_lock (aggregate_id) {aggregates}
            on conflict (aggregate_id) do update set created_at = now() where false"""

    def _settling(self, settled: Settlement) -> tuple[list[str], dict[str, Any]]:
        """Return the statements for the outcome of a claim, and their parameters."""
        statements: list[str] = []
        given: dict[str, Any] = {"settled": settled.claim}
        if settled.failed:
            # Before the sent ones are deleted: a head that was sent carries the lease.
            statements.append(self._fail())
            names = ("failed", "heads", "delays", "dead", "errors")
            given |= {name: list(values) for name, values in zip(names, zip(*settled.failed, strict=True), strict=True)}
        if settled.sent:
            statements.append(f"delete from {self._name} where id = any(%(sent)s::uuid[])")
            given["sent"] = list(settled.sent)
        if settled.unused:
            statements.append(
                f"update {self._name} set claim = null, due_at = now() "
                "where id = any(%(unused)s::uuid[]) and claim = %(settled)s"
            )
            given["unused"] = list(settled.unused)
        return statements, given

    def _fail(self) -> str:
        return f"""with failure as (
            select * from unnest(
                %(failed)s::uuid[], %(heads)s::uuid[], %(delays)s::float8[], %(dead)s::boolean[], %(errors)s::text[]
            ) as given (id, head, delay, dead, error)
            where exists (select from {self._name} as head where head.id = given.head and claim = %(settled)s)
        ), buried as (
            delete from {self._name} as waiting using failure where waiting.id = failure.id and failure.dead
            returning waiting.*, failure.error as reason
        ), kept as (
            insert into {self._name}_dead ({_EVENT}, attempts, error)
            select {_EVENT}, attempts + 1, reason from buried
        )
        update {self._name} as waiting set attempts = attempts + 1, error = failure.error, claim = null,
            due_at = now() + make_interval(secs => failure.delay)
        from failure where waiting.id = failure.id and not failure.dead"""


def _message(row: tuple[Any, ...]) -> Message:
    event_id, kind, aggregate_id, body, attributes, group = row[3:]
    return Message(event_id, kind, aggregate_id, body, loads(attributes), group)
