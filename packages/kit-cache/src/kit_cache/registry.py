"""All cache names of this process: a decorator, a `Cache`, or `declare` has named each."""

import threading

from kit_cache.core import Core
from kit_cache.errors import UnknownCacheError
from kit_cache.settings import valid_name

_cores: dict[str, Core] = {}
_lock = threading.Lock()


def core_of(cache_name: str, tiers: frozenset[str] | None = None) -> Core:
    """Return the cache of this name, and note which tiers another user of it asks for."""
    valid_name(cache_name)
    with _lock:
        core = _cores.get(cache_name)
        if core is None:
            core = _cores[cache_name] = Core(cache_name)
        core.declare(tiers)
        return core


def declared(cache_name: str) -> Core:
    """Return the cache of this name; raise UnknownCacheError if nothing has declared it."""
    core = _cores.get(cache_name) if isinstance(cache_name, str) else None
    if core is None:
        raise UnknownCacheError(cache_name)
    return core


def names() -> list[str]:
    """Return the declared names, in their order."""
    return sorted(_cores)


def reset() -> None:
    """Forget the state of this process: values in memory, counts, connections, and the environment's settings.

    For tests, and after the environment has changed. Redis and the disk keep their values.
    """
    from kit_cache.tiers import stores

    for core in list(_cores.values()):
        core.reset()
    stores.close_all()
