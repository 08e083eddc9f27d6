"""From the outbox's table to the bus."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar
from uuid import UUID, uuid4

from kit_core import guards
from kit_core.backoff import Backoff

from kit_events.errors import EventRefusedError, EventTooLargeError, OutboxTransactionError
from kit_events.outbox.claimed import Claimed, Wanted
from kit_events.outbox.table import FailedEvent, Table, WaitingEvent
from kit_events.publishing.bus import EventBus
from kit_events.publishing.message import log_keys
from kit_events.records.frozen import Frozen

_WAITS = Backoff(1.0, 900.0, least=0.5)  # seconds, between two attempts


class Relayed(Frozen):
    """Count the events of a run: sent, failed (they come again), and dead.

    It has a form in JSON, so that a trigger may return it, and a route answer with it.

    Example:
        >>> Relayed(sent=2).dump()
        {'sent': 2, 'failed': 0, 'dead': 0}
    """

    shown: ClassVar[tuple[str, ...]] = ("sent", "failed", "dead")

    sent: int = 0
    failed: int = 0
    dead: int = 0

    def plus(self, other: "Relayed") -> "Relayed":
        """Return the sums."""
        return Relayed(self.sent + other.sent, self.failed + other.failed, self.dead + other.dead)

    def dump(self) -> dict[str, int]:
        """Return the counts by name."""
        return {"sent": self.sent, "failed": self.failed, "dead": self.dead}


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

        The outcome of a claim is written in one message with the next claim. The last claim finds nothing: another
        process that published meanwhile has found the aggregate leased, and left it here.
        """
        if self._table.database.in_transaction:
            raise OutboxTransactionError("A relay works outside of transactions, and one is open")
        wanted, total = Wanted(aggregates, self._batch), Relayed()
        claimed: Claimed | None = None
        while self._clock() < ends:
            # The other half of the lease is for the call to the bus that has begun last.
            until = min(ends, self._clock() + self._lease / 2)
            claimed = self._claim(wanted.next(), claimed)
            if not wanted.note(claimed.runs):
                return total
            total = total.plus(self._send(claimed, until))
            if claimed.hopeless:
                break
        if claimed is not None:
            self._table.settle(claimed.settlement())
        return total

    def _claim(self, aggregates: Sequence[UUID] | None, before: Claimed | None) -> Claimed:
        claim, settled = uuid4(), None if before is None else before.settlement()
        waiting = self._table.claim(claim, lease=self._lease, most=self._batch, aggregates=aggregates, settled=settled)
        return Claimed(claim, waiting)

    def _send(self, claimed: Claimed, until: float) -> Relayed:
        """Send claimed events, wave by wave; an error of the bus as a whole is raised when the outcome is written."""
        total = Relayed()
        try:
            for place, wave in enumerate(claimed.waves()):
                if place and self._clock() >= until:  # the first is sent in any case, or a run might never end
                    break
                relayed = self._send_wave(claimed, wave)
                total = total.plus(relayed)
                claimed.hopeless = relayed.failed == len(wave) and not claimed.sent
                if claimed.hopeless:
                    break
        except BaseException:
            self._table.settle(claimed.settlement())
            raise
        return total

    def _send_wave(self, claimed: Claimed, wave: Sequence[WaitingEvent]) -> Relayed:
        """Send one event of each aggregate, and note the outcome of each."""
        errors = self._bus.send([each.message for each in wave])
        claimed.sent += [each.message.id for each in wave if each.message.id not in errors]
        failures = [self._failure(claimed, each, errors[each.message.id]) for each in wave if each.message.id in errors]
        claimed.failed += failures
        claimed.block(each.message.aggregate_id for each in wave if each.message.id in errors)
        dead = sum(failure.dead for failure in failures)
        return Relayed(len(wave) - len(failures), len(failures) - dead, dead)

    def _failure(self, claimed: Claimed, waiting: WaitingEvent, error: Exception) -> FailedEvent:
        from kit_aws import AwsConnectionError, ThrottlingError

        message, attempts = waiting.message, waiting.attempts + 1
        final = isinstance(error, EventRefusedError | EventTooLargeError)
        # While the bus is out of reach it is not the event's fault.
        dead = final or (attempts >= self._max_attempts and not isinstance(error, AwsConnectionError | ThrottlingError))
        reason = f"{type(error).__name__}: {error}"[:1000]
        level, text = (logging.ERROR, "EVENT_DEAD") if dead else (logging.WARNING, "EVENT_NOT_SENT")
        guards.log("kit.events", level, text, extra={**log_keys(message), "attempts": attempts, "reason": reason})
        return FailedEvent(message.id, claimed.head(message.aggregate_id), _WAITS.delay(attempts), dead, reason)
