"""A cache by hand: keys and values, beside the decorators and over the same tiers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar, Unpack

from kit_cache.errors import CacheKeyError
from kit_cache.found import CachedValue
from kit_cache.keys.builder import LOCAL
from kit_cache.policy import EntryOptions, Policy, Seconds, Ttl, make_policy, valid_tags
from kit_cache.registry import core_of
from kit_cache.settings import DEFAULT_TTL, DEFAULT_TTLS, is_utf8
from kit_cache.stats import CacheStats, stats_of

T = TypeVar("T")
_LONGEST_KEY = 512


class Cache:
    """Values under keys of your own, in memory, Redis and on disk.

    name: entries of one name are cleared together; decorated functions may share it
    ttl: as of `method_cache`
    options: the defaults of this cache's entries, see `EntryOptions`

    Every method has a twin for coroutines: `aget`, `aset` and so on, which ask Redis and the disk in a thread.

    >>> users = Cache("users", ttl=60, tags=lambda user: (f"tenant:{user['tenant']}",))
    >>> users.get_or_set("user:42", lambda: {"tenant": "a"})
    {'tenant': 'a'}
    >>> users.invalidate_tags("tenant:a"), users.get("user:42")
    (True, None)
    """

    def __init__(self, name: str, *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]) -> None:
        self._options = options
        self._ttl: Ttl = DEFAULT_TTLS.get(name, DEFAULT_TTL) if ttl is None else ttl
        self._policy = make_policy(self._ttl, options)
        self._core = core_of(name, self._policy.tiers)

    @property
    def name(self) -> str:
        """The cache's name."""
        return self._core.name

    # ---- Reading

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value under `key`, or `default`: a cached None is a value."""
        found = self.get_entry(key)
        return default if found is None else found.value

    def get_entry(self, key: str) -> CachedValue | None:
        """Return the value with its tier, its age in seconds, and whether it is stale; None if there is none."""
        from kit_cache.loading.lookup import look_up

        return look_up(self._call(key))

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the cached values by key; all keys missing from memory take one round trip."""
        from kit_cache.loading.lookup import look_up_many

        found = look_up_many([self._call(key) for key in keys])
        return {key: value.value for key, value in found.items()}

    def get_or_set(
        self, key: str, loader: Callable[[], T], *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]
    ) -> T:
        """Return the value under `key`, or load it, once for all threads, processes and hosts that ask for it.

        ttl, options: of this entry, instead of the cache's
        """
        return self.load(key, loader, ttl=ttl, **options).value  # type: ignore[no-any-return]

    def load(
        self, key: str, loader: Callable[[], Any], *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]
    ) -> CachedValue:
        """Do as `get_or_set`, and return the value with its origin."""
        import threading

        from kit_cache.loading.entrance import fetch, look_quickly, run

        call = self._call(key, ttl, options, threading.get_ident())
        found = look_quickly(call)
        return found if isinstance(found, CachedValue) else run(fetch(call, found), loader)

    # ---- Writing

    def set(self, key: str, value: Any, *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]) -> bool:
        """Store a value in every tier, in place of any other; tell whether every tier has answered.

        A tier that does not answer forgets the key as soon as it is back, so that no older value comes out of it.
        """
        return self.set_many({key: value}, ttl=ttl, **options)

    def set_many(self, values: Mapping[str, Any], *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]) -> bool:
        """Store several values; UncacheableValueError is raised before any of them is."""
        calls = [(self._call(key, ttl, options), value) for key, value in values.items()]
        prepared = [(call, self._core.prepare(call, value, loaded=False)) for call, value in calls]
        done = [self._core.replace(call, each) for call, each in prepared]  # every one, whatever the others say
        return all(done)

    def touch(self, key: str, ttl: Seconds | None = None) -> bool:
        """Give a value that is there its whole ttl again, or another; tell whether there was one."""
        found = self.get_entry(key)
        if found is None or found.stale:
            return False
        return self.set(key, found.value, ttl=ttl)

    def delete(self, *keys: str) -> bool:
        """Delete keys from every tier, and let no load under way bring them back; tell whether every tier has answered.

        A deletion that Redis missed is done as soon as it is back.
        """
        return self._core.delete([_valid_key(key) for key in keys], self._tiers)

    def delete_pattern(self, pattern: str) -> bool:
        """Delete the keys that match a glob pattern (`user:*`); tell whether every tier has answered."""
        return self._core.delete_pattern(pattern)

    def invalidate_tags(self, *tags: str) -> bool:
        """Make every value with one of the tags a miss: one write for each tag, however many values there are."""
        return self._core.invalidate_tags(valid_tags(tags))

    def clear(self) -> bool:
        """Delete everything under the cache's name: one write, after which room is made in the background."""
        return self._core.clear()

    def stats(self) -> CacheStats:
        """Return how the cache is doing."""
        return stats_of(self._core)

    # ---- The same for coroutines

    async def aget(self, key: str, default: Any = None) -> Any:
        """Return the value under `key`, or `default`."""
        found = await self.aget_entry(key)
        return default if found is None else found.value

    async def aget_entry(self, key: str) -> CachedValue | None:
        """Return the value with its origin; see `get_entry`."""
        return await _in_thread(self.get_entry, key)

    async def aget_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values that are there, by key."""
        return await _in_thread(self.get_many, list(keys))

    async def aget_or_set(
        self, key: str, loader: Callable[[], Awaitable[T]], *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]
    ) -> T:
        """Return the value under `key`, or await its loader, once for all that ask for it."""
        return (await self.aload(key, loader, ttl=ttl, **options)).value  # type: ignore[no-any-return]

    async def aload(
        self, key: str, loader: Callable[[], Awaitable[Any]], *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]
    ) -> CachedValue:
        """Do as `aget_or_set`, and return the value with its origin."""
        import asyncio

        from kit_cache.loading.flow import fetch
        from kit_cache.loading.steps import run_async

        call = self._call(key, ttl, options, asyncio.current_task(), asyncio.get_running_loop())
        return await run_async(fetch(call), loader)

    async def aset(self, key: str, value: Any, *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]) -> bool:
        """Store a value; see `set`."""
        return await _in_thread(lambda: self.set(key, value, ttl=ttl, **options))

    async def aset_many(
        self, values: Mapping[str, Any], *, ttl: Ttl | None = None, **options: Unpack[EntryOptions]
    ) -> bool:
        """Store several values; see `set_many`."""
        return await _in_thread(lambda: self.set_many(values, ttl=ttl, **options))

    async def atouch(self, key: str, ttl: Seconds | None = None) -> bool:
        """Give a value that is there its ttl again; see `touch`."""
        return await _in_thread(self.touch, key, ttl)

    async def adelete(self, *keys: str) -> bool:
        """Delete keys; see `delete`."""
        return await _in_thread(self.delete, *keys)

    async def adelete_pattern(self, pattern: str) -> bool:
        """Delete the keys that match; see `delete_pattern`."""
        return await _in_thread(self.delete_pattern, pattern)

    async def ainvalidate_tags(self, *tags: str) -> bool:
        """Make every value with one of the tags a miss."""
        return await _in_thread(self.invalidate_tags, *tags)

    async def aclear(self) -> bool:
        """Delete everything under the cache's name."""
        return await _in_thread(self.clear)

    async def astats(self) -> CacheStats:
        """Return how the cache is doing."""
        return await _in_thread(self.stats)

    # ----

    @property
    def _tiers(self) -> frozenset[str]:
        return self._core.tiers_of(self._policy.tiers)

    def _call(
        self,
        key: str,
        ttl: Ttl | None = None,
        options: EntryOptions | None = None,
        me: object = None,
        loop: Any = None,
    ) -> Any:
        from kit_cache.loading.flow import Call

        policy: Policy = self._policy
        if ttl is not None or options:
            policy = make_policy(self._ttl if ttl is None else ttl, {**self._options, **(options or {})})
        tiers = self._core.tiers_of(policy.tiers)
        authority = self._core.authority(tiers)
        return Call(self._core, _valid_key(key), policy, tiers, authority, bool(authority), me, loop, self.name)


def _valid_key(key: object) -> str:
    if type(key) is not str or not 0 < len(key) <= _LONGEST_KEY or key.startswith(LOCAL):
        raise CacheKeyError(
            "Cache", "key", type(key).__name__, f"must be a text of 1 to {_LONGEST_KEY} characters, not {key!r}"
        )
    if not is_utf8(key):
        raise CacheKeyError("Cache", "key", "str", f"must not have a lone surrogate: {key!r}")
    return key


async def _in_thread(function: Callable[..., T], *args: Any) -> T:
    from kit_core.loop import in_thread

    return await in_thread(function, *args)
