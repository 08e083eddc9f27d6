"""The events of one claim and their outcome, and the aggregates that the next claim looks at."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from uuid import UUID

from kit_events.outbox.table import FailedEvent, Settlement, WaitingEvent


class Claimed:
    """Hold the events of a claim, by aggregate and in their order, and the outcome of each that was tried."""

    def __init__(self, claim: UUID, waiting: Iterable[WaitingEvent]) -> None:
        self.claim = claim
        self.runs: dict[UUID, list[WaitingEvent]] = {}
        for each in waiting:
            self.runs.setdefault(each.message.aggregate_id, []).append(each)
        self.sent: list[UUID] = []
        self.failed: list[FailedEvent] = []
        self.hopeless = False  # the bus takes nothing
        self._blocked: set[UUID] = set()

    def waves(self) -> Iterator[list[WaitingEvent]]:
        """Yield the first event of each aggregate, then the second of each, and so on; none behind a failed one.

        So the next event of an aggregate is only sent when the bus, of any kind, has taken the one before.
        """
        for place in range(max(map(len, self.runs.values()), default=0)):
            wave = [run[place] for each, run in self.runs.items() if place < len(run) and each not in self._blocked]
            if not wave:
                return
            yield wave

    def block(self, aggregates: Iterable[UUID]) -> None:
        """Let no further event of these aggregates be tried."""
        self._blocked.update(aggregates)

    def head(self, aggregate_id: UUID) -> UUID:
        """Return the id of the event that carries the lease of an aggregate."""
        return self.runs[aggregate_id][0].message.id

    def settlement(self) -> Settlement:
        """Return the outcome so far; an aggregate of which nothing was sent, and nothing failed, is free again."""
        sent, heads = set(self.sent), {each: self.head(each) for each in self.runs if each not in self._blocked}
        return Settlement(self.claim, self.sent, self.failed, [head for head in heads.values() if head not in sent])


class Wanted:
    """Choose the aggregates of the next claim: all, or from the given ones about as many as a claim takes."""

    def __init__(self, aggregates: Iterable[UUID] | None, most: int) -> None:
        self._rest = None if aggregates is None else deque(aggregates)
        self._next: list[UUID] = []
        self._most = most

    def next(self) -> Sequence[UUID] | None:
        """Return the aggregates to look at, None for all."""
        if self._rest is None:
            return None
        while self._rest and len(self._next) < 2 * self._most:
            self._next.append(self._rest.popleft())
        return self._next

    def note(self, found: Collection[UUID]) -> bool:
        """Note the claimed aggregates, and tell whether a next claim may find more.

        Those that were claimed may have further events. The others have none that are due, unless the claim was full.
        """
        if len(found) < self._most:
            self._next = [each for each in self._next if each in found]
        return bool(found or self._rest)
