"""The tier inside the process: values by key, bounded by their number and by their bytes."""

import threading
from collections.abc import Callable
from math import inf
from typing import Any

from kit_cache import clock
from kit_cache.tiers.eviction import S3Fifo

_LARGEST_SHARE = 4  # a value larger than a quarter of all memory would cost too many others


class Entry:
    """A value in memory.

    wall, mono: until when a compiled front may hand it out without asking anybody, by either clock
    fresh, expires: until when it is new, and until when it may still be served, by `clock.now`
    eager: when it is to be refreshed in the background
    head: of the row that it was decoded from, where it is only a decoding
    take: makes a reader's copy; None where `value` may be handed out as it is
    links: where compiled fronts refer to it
    """

    __slots__ = (
        *("created", "eager", "error", "expires", "forgiven", "fresh", "fresh_mono", "head", "key", "links", "mono"),
        *("mono_end", "size", "tags", "take", "tier", "uses", "value", "wall"),
    )

    def __init__(
        self, key: str, take: Callable[[], Any] | None, value: Any, size: int, *, tags: tuple[str, ...] = ()
    ) -> None:
        self.key = key
        self.take = take
        self.value = value
        self.size = size + len(key)
        self.tags = tags
        self.tier = "memory"
        self.error: Exception | None = None  # raised in the value's place
        self.eager = inf
        self.head = b""
        self.uses = self.forgiven = 0
        self.links: list[tuple[dict[Any, Entry], Any]] = []
        self.created = self.fresh = self.expires = self.fresh_mono = self.mono_end = 0.0
        self.wall = self.mono = 0.0  # nobody may hand it out before it is confirmed

    def live(self, created: float, fresh: float, expires: float) -> None:
        """Set its time, in seconds of `clock.now`."""
        now, passed = clock.now(), clock.mono()
        self.created, self.fresh, self.expires = created, fresh, expires
        self.fresh_mono, self.mono_end = passed + (fresh - now), passed + (expires - now)

    def confirm(self, seconds: float) -> None:
        """Let fronts hand it out for so long, or until it is no longer fresh."""
        if self.error is None:
            early = self.fresh - min(self.fresh, self.eager)
            self.mono = min(self.fresh_mono - early, clock.mono() + seconds)
            self.wall = min(self.fresh - early, clock.wall() + seconds)

    def is_fresh(self) -> bool:
        """Tell whether it is new, by both clocks."""
        return clock.now() < self.fresh and clock.mono() < self.fresh_mono

    def is_usable(self) -> bool:
        """Tell whether it may be served, if only as a stale value."""
        return clock.now() < self.expires and clock.mono() < self.mono_end

    def age(self) -> float:
        """Return the seconds since it was loaded."""
        return max(0.0, clock.now() - self.created)

    def read(self) -> Any:
        """Return a reader's own value."""
        return self.value if self.take is None else self.take()


class MemoryTier:
    """The entries of one cache name in this process."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._order = S3Fifo()
        self._lock = threading.RLock()
        self._gone_uses = 0
        self.bytes = 0

    def __len__(self) -> int:
        """Return the number of entries, expired ones included."""
        return len(self._entries)

    @property
    def uses(self) -> int:
        """How often values were handed out."""
        with self._lock:
            return self._gone_uses + sum(entry.uses for entry in self._entries.values())

    def get(self, key: str) -> Entry | None:
        """Return the entry under `key`, fresh or stale; takes no lock."""
        return self._entries.get(key)

    def put(self, entry: Entry, *, most: int, most_bytes: int) -> bool:
        """Hold an entry, and at most `most` entries of `most_bytes` in all; tell whether it is held."""
        with self._lock:
            if entry.key in self._entries:
                self.pop(entry.key)
            if entry.size > most_bytes // _LARGEST_SHARE:
                return False
            while self._entries and (len(self._entries) >= most or self.bytes + entry.size > most_bytes):
                key = self._order.evict()
                assert key is not None
                self._drop(self._entries.pop(key))
            self._entries[entry.key] = entry
            self.bytes += entry.size
            self._order.add(entry.key, entry)
            return True

    def link(self, entry: Entry, table: dict[Any, Entry], key: Any) -> None:
        """Let a compiled front find the entry by a key of its own, as long as it is here."""
        with self._lock:
            if self._entries.get(entry.key) is entry:
                table[key] = entry
                entry.links.append((table, key))

    def pop(self, key: str) -> None:
        """Forget one key."""
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry is not None:
                self._order.remove(key)
                self._drop(entry)

    def pop_where(self, matches: Callable[[Entry], bool]) -> list[str]:
        """Forget the entries that match, and return their keys."""
        with self._lock:
            keys = [entry.key for entry in self._entries.values() if matches(entry)]
            for key in keys:
                self.pop(key)
            return keys

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            entries, self._entries = self._entries, {}
            self._order.clear()
            for entry in entries.values():
                self._drop(entry)

    def _drop(self, entry: Entry) -> None:
        entry.wall = entry.mono = 0.0
        self.bytes -= entry.size
        self._gone_uses += entry.uses
        for table, key in entry.links:
            if table.get(key) is entry:
                del table[key]
        entry.links.clear()
