"""The tier inside the process: decoded values, bounded by their number."""

import threading
import time
from collections.abc import Hashable
from typing import Any

from kit_cache.codec import copied, is_immutable


class Held:
    """A value that its readers can't change: each gets its own copy, unless there is nothing to change."""

    __slots__ = ("_immutable", "_value")

    def __init__(self, value: Any) -> None:
        self._immutable = is_immutable(value)
        self._value = value if self._immutable else copied(value)

    def take(self) -> Any:
        """Return the value, or a copy of it."""
        return self._value if self._immutable else copied(self._value)


class _Entry:
    __slots__ = ("expires", "held", "used")

    def __init__(self, held: Held, expires: float) -> None:
        self.held = held
        self.expires = expires
        self.used = False


class MemoryTier:
    """Entries by key, evicted first in, first out, except that one that was read since gets a second round."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of entries, expired ones included."""
        return len(self._entries)

    def get(self, key: Hashable) -> Held | None:
        """Return the value under `key`, or None; takes no lock."""
        entry = self._entries.get(key)
        if entry is None or entry.expires <= time.time():
            return None
        entry.used = True
        return entry.held

    def put(self, key: Hashable, held: Held, expires: float, *, limit: int) -> None:
        """Hold a value until `expires`, in seconds since the epoch, and at most `limit` values in all."""
        with self._lock:
            self._entries.pop(key, None)
            while len(self._entries) >= limit:
                self._evict()
            self._entries[key] = _Entry(held, expires)

    def pop(self, key: Hashable) -> None:
        """Forget one key."""
        with self._lock:
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def _evict(self) -> None:
        now = time.time()
        while True:
            oldest = next(iter(self._entries))
            entry = self._entries.pop(oldest)
            if not entry.used or entry.expires <= now:
                return
            entry.used = False
            self._entries[oldest] = entry
