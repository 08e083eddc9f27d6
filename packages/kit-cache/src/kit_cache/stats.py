"""How a cache is doing: for people, for `kit_cache.admin`, and as a metric's or a log line's values."""

from typing import Any, TypedDict

from kit_cache.core import Core


class CacheStats(TypedDict):
    """How one cache is doing; counts and `memory_…` are this process's own, and of the time since its start.

    hits: of all tiers; `misses` are loads. `stale`: old values that were served because loading failed or was slow.
    refused: values that were invalidated while they were loaded, and not stored
    breaker_open: whether Redis did not answer a moment ago, and is left alone
    disk_bytes: of all names in the folder together
    """

    success: bool
    cache_name: str
    redis_available: bool
    disk_available: bool
    disk_path: str | None
    hits: int
    misses: int
    memory_hits: int
    redis_hits: int
    disk_hits: int
    stale: int
    errors: int
    refused: int
    memory_entries: int
    memory_bytes: int
    disk_bytes: int
    breaker_open: bool


def stats_of(core: Core) -> CacheStats:
    """Ask the tiers how they are, and count."""
    tiers: dict[str, Any] = dict(core.outer(core.tiers))
    redis, disk = tiers.get("redis"), tiers.get("disk")
    counts, memory_hits = core.counts, core.memory.uses
    link = getattr(redis, "link", None)
    return {
        "success": True,
        "cache_name": core.name,
        "redis_available": redis is not None and redis.available(),
        "disk_available": disk is not None and disk.available(),
        "disk_path": str(core.settings.directory) if disk is not None else None,
        "hits": memory_hits + counts.redis + counts.disk,
        "misses": counts.loads,
        "memory_hits": memory_hits,
        "redis_hits": counts.redis,
        "disk_hits": counts.disk,
        "stale": counts.stale,
        "errors": counts.errors,
        "refused": counts.refused,
        "memory_entries": len(core.memory),
        "memory_bytes": core.memory.bytes,
        "disk_bytes": disk.size() if disk is not None and hasattr(disk, "size") else 0,
        "breaker_open": link is not None and link.breaker.is_open,
    }
