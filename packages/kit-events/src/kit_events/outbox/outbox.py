"""Publishing into the outbox."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Never
from uuid import UUID

from kit_core.parameters import refuse_unknown

from kit_events.errors import OutboxTransactionError
from kit_events.outbox.delivery import Delivery
from kit_events.outbox.schema import TABLE
from kit_events.outbox.table import Table
from kit_events.publishing.bus import EventBus, default_bus
from kit_events.publishing.parts import Event

if TYPE_CHECKING:
    from kit_db import Database


class Outbox:
    """A table of events that wait for a relay, in the database that the events tell of.

    `database` is kit-db's default one and `bus` is `default_bus()`, both at the time of use, unless given. With
    `deliver="after_commit"` the process that has published also sends, right after its commit; a relay on a schedule is
    needed all the same, for the events that a crash or a failing bus leaves behind. If a process dies while it sends,
    another one sends the same events when the `lease` is over. Raise `MissingExtraError` if kit-db is not installed.

    Example: `Outbox(table="app.events", bus=EventBus("loans.fifo"), deliver="after_commit")`
    """

    def __init__(
        self,
        *,
        table: str = TABLE,
        database: "Database | None" = None,
        bus: EventBus | None = None,
        deliver: Literal["relay", "after_commit"] = "relay",
        lease: timedelta = timedelta(seconds=60),
        **unknown: Never,
    ) -> None:
        refuse_unknown("Outbox", unknown, ("table", "database", "bus", "deliver", "lease"))
        if deliver not in ("relay", "after_commit"):
            raise ValueError(f"deliver is 'relay' or 'after_commit', not {deliver!r}")
        if lease <= timedelta(0):  # a relay sends for half of it
            raise ValueError(f"lease is longer than nothing, not {lease!r}")
        self.table = Table(table, database)
        self._bus = bus
        self._deliver = deliver
        self.lease = lease.total_seconds()

    @property
    def bus(self) -> EventBus:
        """Where the relay sends to."""
        return default_bus() if self._bus is None else self._bus

    def publish(self, event: Event) -> UUID:
        """Write an event in the open transaction and return its id; it is sent if that commits, and only then.

        Another transaction that publishes for the same aggregate waits for this one to end. Raise
        `OutboxTransactionError` if no transaction is open, `EventTooLargeError` or `EventRefusedError` for an event
        that the bus, as it is set here, would never take, `EventShapeError` as `BaseEvent.publish` does, and kit-db's
        errors.
        """
        return self.publish_many([event])[0]

    def publish_many(self, events: Iterable[Event]) -> list[UUID]:
        """Write events with one statement, in the order given, and return their ids; else as `publish`."""
        database = self.table.database
        if not database.in_transaction:
            raise OutboxTransactionError("An outbox publishes in a transaction, and none is open")
        bus = self.bus
        messages = [bus.compose(event) for event in events]
        if not messages:
            return []
        bus.check(messages)
        self.table.add(messages)
        if self._deliver == "after_commit":
            self._after_commit(database).aggregates |= dict.fromkeys(message.aggregate_id for message in messages)
        return [message.id for message in messages]

    def _after_commit(self, database: "Database") -> "_AfterCommit":
        """Return the callback of the open transaction: one for all events that it publishes."""
        for callback in reversed(database.pending):
            if isinstance(callback, _AfterCommit) and callback.outbox is self:
                return callback
        made = _AfterCommit(self)
        database.after_commit(made)
        return made

    def delivery(self, **options: Any) -> Delivery:
        """Return the delivery of this table to this bus; options: batch, max_attempts, clock, as of `Relay`."""
        return Delivery(self.table, self.bus, lease=self.lease, **options)


class _AfterCommit:
    """Send the events of a transaction when it is committed."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.aggregates: dict[UUID, None] = {}

    def __call__(self) -> None:
        self.outbox.delivery().run(self.aggregates)


_default = _PLAIN = Outbox()


def default_outbox() -> Outbox:
    """Return the outbox of `publish`, and of relays that were given none."""
    return _default


def set_default_outbox(outbox: Outbox | None) -> None:
    """Use another default from now on; None uses the table `kit_outbox` of kit-db's default database again."""
    global _default
    _default = _PLAIN if outbox is None else outbox


def publish(event: Event) -> UUID:
    """Write an event into the default outbox, as `Outbox.publish` does."""
    return _default.publish(event)


def publish_many(events: Iterable[Event]) -> list[UUID]:
    """Write events into the default outbox, as `Outbox.publish_many` does."""
    return _default.publish_many(events)
