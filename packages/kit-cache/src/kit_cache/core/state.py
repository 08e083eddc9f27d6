"""The state of a cache name in this process: its settings, its tiers, its memory, its counts."""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kit_core.loading import load_early

from kit_cache import clock
from kit_cache.loading.flights import Flight, Flights
from kit_cache.policy import Policy
from kit_cache.settings import CacheSettings
from kit_cache.tiers.memory import Entry, MemoryTier

if TYPE_CHECKING:
    from kit_cache.loading.flow import Call
    from kit_cache.tiers.port import Tier

FOREVER = 1e9  # seconds
MOST_REMEMBERED = 4096


class Counts:
    """Counts events of this process; approximately, where threads count at the same time."""

    __slots__ = ("disk", "errors", "loads", "redis", "refused", "stale")

    def __init__(self) -> None:
        self.redis = self.disk = self.loads = self.errors = self.stale = self.refused = 0


class State:
    """Holds the state; the rules across tiers are in the subclasses."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.memory = MemoryTier()
        self.decodings = MemoryTier()
        self.flights = Flights()
        self.counts = Counts()
        self._declared: set[frozenset[str] | None] = set()
        self._settings: CacheSettings | None = None
        self._opened: dict[str, Tier] = {}
        self._outer: dict[frozenset[str], list[tuple[str, Tier]]] = {}
        self.openings = 0  # how often the tiers were replaced: what is known of a call's tiers is void then
        self._lock = threading.Lock()
        self._checking = threading.Lock()
        # Until when memory is believed, by the wall and by the monotonic clock, for each tier that knows of changes.
        self._believed: dict[str, tuple[float, float]] = {}
        self._compared: set[str] = set()  # the tiers whose changes are known from some moment on
        self._resting: dict[str, float] = {}
        self._on_disk: dict[str, bytes] = {}
        self._uncacheable: set[str] = set()  # the functions that a warning was given for

    @property
    def settings(self) -> CacheSettings:
        """The environment's settings when the cache was first used."""
        if self._settings is None:
            self._settings = CacheSettings.from_env(self.name)
        return self._settings

    @property
    def tiers(self) -> frozenset[str]:
        """Every tier that somebody who uses this name has asked for."""
        return frozenset().union(*(self.tiers_of(tiers) for tiers in self._declared))

    def tiers_of(self, chosen: frozenset[str] | None) -> frozenset[str]:
        """Return the tiers that a policy names, else the environment's."""
        return self.settings.tiers if chosen is None else chosen

    def declare(self, tiers: frozenset[str] | None) -> None:
        """Note that a function, or a `Cache`, uses these tiers, or the environment's (None)."""
        self._declared.add(tiers)
        load_early(self._load_early)

    def _load_early(self) -> None:
        """Load the modules of the first call in Lambda's init phase; the settings are read by the first use."""
        settings = CacheSettings.from_env(self.name)
        chosen: frozenset[str] = frozenset().union(
            *(settings.tiers if tiers is None else tiers for tiers in self._declared)
        )
        from kit_cache.loading import entrance  # noqa: F401

        if "redis" in chosen and settings.redis is not None:
            import kit_cache.tiers.redis.tier
        if "disk" in chosen:
            import kit_cache.tiers.disk.tier  # noqa: F401

    def outer(self, tiers: frozenset[str]) -> "list[tuple[str, Tier]]":
        """Return those of `tiers` that are outside the process and configured: Redis before the disk."""
        found = self._outer.get(tiers)
        if found is None:
            names = ("redis", "disk") if self.settings.redis is not None else ("disk",)
            found = [(name, self._opened.get(name) or self._open(name)) for name in names if name in tiers]
            self._outer[tiers] = found
        return found

    def opened(self, name: str) -> "Tier | None":
        """Return a tier if it is in use."""
        return self._opened.get(name)

    def use(self, name: str, tier: "Tier") -> None:
        """Use a driver of the user's own in a tier's place."""
        self._opened[name] = tier
        self._outer.clear()
        self._compared.discard(name)
        self.openings += 1

    def _open(self, name: str) -> "Tier":
        from kit_cache.tiers import stores

        settings = self.settings
        with self._lock:
            if name not in self._opened:
                self._opened[name] = stores.redis_tier(settings) if name == "redis" else stores.disk_tier(settings)
            return self._opened[name]

    @staticmethod
    def entry(call: "Call", value: Any, tags: tuple[str, ...]) -> Entry:
        """Return an entry of memory, with a value of its own."""
        from kit_cache.codec.held import hold

        return Entry(call.key, *hold(value, share=call.policy.share), tags=tags)

    @staticmethod
    def live(entry: Entry, policy: Policy, created: float, fresh: float, expires: float) -> None:
        """Set an entry's times."""
        entry.live(created, fresh, expires)
        if policy.eager is not None:
            entry.eager = created + policy.eager * (fresh - created)

    def put(self, entry: Entry, flight: Flight | None, call: "Call", mark: int | None = None) -> None:
        """Hold an entry, unless something was invalidated since its flight, or the mark."""
        settings = self.settings
        with self.flights.lock:
            if not flight.stale if flight is not None else mark in (None, self.flights.mark):
                self.memory.put(entry, most=settings.memory_entries, most_bytes=settings.memory_bytes)
                self.confirm(entry, call.authority)

    def authority(self, tiers: frozenset[str]) -> str:
        """Return the tier that lists the invalidations of others: Redis, else the disk, else none ("")."""
        if "redis" in tiers and self.settings.redis is not None:
            return "redis"
        return "disk" if "disk" in tiers else ""

    def confirm(self, entry: Entry, authority: str) -> None:
        """Let the entry be handed out by compiled fronts, until the next check."""
        if not authority:
            entry.confirm(FOREVER)
            return
        wall, mono = self._believed.get(authority, (0.0, 0.0))
        entry.confirm(min(wall - clock.wall(), mono - clock.mono()))

    def forget(self, key: str) -> None:
        """Drop a key from memory, and make the loads of it that are under way stale."""
        with self.flights.lock:
            self.flights.overtake(key)
            self.memory.pop(key)
            self._on_disk.pop(key, None)
            self._resting.pop(key, None)

    def forget_pattern(self, pattern: str) -> None:
        """Drop the keys that match from memory."""
        from kit_cache.tiers.globs import matcher

        matches = matcher(pattern)
        with self.flights.lock:
            self.flights.overtake_all()
            self.memory.pop_where(lambda entry: bool(matches(entry.key)))
            self._on_disk.clear()

    def forget_tags(self, tags: Iterable[str]) -> None:
        """Drop the entries with one of the tags from memory."""
        wanted = frozenset(tags)
        with self.flights.lock:
            self.flights.overtake_all()
            self.memory.pop_where(lambda entry: not wanted.isdisjoint(entry.tags))
            self._on_disk.clear()

    def forget_all(self) -> None:
        """Drop everything from memory."""
        with self.flights.lock:
            self.flights.overtake_all()
            self.memory.clear()
            self.decodings.clear()
            self._on_disk.clear()
            self._resting.clear()

    def reset(self) -> None:
        """Forget memory, counts and settings; Redis and the disk keep their values."""
        with self._lock:
            self._opened, self._outer, self._settings = {}, {}, None
            self.openings += 1
        self.forget_all()
        self.memory = MemoryTier()
        self.decodings = MemoryTier()
        self.counts = Counts()
        self._believed = {}
        self._compared = set()
        self._uncacheable.clear()
