"""Values read from AWS, kept for a while."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from kit_aws import environment

T = TypeVar("T")


class ValueCache(Generic[T]):
    """Keep what was read, with when; how old is too old is the reader's choice.

    Values of another environment (account, region, endpoint) are never answered. At most `size` values are kept, the
    oldest go first.
    """

    def __init__(self, *, size: int = 1000) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._values: dict[tuple[environment.Environment, Hashable], tuple[float, T]] = {}
        self._changes = 0

    def get(self, key: Hashable, read: Callable[[], T], *, max_age: float, force: bool = False) -> T:
        """Return the value if it is at most `max_age` seconds old and not `force`, else read and keep it."""
        full_key = (environment.fingerprint(), key)
        found = self._values.get(full_key)
        if found is not None and not force and time.monotonic() - found[0] < max_age:
            return found[1]
        changes = self._changes
        read_at = time.monotonic()
        value = read()
        with self._lock:
            # What was written, or read by somebody faster, since this read began may be newer than what it found.
            kept = self._values.get(full_key)
            if changes == self._changes and (kept is None or kept[0] <= read_at):
                self._values.pop(full_key, None)
                self._values[full_key] = (read_at, value)
                while len(self._values) > self._size:
                    del self._values[next(iter(self._values))]
        return value

    def drop(self, belongs: Callable[[Hashable], bool] = lambda key: True) -> None:
        """Forget the values whose keys belong to what has changed; without an argument, all."""
        with self._lock:
            self._changes += 1
            for key in [key for key in self._values if belongs(key[1])]:
                del self._values[key]
