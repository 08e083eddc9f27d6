"""Memory, disk and Redis behind one cache, without pickle, for functions on AWS Lambda."""

from kit_cache.admin import clear, stats
from kit_cache.cache import Cache
from kit_cache.decorators import hybrid_cache, method_cache
from kit_cache.errors import (
    CacheConfigError,
    CacheError,
    CacheKeyError,
    LoadTimeoutError,
    UncacheableValueError,
    UnknownCacheError,
)
from kit_cache.found import CachedValue
from kit_cache.fronts.function import AsyncCachedFunction, CachedFunction
from kit_cache.policy import EntryOptions
from kit_cache.registry import reset
from kit_cache.stats import CacheStats

__all__ = [
    "AsyncCachedFunction",
    "Cache",
    "CacheConfigError",
    "CacheError",
    "CacheKeyError",
    "CacheStats",
    "CachedFunction",
    "CachedValue",
    "EntryOptions",
    "LoadTimeoutError",
    "UncacheableValueError",
    "UnknownCacheError",
    "clear",
    "hybrid_cache",
    "method_cache",
    "reset",
    "stats",
]
