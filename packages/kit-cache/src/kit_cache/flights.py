"""One load per key at a time in this process, for threads and for tasks."""

import threading
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from kit_core.invocation import remaining_ms

from kit_cache.memory import Held

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

# Seconds; longer than any load should take.
_PATIENCE = 30.0


def _patience() -> float:
    """Return the seconds after which a caller loads for itself: at most half of the invocation's remaining time."""
    remaining = remaining_ms()
    return _PATIENCE if remaining is None else max(0.0, min(_PATIENCE, remaining / 2000))


class Flight:
    """A load that is under way: its leader, its outcome, and whether a deletion has overtaken it."""

    __slots__ = ("_done", "_waiting", "error", "held", "leader", "loop", "stale")

    def __init__(self, leader: object, loop: "AbstractEventLoop | None") -> None:
        self.leader = leader
        self.loop = loop
        self.stale = False
        self.held: Held | None = None
        self.error: Exception | None = None
        self._done = threading.Event() if loop is None else None
        self._waiting: list[Future[None]] = []

    def wait(self) -> bool:
        """Wait in this thread until it is over, or patience is; tell which."""
        assert self._done is not None
        return self._done.wait(_patience())

    async def wait_async(self) -> bool:
        """Wait in this task until it is over, or patience is; tell which."""
        import asyncio

        assert self.loop is not None
        waiter = self.loop.create_future()
        self._waiting.append(waiter)
        try:
            await asyncio.wait_for(waiter, _patience())
            return True
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(waiter)

    def end(self) -> None:
        """Let everybody go on who waits for it."""
        if self._done is not None:
            self._done.set()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)


class Flights:
    """The loads that are under way in one cache."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._by_key: dict[Hashable, dict[Any, Flight]] = {}

    def join(self, key: Hashable, leader: object, loop: "AbstractEventLoop | None") -> tuple[Flight, bool]:
        """Return the flight of `key`, and whether the caller is to lead it."""
        with self.lock:
            flights = self._by_key.setdefault(key, {})
            flight = flights.get(loop)
            if flight is not None:
                return flight, False
            flight = flights[loop] = Flight(leader, loop)
            return flight, True

    def leave(self, key: Hashable, flight: Flight) -> None:
        """End a flight."""
        with self.lock:
            flights = self._by_key.get(key)
            if flights is not None and flights.get(flight.loop) is flight:
                del flights[flight.loop]
                if not flights:
                    del self._by_key[key]
        flight.end()

    def overtake(self, key: Hashable) -> None:
        """Make the loads of one key stale: nobody else joins them, and they store nothing. Call with the lock held."""
        for flight in self._by_key.pop(key, {}).values():
            flight.stale = True

    def overtake_all(self) -> None:
        """Make every load stale. Call with the lock held."""
        for key in list(self._by_key):
            self.overtake(key)
