"""The relay: sends the events that wait in an outbox."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Never
from uuid import UUID

from kit_core import guards
from kit_core.invocation import remaining_ms
from kit_core.parameters import refuse_unknown

from kit_events.outbox.delivery import Delivery, Relayed
from kit_events.outbox.outbox import Outbox, default_outbox
from kit_events.outbox.table import DeadEvent

_LOCKS = 10_000  # that are deleted by one statement


class Relay:
    """Send the events that wait in an outbox: at least once, and each aggregate's events in their order.

    Any number may work at a time, in any number of processes. `outbox` is `default_outbox()` at the time of use unless
    given. At most `batch` events are claimed at once, the first of each aggregate before the second of any, and deleted
    together when they are sent. An event that the bus refuses, or has failed to take `max_attempts` times though it
    could be reached, is a dead letter: it is kept apart, and those behind it go on. `clock` returns seconds, of any
    beginning.

    Example:

        @trigger
        def relay(event):
            return Relay().run()
    """

    def __init__(
        self,
        outbox: Outbox | None = None,
        *,
        batch: int = 100,
        max_attempts: int = 20,
        clock: Callable[[], float] = time.monotonic,
        **unknown: Never,
    ) -> None:
        refuse_unknown("Relay", unknown, ("outbox", "batch", "max_attempts", "clock"))
        self._outbox = outbox
        self._batch = batch
        self._max_attempts = max_attempts
        self._clock = clock

    @property
    def outbox(self) -> Outbox:
        """The outbox that was given, else the default one."""
        return default_outbox() if self._outbox is None else self._outbox

    def run(self, *, margin: timedelta = timedelta(seconds=5)) -> Relayed:
        """Send until nothing is due; stop while the current invocation has more than the margin of time left.

        It also stops when the bus takes nothing any more: a later run sends the rest. At the end, locks of aggregates
        that nobody has published for in the last hour are deleted. Raise `OutboxTransactionError` inside of a
        transaction, `EventBusNotSetError`, and kit-db's errors.
        """
        ends = self._ends(margin.total_seconds())
        relayed = self._delivery().run(ends=ends)
        while self._clock() < ends and self.outbox.table.forget_locks(most=_LOCKS) == _LOCKS:
            pass
        return relayed

    def deliver(self, aggregates: Iterable[UUID]) -> Relayed:
        """Send the waiting events of these aggregates alone, and return; else as `run`."""
        return self._delivery().run(aggregates)

    def dead_letters(self, *, limit: int = 100) -> list[DeadEvent]:
        """Return the events that were given up, the earliest first."""
        return self.outbox.table.dead(most=limit)

    def revive(self, ids: Iterable[UUID] | None = None) -> int:
        """Try events that were given up again, all of them unless told; return how many there are."""
        return self.outbox.table.revive(ids)

    def _delivery(self) -> Delivery:
        return self.outbox.delivery(batch=self._batch, max_attempts=self._max_attempts, clock=self._clock)

    def _ends(self, margin: float) -> float:
        """Return the time to stop at, by the clock; log it if that is over already, or nobody would ever see it."""
        remaining = remaining_ms()
        if remaining is None:
            return float("inf")
        if remaining <= margin * 1000:
            guards.log("kit.events", logging.WARNING, "RELAY_WITHOUT_TIME: %d ms, margin %g s", remaining, margin)
        return self._clock() + remaining / 1000 - margin
