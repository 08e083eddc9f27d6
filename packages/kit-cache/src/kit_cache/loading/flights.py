"""One load per key at a time in this process, for threads and for tasks."""

import threading
from typing import TYPE_CHECKING, Any

from kit_core.invocation import remaining_ms

from kit_cache.tiers.memory import Entry

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from types import TracebackType

_PATIENCE = 30.0  # seconds; longer than any load should take
_SHORTEST = 0.02


def patience() -> float:
    """Return the seconds after which a waiter acts itself: at most half of the invocation's remaining time."""
    remaining = remaining_ms()
    return _PATIENCE if remaining is None else max(0.0, min(_PATIENCE, remaining / 2000))


class Flight:
    """A load that is under way: its leader, its outcome, and whether a deletion has overtaken it."""

    __slots__ = (
        *("_done", "_futures", "earlier", "entry", "error", "later", "leader", "loop", "stale", "traceback"),
        "waiting",
    )

    def __init__(self, leader: object, loop: "AbstractEventLoop | None") -> None:
        self.leader = leader
        self.loop = loop
        self.stale = False
        self.waiting = 0
        self.earlier: Flight | None = None  # the load that this one has been begun beside, because it took too long
        self.later: Flight | None = None
        self.entry: Entry | None = None
        self.error: Exception | None = None
        self.traceback: TracebackType | None = None
        self._done = threading.Event()
        self._futures: list[Future[None]] = []

    def wait(self, seconds: float) -> bool:
        """Wait in this thread until it is over, or the seconds are; tell which."""
        return self._done.wait(seconds)

    async def wait_async(self, seconds: float) -> bool:
        """Wait in this task until it is over, or the seconds are; tell which."""
        import asyncio

        assert self.loop is not None
        if self._done.is_set():
            return True
        future = self.loop.create_future()
        self._futures.append(future)
        try:
            await asyncio.wait_for(future, seconds)
            return True
        except TimeoutError:
            return False
        finally:
            self._futures.remove(future)

    def keep(self, value: Any, *, share: bool) -> None:
        """Keep a value for the waiting callers; without one, a copy would cost as much as a load for nothing."""
        if (self.waiting or self.later is not None) and self.entry is None:
            from kit_cache.codec.held import hold, is_used_up

            if is_used_up(value):
                return
            try:
                self.entry = Entry("", *hold(value, share=share))
            except RecursionError:  # nested too deep for a copy
                return

    def fail(self, error: Exception) -> None:
        """Keep an error for the waiting callers."""
        self.error, self.traceback = error, error.__traceback__

    def raise_error(self) -> None:
        """Raise the leader's error, with the leader's traceback and not those of the others who wait."""
        if self.error is not None:
            raise self.error.with_traceback(self.traceback)

    def end(self) -> None:
        """Let everybody go on who waits for it."""
        self._done.set()
        for future in self._futures:
            if not future.done():
                future.set_result(None)


class Flights:
    """The loads that are under way in one cache."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.mark = 0  # how many invalidations there were: what was read before one is not kept after it
        self._by_key: dict[str, dict[Any, Flight]] = {}

    def join(self, key: str, leader: object, loop: "AbstractEventLoop | None") -> tuple[Flight, bool]:
        """Return the flight of `key`, and whether the caller is to lead it."""
        with self.lock:
            flights = self._by_key.setdefault(key, {})
            flight = flights.get(loop)
            if flight is not None:
                flight.waiting += 1
                return flight, False
            flight = flights[loop] = Flight(leader, loop)
            return flight, True

    def is_loading(self, key: str) -> bool:
        """Tell whether somebody in this process is loading the key."""
        return key in self._by_key

    def take_over(self, key: str, flight: Flight, leader: object) -> Flight | None:
        """Return a new flight in the place of one that takes too long; None if another caller has done so."""
        with self.lock:
            flights = self._by_key.get(key)
            if flights is None or flights.get(flight.loop) is not flight:
                return None
            new = flights[flight.loop] = Flight(leader, flight.loop)
            new.earlier, flight.later = flight, new
            return new

    def leave(self, key: str, flight: Flight) -> None:
        """End a flight."""
        with self.lock:
            flights = self._by_key.get(key)
            if flights is not None and flights.get(flight.loop) is flight:
                del flights[flight.loop]
                if not flights:
                    del self._by_key[key]
            later = flight.later
            if flight.earlier is not None:
                flight.earlier.later = later
            if later is not None:
                later.earlier = flight.earlier
        flight.end()
        while later is not None and flight.entry is not None and not flight.stale:
            # A load that took too long is over all the same: its value serves the callers that wait for a later one.
            if later.entry is None and later.error is None:
                later.entry = flight.entry
                later.end()
            later = later.later

    def overtake(self, key: str) -> None:
        """Make the loads of one key stale: nobody else joins them, and they store nothing. Call with the lock held."""
        self.mark += 1
        for newest in self._by_key.pop(key, {}).values():
            flight: Flight | None = newest
            while flight is not None:
                flight.stale = True
                flight = flight.earlier

    def overtake_all(self) -> None:
        """Make every load stale. Call with the lock held."""
        self.mark += 1
        for key in list(self._by_key):
            self.overtake(key)
