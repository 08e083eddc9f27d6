"""Values read from AWS, kept for a while."""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from kit_aws import environment, forks

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_Key = tuple[environment.Environment, Hashable]

_caches: "WeakSet[ValueCache[Any, Any]]" = WeakSet()


@forks.in_child
def _renew() -> None:
    for cache in _caches:
        cache.renew()


class ValueCache(Generic[K, T]):
    """Keep values with the time at which they were read; each reader chooses the greatest age.

    Threads that miss the same value at once make one read between them, and all get its value or its error. Values of
    another environment (account, region, endpoint) are never answered. At most `size` values are kept, the oldest go
    first. A forked process keeps the values.
    """

    def __init__(self, *, size: int = 1000) -> None:
        self._size = size
        self._values: dict[_Key, tuple[_Moment, T]] = {}
        self._changes = 0
        self.renew()
        _caches.add(self)

    def renew(self) -> None:
        """Wait neither for the lock nor for a read of a thread that is not in this process."""
        self._lock = threading.Lock()
        self._flights: dict[tuple[_Key, ...], _Flight[K, T]] = {}

    def get(self, key: K, read: Callable[[], T], *, max_age: float, force: bool = False) -> T:
        """Return the value if it is less than `max_age` seconds old and not `force`, else read and keep it."""
        if not force:
            found = self._values.get((environment.fingerprint(), key))
            if found is not None:
                moment, value = found
                # As `age` has it, without a call: this is what most readings are.
                if time.monotonic() - moment.monotonic < max_age and time.time() - moment.wall < max_age:
                    return value
        return self.get_many([key], lambda missing: {key: read()}, max_age=max_age, force=force)[key]

    def get_many(
        self,
        keys: Iterable[K],
        read: Callable[[Sequence[K]], Mapping[K, T]],
        *,
        max_age: float,
        force: bool = False,
    ) -> dict[K, T]:
        """Return the values by key; `read` is called once, with those keys that are missing or too old.

        It returns a value for each of them, or raises, and then nothing is kept.
        """
        here = environment.fingerprint()
        keys = list(dict.fromkeys(keys))
        while True:
            with self._lock:
                found = {} if force else self._fresh(here, keys, max_age)
                missing = [key for key in keys if key not in found]
                if not missing:
                    return found
                ahead = tuple((here, key) for key in missing)
                flight = self._flights.get(ahead)
                # A read that began too long ago may not see the value that this caller has to see.
                leads = flight is None or force or flight.started.age() >= max_age
                if flight is None or leads:
                    flight = self._flights[ahead] = _Flight(self._changes)
            if leads:
                return found | self._lead(flight, ahead, missing, read)
            flight.done.wait()
            if isinstance(flight.error, Exception):
                raise flight.error
            if flight.error is None:
                return found | flight.values

    def drop(self, belongs: Callable[[K], bool] = lambda key: True) -> None:
        """Forget the values of the keys for which `belongs` is true; without an argument, all."""
        with self._lock:
            self._changes += 1
            self._flights.clear()
            for key in [key for key in self._values if belongs(key[1])]:  # type: ignore[arg-type]
                del self._values[key]

    def _fresh(self, here: environment.Environment, keys: Sequence[K], max_age: float) -> dict[K, T]:
        kept = {key: self._values.get((here, key)) for key in keys}
        return {key: each[1] for key, each in kept.items() if each is not None and each[0].age() < max_age}

    def _lead(
        self,
        flight: "_Flight[K, T]",
        ahead: tuple[_Key, ...],
        missing: Sequence[K],
        read: Callable[[Sequence[K]], Mapping[K, T]],
    ) -> dict[K, T]:
        """Read for all waiting threads, keep the values, and wake them."""
        try:
            flight.values = dict(read(missing))
        except BaseException as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                for key in ahead if flight.error is None else ():
                    self._keep(key, flight)
                if self._flights.get(ahead) is flight:
                    del self._flights[ahead]
            flight.done.set()
        return flight.values

    def _keep(self, key: _Key, flight: "_Flight[K, T]") -> None:
        # A value written, or read by a faster thread, since this read began may be newer.
        kept = self._values.get(key)
        if flight.changes != self._changes or (kept is not None and kept[0].monotonic > flight.started.monotonic):
            return
        self._values.pop(key, None)
        self._values[key] = (flight.started, flight.values[key[1]])  # type: ignore[index]
        while len(self._values) > self._size:
            del self._values[next(iter(self._values))]


class _Moment:
    """Tell how long ago something was, a freeze of the function included: the monotonic clock may stand still then."""

    __slots__ = ("monotonic", "wall")

    def __init__(self) -> None:
        self.monotonic, self.wall = time.monotonic(), time.time()

    def age(self) -> float:
        """Return the seconds since then, by the clock that says more."""
        return max(time.monotonic() - self.monotonic, time.time() - self.wall)


class _Flight(Generic[K, T]):
    """One read that several threads may wait for."""

    def __init__(self, changes: int) -> None:
        self.started = _Moment()
        self.changes = changes
        self.done = threading.Event()
        self.values: dict[K, T] = {}
        self.error: BaseException | None = None
