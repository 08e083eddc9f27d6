"""From the outbox to the bus."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from random import uniform
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from kit_events.errors import EventRefusedError, EventTooLargeError, OutboxTransactionError
from kit_events.outbox.outbox import Outbox, default_outbox
from kit_events.outbox.table import DeadLetter, Failure, Waiting

_log = logging.getLogger("kit.events")

_LONGEST_WAIT = 900.0  # seconds, between two attempts


class Relayed(NamedTuple):
    """Count what a relay has done: events sent, attempts that failed and come again, events given up."""

    sent: int = 0
    failed: int = 0
    dead: int = 0

    def plus(self, other: "Relayed") -> "Relayed":
        """Return the sums."""
        return Relayed(self.sent + other.sent, self.failed + other.failed, self.dead + other.dead)


class Relay:
    """Send what waits in an outbox: at least once, and each aggregate's events in their order.

    Any number may work at a time, in any number of processes. `outbox` is `default_outbox()` at the time of use unless
    given. At most `batch` events are claimed at once, the first of each aggregate before the second of any. Sent ones
    are deleted. One that the bus refuses, or has failed to take `max_attempts` times though it could be reached, is a
    dead letter: it is kept apart, and those behind it go on.
    """

    def __init__(
        self,
        outbox: Outbox | None = None,
        *,
        batch: int = 100,
        max_attempts: int = 20,
    ) -> None:
        self._outbox = outbox
        self._batch = batch
        self._max_attempts = max_attempts

    @property
    def outbox(self) -> Outbox:
        """The outbox that was given, else the default one."""
        return default_outbox() if self._outbox is None else self._outbox

    def run(self, *, context: Any = None, margin: timedelta = timedelta(seconds=5)) -> Relayed:
        """Send until nothing is due; stop while the Lambda `context` has more than the margin of time left.

        It also stops when the bus takes nothing any more: what is left is sent by a later run. Raise
        `OutboxTransactionError` inside of a transaction, `EventBusNotSetError`, and kit-db's errors.
        """
        return self._send(None, _ends(context, margin.total_seconds()))

    def deliver(self, aggregates: Iterable[UUID]) -> Relayed:
        """Send what waits for these aggregates alone, and return; else as `run`."""
        return self._send(list(aggregates), float("inf"))

    def dead_letters(self, *, limit: int = 100) -> list[DeadLetter]:
        """Return the events that were given up, the earliest first."""
        return self.outbox.table.dead(most=limit)

    def revive(self, ids: Iterable[UUID] | None = None) -> int:
        """Try events that were given up again, all of them unless told; return how many there are."""
        return self.outbox.table.revive(ids)

    def _send(self, aggregates: list[UUID] | None, ends: float) -> Relayed:
        table, lease = self.outbox.table, self.outbox.lease
        if table.database.in_transaction:
            raise OutboxTransactionError("A relay works outside of transactions, and one is open")
        total = Relayed()
        # Until nothing is found: whoever has published meanwhile found the aggregate leased, and left it to this one.
        while time.monotonic() < ends:
            # The other half of the lease is for the call to the bus that has begun last.
            until = min(ends, time.monotonic() + lease / 2)
            claim = uuid4()
            waiting = table.claim(claim, lease=lease, most=self._batch, aggregates=aggregates)
            if not waiting:
                break
            relayed, stopped = self._send_claimed(claim, waiting, until)
            total = total.plus(relayed)
            if stopped:
                break
        return total

    def _send_claimed(self, claim: UUID, waiting: Sequence[Waiting], until: float) -> tuple[Relayed, bool]:
        """Send what is claimed, and give back what time or a failure has left; tell whether the bus takes nothing."""
        total, left = Relayed(), len(waiting)
        held: set[UUID] = set()
        try:
            for wave in _waves(waiting):
                ready = [each for each in wave if each.message.aggregate_id not in held]
                if not ready or time.monotonic() >= until:
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
                self.outbox.table.release(claim)

    def _send_wave(self, claim: UUID, ready: Sequence[Waiting]) -> tuple[Relayed, set[UUID]]:
        """Send one event of each aggregate, note what became of each, and name the aggregates that have to wait."""
        errors = self.outbox.bus.send([each.message for each in ready])
        sent = [each.message.id for each in ready if each.message.id not in errors]
        failures = [self._failure(each, errors[each.message.id]) for each in ready if each.message.id in errors]
        if sent:
            self.outbox.table.remove(sent)
        if failures:
            self.outbox.table.postpone(claim, failures)
        dead = sum(failure.dead for failure in failures)
        failed = {each.message.aggregate_id for each in ready if each.message.id in errors}
        return Relayed(len(sent), len(failures) - dead, dead), failed

    def _failure(self, waiting: Waiting, error: Exception) -> Failure:
        from kit_aws import AwsConnectionError, ThrottlingError

        message, attempts = waiting.message, waiting.attempts + 1
        final = isinstance(error, EventRefusedError | EventTooLargeError)
        # While the bus is out of reach it is not the event's fault.
        dead = final or (attempts >= self._max_attempts and not isinstance(error, AwsConnectionError | ThrottlingError))
        told = {"event_id": str(message.id), "event_type": message.type, "aggregate_id": str(message.aggregate_id)}
        reason = f"{type(error).__name__}: {error}"[:1000]
        level, what = (logging.ERROR, "EVENT_DEAD") if dead else (logging.WARNING, "EVENT_NOT_SENT")
        _log.log(level, what, extra={**told, "attempts": attempts, "reason": reason})
        # No more than 2**10 is ever needed, and 2**1000 is no float.
        delay = min(_LONGEST_WAIT, 2.0 ** min(attempts - 1, 10)) * uniform(0.5, 1)  # noqa: S311
        return Failure(message.id, delay, dead, reason)


def _waves(waiting: Iterable[Waiting]) -> Iterator[list[Waiting]]:
    """Yield the first event of each aggregate, then the second of each, and so on.

    So the next event of an aggregate is only sent when the bus has taken the one before, whatever the bus is.
    """
    runs: dict[UUID, list[Waiting]] = defaultdict(list)
    for each in waiting:
        runs[each.message.aggregate_id].append(each)
    for index in range(max(map(len, runs.values()), default=0)):
        yield [run[index] for run in runs.values() if index < len(run)]


def _ends(context: Any, margin: float) -> float:
    """Return when to stop, by the monotonic clock."""
    if context is None:
        return float("inf")
    return time.monotonic() + float(context.get_remaining_time_in_millis()) / 1000 - margin
