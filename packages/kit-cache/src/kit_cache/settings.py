"""The settings of the environment, read when a cache is first used."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from kit_cache.errors import CacheConfigError

_TIERS = frozenset({"memory", "redis", "disk"})

# A cache name becomes part of a Redis key, of a path and of an environment variable's name.
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,63})")


class RedisSettings(NamedTuple):
    """Where the Redis of one cache is; equal settings share one connection pool."""

    url: str | None = None
    host: str = ""
    port: int = 6379
    db: int = 0
    timeout: float = 0.1
    password: str | None = None

    def __repr__(self) -> str:
        """Show neither the password nor a URL that may hold one."""
        return f"RedisSettings({'url' if self.url else self.host + ':' + str(self.port)}, db={self.db})"


class CacheSettings(NamedTuple):
    """The limits and places of one cache."""

    tiers: frozenset[str]
    redis: RedisSettings | None
    redis_prefix: str
    directory: Path
    base: Path | None
    memory_entries: int
    disk_bytes: int

    @classmethod
    def from_env(cls, cache_name: str) -> "CacheSettings":
        """Read the environment's settings for `cache_name`; raise CacheConfigError where it makes no sense."""
        namespace = os.environ.get("KIT_CACHE_NAMESPACE", "")
        if namespace:
            valid_name(namespace, "KIT_CACHE_NAMESPACE")
        path = "/".join(part for part in (namespace, cache_name) if part)
        chosen = os.environ.get("KIT_CACHE_DIR") or os.environ.get("CACHE_DIR")
        base = Path(chosen) if chosen else default_directory()
        return cls(
            tiers=_default_tiers(),
            redis=_redis_settings(cache_name),
            # The braces make all keys of a cache one slot of a Redis cluster, where a script may touch only one.
            redis_prefix=f"kit-cache:{{{path}}}:",
            directory=base / path,
            base=None if chosen else base,
            memory_entries=_integer("KIT_CACHE_MEMORY_ENTRIES", 1024, least=1),
            disk_bytes=_integer("KIT_CACHE_DISK_BYTES", 64 * 2**20, least=2**16),
        )


def default_directory() -> Path:
    """Return the folder under the temp directory that is this user's alone."""
    import tempfile

    user = str(os.geteuid()) if hasattr(os, "geteuid") else "user"
    return Path(tempfile.gettempdir()) / f"kit-cache-{user}"


def valid_name(name: object, what: str = "cache_name") -> str:
    """Return `name` if it may stand in a path and in a Redis key, else raise CacheConfigError."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CacheConfigError(f"{what} must be 1 to 64 letters, digits, '_', '-' or '.', not {name!r}")
    return name


def valid_tiers(tiers: object) -> frozenset[str]:
    """Return the names as a set; raise CacheConfigError where one isn't a tier or there is none."""
    if isinstance(tiers, str) or not isinstance(tiers, (tuple, list, set, frozenset)):
        raise CacheConfigError(f"tiers must be a tuple of names, not {tiers!r}")
    names = frozenset(tiers)
    if not names or not names <= _TIERS:
        raise CacheConfigError(f"tiers are any of {', '.join(sorted(_TIERS))}, not {tiers!r}")
    return names


def _default_tiers() -> frozenset[str]:
    text = os.environ.get("KIT_CACHE_TIERS")
    return valid_tiers([name.strip() for name in text.split(",")]) if text else _TIERS


def _redis_settings(cache_name: str) -> RedisSettings | None:
    timeout = _integer("KIT_CACHE_REDIS_TIMEOUT_MS", 100, least=1) / 1000
    url = os.environ.get("KIT_CACHE_REDIS_URL")
    if url:
        return RedisSettings(url=url, timeout=timeout)
    host = os.environ.get("REDIS_HOST")
    if not host:
        return None
    own = "REDIS_DB_" + re.sub(r"[^A-Z0-9]", "_", cache_name.upper())
    return RedisSettings(
        host=host,
        port=_integer("REDIS_PORT", 6379, least=1),
        timeout=timeout,
        db=_integer(own if os.environ.get(own) else "REDIS_DB", 0, least=0),
        password=os.environ.get("REDIS_PASSWORD") or None,
    )


def _integer(name: str, default: int, *, least: int) -> int:
    text = os.environ.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise CacheConfigError(f"{name} must be an integer of at least {least}, not {text!r}")
    return int(text)
