"""From the outbox's table to the bus."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

from kit_core import guards
from kit_core.backoff import Backoff

from kit_events.errors import EventRefusedError, EventTooLargeError, OutboxTransactionError
from kit_events.outbox.table import FailedEvent, Table, WaitingEvent
from kit_events.publishing.bus import EventBus

_WAITS = Backoff(1.0, 900.0, least=0.5)  # seconds, between two attempts


class Relayed(NamedTuple):
    """Count the events of a run: sent, failed (they come again), and dead."""

    sent: int = 0
    failed: int = 0
    dead: int = 0

    def plus(self, other: "Relayed") -> "Relayed":
        """Return the sums."""
        return Relayed(self.sent + other.sent, self.failed + other.failed, self.dead + other.dead)


class Delivery:
    """Send the waiting events of one table to one bus: at most `batch` are claimed at once, each for `lease` seconds.

    An event that the bus refuses, or has failed to take `max_attempts` times though it could be reached, is set aside.
    """

    def __init__(
        self,
        table: Table,
        bus: EventBus,
        *,
        lease: float,
        batch: int = 100,
        max_attempts: int = 20,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._bus = bus
        self._lease = lease
        self._batch = batch
        self._max_attempts = max_attempts
        self._clock = clock

    def run(self, aggregates: Iterable[UUID] | None = None, *, ends: float = float("inf")) -> Relayed:
        """Send until nothing is due, of these aggregates only if any are given; stop at `ends` by the clock.

        Stop as well when the bus takes nothing any more. Raise `OutboxTransactionError` inside of a transaction,
        `EventBusNotSetError`, and kit-db's errors.
        """
        if self._table.database.in_transaction:
            raise OutboxTransactionError("A relay works outside of transactions, and one is open")
        only = None if aggregates is None else list(aggregates)
        total = Relayed()
        # Until nothing is found: another process that published meanwhile found the aggregate leased, and left it here.
        while self._clock() < ends:
            # The other half of the lease is for the call to the bus that has begun last.
            until = min(ends, self._clock() + self._lease / 2)
            claim = uuid4()
            waiting = self._table.claim(claim, lease=self._lease, most=self._batch, aggregates=only)
            if not waiting:
                break
            relayed, stopped = self._send_claimed(claim, waiting, until)
            total = total.plus(relayed)
            if stopped:
                break
        return total

    def _send_claimed(self, claim: UUID, waiting: Sequence[WaitingEvent], until: float) -> tuple[Relayed, bool]:
        """Send the claimed events, and give back the rest; tell whether the bus takes nothing."""
        total, left = Relayed(), len(waiting)
        held: set[UUID] = set()
        try:
            for wave in _waves(waiting):
                ready = [each for each in wave if each.message.aggregate_id not in held]
                if not ready or self._clock() >= until:
                    break
                relayed, failed = self._send_wave(claim, ready)
                held |= failed
                left -= len(ready)
                total = total.plus(relayed)
                if relayed.failed == len(ready):
                    return total, True
            return total, False
        finally:
            if left:
                self._table.release(claim)

    def _send_wave(self, claim: UUID, ready: Sequence[WaitingEvent]) -> tuple[Relayed, set[UUID]]:
        """Send one event of each aggregate, note the outcome of each, and name the aggregates that have to wait."""
        errors = self._bus.send([each.message for each in ready])
        sent = [each.message.id for each in ready if each.message.id not in errors]
        failures = [self._failure(each, errors[each.message.id]) for each in ready if each.message.id in errors]
        if sent:
            self._table.remove(sent)
        if failures:
            self._table.postpone(claim, failures)
        dead = sum(failure.dead for failure in failures)
        failed = {each.message.aggregate_id for each in ready if each.message.id in errors}
        return Relayed(len(sent), len(failures) - dead, dead), failed

    def _failure(self, waiting: WaitingEvent, error: Exception) -> FailedEvent:
        from kit_aws import AwsConnectionError, ThrottlingError

        message, attempts = waiting.message, waiting.attempts + 1
        final = isinstance(error, EventRefusedError | EventTooLargeError)
        # While the bus is out of reach it is not the event's fault.
        dead = final or (attempts >= self._max_attempts and not isinstance(error, AwsConnectionError | ThrottlingError))
        told = {"event_id": str(message.id), "event_type": message.type, "aggregate_id": str(message.aggregate_id)}
        reason = f"{type(error).__name__}: {error}"[:1000]
        level, text = (logging.ERROR, "EVENT_DEAD") if dead else (logging.WARNING, "EVENT_NOT_SENT")
        guards.log("kit.events", level, text, extra={**told, "attempts": attempts, "reason": reason})
        return FailedEvent(message.id, _WAITS.delay(attempts), dead, reason)


def _waves(waiting: Iterable[WaitingEvent]) -> Iterator[list[WaitingEvent]]:
    """Yield the first event of each aggregate, then the second of each, and so on.

    So the next event of an aggregate is only sent when the bus, of any kind, has taken the one before.
    """
    runs: dict[UUID, list[WaitingEvent]] = defaultdict(list)
    for each in waiting:
        runs[each.message.aggregate_id].append(each)
    for index in range(max(map(len, runs.values()), default=0)):
        yield [run[index] for run in runs.values() if index < len(run)]
