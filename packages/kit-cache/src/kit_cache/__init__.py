"""Memory, disk and Redis caching for AWS Lambda functions, without pickle."""

from kit_cache.cache import CacheStats, clear, reset, stats
from kit_cache.decorators import hybrid_cache, method_cache
from kit_cache.errors import CacheConfigError, CacheError, CacheKeyError, UncacheableValueError, UnknownCacheError
from kit_cache.function import AsyncCachedFunction, CachedFunction

__all__ = [
    "AsyncCachedFunction",
    "CacheConfigError",
    "CacheError",
    "CacheKeyError",
    "CacheStats",
    "CachedFunction",
    "UncacheableValueError",
    "UnknownCacheError",
    "clear",
    "hybrid_cache",
    "method_cache",
    "reset",
    "stats",
]
