"""Cache management by name, for operators: clear and stats, of declared names only.

Nothing here asks who calls: put it behind an authorization (kit-gateway does), and clear by POST or DELETE only.
"""

from typing import TypedDict

from kit_cache import registry
from kit_cache.stats import CacheStats, stats_of

EVERYTHING = "*"


class ClearAnswer(TypedDict):
    """The answer to a clearing; `complete` is whether every tier has answered."""

    success: bool
    message: str
    cache_name: str
    complete: bool


def clear(cache_name: str) -> bool:
    """Delete everything that is cached under a name, in every tier.

    Other processes see it at once in Redis, on this machine's disk too, and in their memory within
    KIT_CACHE_CHECK_MS. Return whether every tier has answered: a deletion that Redis missed is done as soon as it is
    back. Raise UnknownCacheError for a name that nothing has declared.
    """
    return registry.declared(cache_name).clear()


def clear_cache(cache_name: str = "method", cache_key: str = EVERYTHING) -> ClearAnswer:
    """Delete the keys of a name that match a glob pattern (`user:*`), and say so as an operator's tool shows it."""
    core = registry.declared(cache_name)
    complete = core.clear() if cache_key == EVERYTHING else core.delete_pattern(cache_key)
    message = f"Cache cleared for pattern: {cache_key}"
    return {"success": True, "message": message, "cache_name": cache_name, "complete": complete}


def stats(cache_name: str) -> CacheStats:
    """Return how a cache is doing; raise UnknownCacheError for a name that nothing has declared."""
    return stats_of(registry.declared(cache_name))


def declare(*cache_names: str) -> None:
    """Make names known whose functions are in modules that are not imported yet."""
    for name in cache_names:
        registry.core_of(name)


def names() -> list[str]:
    """Return the declared names."""
    return registry.names()
