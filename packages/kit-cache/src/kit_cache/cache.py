"""One cache name: its tiers, its loads, its counts. And all the names that were declared."""

import threading
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from kit_core.loading import load_early

from kit_cache import codec
from kit_cache.errors import UnknownCacheError
from kit_cache.flights import Flight, Flights
from kit_cache.memory import Held, MemoryTier
from kit_cache.settings import CacheSettings

if TYPE_CHECKING:
    from kit_cache.tiers.port import State, Tier


class CacheStats(TypedDict):
    """How one cache is doing; `hits`, `misses` and `memory_entries` are this process's own."""

    success: bool
    cache_name: str
    redis_available: bool
    disk_available: bool
    disk_path: str | None
    hits: int
    misses: int
    memory_entries: int


class Miss(NamedTuple):
    """The tiers that answered without a value, and their states, to hand back when the value has been loaded."""

    states: "list[tuple[Tier, State]]"


NOWHERE = Miss([])


class Found(NamedTuple):
    """A value from a tier outside the process, and when it expires."""

    value: Any
    expires: float


class Cache:
    """The values of one cache name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._declared: set[frozenset[str] | None] = set()
        self.memory = MemoryTier()
        self.flights = Flights()
        self.hits = 0
        self.misses = 0
        self._lock = threading.Lock()
        self._settings: CacheSettings | None = None
        self._opened: dict[str, Tier] = {}

    @property
    def settings(self) -> CacheSettings:
        """The environment's settings when the cache was first used."""
        if self._settings is None:
            self._settings = CacheSettings.from_env(self.name)
        return self._settings

    @property
    def tiers(self) -> frozenset[str]:
        """Every tier that some function of this cache uses."""
        return frozenset().union(*(self.settings.tiers if tiers is None else tiers for tiers in self._declared))

    def add(self, tiers: frozenset[str] | None) -> None:
        """Note that a function uses these tiers, or the environment's (None)."""
        self._declared.add(tiers)
        load_early(self._load_early)

    def _load_early(self) -> None:
        """Load redis-py in Lambda's init phase, where a function may use it. The settings are read by the first use."""
        settings = CacheSettings.from_env(self.name)
        chosen = (settings.tiers if tiers is None else tiers for tiers in self._declared)
        if settings.redis is not None and any("redis" in tiers for tiers in chosen):
            import kit_cache.tiers.redis  # noqa: F401

    def outer(self, tiers: frozenset[str]) -> "list[Tier]":
        """Return those of `tiers` that are outside the process and configured: Redis before the disk."""
        names = ("redis", "disk") if self.settings.redis is not None else ("disk",)
        return [self._opened.get(name) or self._open(name) for name in names if name in tiers]

    def _open(self, name: str) -> "Tier":
        settings = self.settings
        with self._lock:
            if name not in self._opened:
                if name == "redis":
                    from kit_cache.tiers.redis import RedisTier

                    assert settings.redis is not None
                    self._opened[name] = RedisTier(settings.redis, settings.redis_prefix)
                else:
                    from kit_cache.tiers.diskcache import DiskTier

                    self._opened[name] = DiskTier(settings)
            return self._opened[name]

    def find(self, text: str | None, tiers: frozenset[str]) -> Found | Miss:
        """Ask the tiers outside the process, unless the key must not leave it (None).

        The first that answers is believed, also when it has nothing: all processes share Redis, and a value on this
        disk alone may have been deleted there. The disk stands in where there is no Redis, or while it is down.
        """
        if text is None:
            return NOWHERE
        states: list[tuple[Tier, State]] = []
        answered = False
        for tier in self.outer(tiers):
            reading = tier.read(text)
            if reading is None:
                continue
            states.append((tier, reading.state))
            if reading.body is not None and not answered:
                try:
                    return Found(codec.loads(reading.body), reading.expires)
                except ValueError:
                    pass  # damaged: it is loaded anew and overwritten
            answered = True
        return Miss(states)

    def store(self, text: str | None, body: bytes, expires: float, missed: Miss) -> None:
        """Write an encoded value to the tiers that have answered, unless it was deleted there since."""
        for tier, state in missed.states:
            assert text is not None
            tier.write(text, body, expires, state)

    def keep(self, key: Hashable, held: Held, expires: float, flight: Flight) -> None:
        """Hold a value in memory, unless it was deleted since its flight began."""
        with self.flights.lock:
            if not flight.stale:
                self.memory.put(key, held, expires, limit=self.settings.memory_entries)

    def delete(self, key: Hashable, text: str | None, tiers: frozenset[str]) -> bool:
        """Delete one value from every tier; tell whether all have answered.

        Memory comes last: a load that reads Redis just before the deletion there is still under way, and is made
        stale, or has put its value into memory already, where it is now removed.
        """
        done = True
        if text is not None:
            for tier in self.outer(tiers):
                done = tier.delete(text) and done
        with self.flights.lock:
            self.flights.overtake(key)
            self.memory.pop(key)
        return done

    def clear(self) -> bool:
        """Delete everything from every tier; tell whether all have answered."""
        done = True
        for tier in self.outer(self.tiers):
            done = tier.clear() and done
        with self.flights.lock:
            self.flights.overtake_all()
            self.memory.clear()
        return done

    def stats(self) -> CacheStats:
        """Ask the tiers how they are, and count."""
        self.outer(self.tiers)
        redis, disk = self._opened.get("redis"), self._opened.get("disk")
        return {
            "success": True,
            "cache_name": self.name,
            "redis_available": redis is not None and redis.available(),
            "disk_available": disk is not None and disk.available(),
            "disk_path": str(self.settings.directory) if disk is not None else None,
            "hits": self.hits,
            "misses": self.misses,
            "memory_entries": len(self.memory),
        }

    def reset(self) -> None:
        """Close everything, forget the memory, the counts and the settings; Redis and the disk keep their values."""
        with self._lock:
            opened, self._opened, self._settings = self._opened, {}, None
        with self.flights.lock:
            self.flights.overtake_all()
            self.memory.clear()
        self.hits = self.misses = 0
        for tier in opened.values():
            tier.close()


_caches: dict[str, Cache] = {}
_caches_lock = threading.Lock()


def declare(cache_name: str, tiers: frozenset[str] | None) -> Cache:
    """Return the cache of this name, and note which tiers another function of it uses."""
    with _caches_lock:
        cache = _caches.setdefault(cache_name, Cache(cache_name))
        cache.add(tiers)
        return cache


def _declared(cache_name: str) -> Cache:
    cache = _caches.get(cache_name)
    if cache is None:
        raise UnknownCacheError(cache_name)
    return cache


def clear(cache_name: str) -> bool:
    """Delete everything that is cached under a name, in every tier.

    Other processes see it at once in Redis, on this machine's disk too; their own memory keeps values until these
    expire. Return whether every tier has answered: a deletion that Redis missed is done as soon as it is back. Raise
    UnknownCacheError for a name that no decorator has declared.
    """
    return _declared(cache_name).clear()


def stats(cache_name: str) -> CacheStats:
    """Return how a cache is doing; raise UnknownCacheError for a name that no decorator has declared."""
    return _declared(cache_name).stats()


def reset() -> None:
    """Forget the state of this process: values in memory, counts, connections, and the environment's settings.

    For tests, and after the environment has changed. Redis and the disk keep their values.
    """
    for cache in list(_caches.values()):
        cache.reset()
