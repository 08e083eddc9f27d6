"""The settings of the environment, read when a cache is first used."""

import os
from typing import TYPE_CHECKING, NamedTuple

from kit_cache.errors import CacheConfigError

if TYPE_CHECKING:
    from pathlib import Path

TIERS = ("memory", "redis", "disk")
_NAME_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_LONGEST_NAME = 64
_MIB = 2**20
DEFAULT_TTLS = {"settings": 1800.0, "database": 600.0, "api": 300.0}
DEFAULT_TTL = 300.0


class RedisSettings(NamedTuple):
    """Where the Redis of one cache is; equal settings share one connection pool. No password is in it."""

    url: str | None = None
    host: str = ""
    port: int = 6379
    db: int = 0
    tls: bool = False
    timeout: float = 0.05
    driver: str = "resp"

    def __repr__(self) -> str:
        """Show no URL, which may hold a password."""
        return f"RedisSettings({'url' if self.url else self.host + ':' + str(self.port)}, db={self.db})"


class CacheSettings(NamedTuple):
    """The limits and places of one cache.

    check_seconds: for how long a value in memory is believed without a look at the invalidations of other processes
    """

    tiers: frozenset[str]
    redis: RedisSettings | None
    prefix: str
    directory: "Path"
    base: "Path | None"
    memory_entries: int
    memory_bytes: int
    disk_bytes: int | None
    disk_driver: str
    check_seconds: float

    @classmethod
    def from_env(cls, cache_name: str) -> "CacheSettings":
        """Read the environment's settings for `cache_name`; raise CacheConfigError where it makes no sense."""
        from pathlib import Path

        namespace = os.environ.get("KIT_CACHE_NAMESPACE", "")
        if namespace:
            valid_name(namespace, "KIT_CACHE_NAMESPACE")
        chosen = os.environ.get("KIT_CACHE_DIR") or os.environ.get("CACHE_DIR")
        base = Path(chosen) if chosen else default_directory()
        return cls(
            tiers=_default_tiers(),
            redis=_redis_settings(cache_name),
            prefix=":".join(part for part in (namespace, cache_name) if part),
            directory=base / namespace if namespace else base,
            base=None if chosen else base,
            memory_entries=_integer("KIT_CACHE_MEMORY_ENTRIES", 1024, least=1),
            memory_bytes=_integer("KIT_CACHE_MEMORY_BYTES", _default_memory(), least=2**12),
            disk_bytes=_integer("KIT_CACHE_DISK_BYTES", 0, least=2**18) or None,
            disk_driver=_choice("KIT_CACHE_DISK_DRIVER", ("sqlite", "diskcache")),
            check_seconds=_integer("KIT_CACHE_CHECK_MS", 1000, least=0) / 1000,
        )


def default_directory() -> "Path":
    """Return the folder under the temp directory that is this user's alone."""
    import tempfile
    from pathlib import Path

    user = str(os.geteuid()) if hasattr(os, "geteuid") else "user"
    return Path(tempfile.gettempdir()) / f"kit-cache-{user}"


def valid_name(name: object, what: str = "cache_name") -> str:
    """Return `name` if it may stand in a path and in a Redis key, else raise CacheConfigError."""
    if type(name) is str and 0 < len(name) <= _LONGEST_NAME and name[0] not in ".-" and _NAME_SIGNS.issuperset(name):
        return name
    raise CacheConfigError(f"{what} must be 1 to 64 letters, digits, '_', '-' or '.', not {name!r}")


def is_utf8(text: str) -> bool:
    """Tell whether UTF-8 has the text: a lone surrogate, as in the name of an odd file, can be in no key."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def valid_tiers(tiers: object) -> frozenset[str]:
    """Return the names as a set; raise CacheConfigError where one isn't a tier or there is none."""
    if isinstance(tiers, str) or not isinstance(tiers, (tuple, list, set, frozenset)):
        raise CacheConfigError(f"tiers must be a tuple of names, not {tiers!r}")
    names = frozenset(tiers)
    if not names or not names.issubset(TIERS):
        raise CacheConfigError(f"tiers are any of {', '.join(sorted(TIERS))}, not {tiers!r}")
    return names


def _default_tiers() -> frozenset[str]:
    text = os.environ.get("KIT_CACHE_TIERS")
    return valid_tiers([name.strip() for name in text.split(",")]) if text else frozenset(TIERS)


def _default_memory() -> int:
    """Return an eighth of a Lambda function's memory, 64 MiB elsewhere."""
    text = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    return int(text) * _MIB // 8 if text.isdecimal() else 64 * _MIB


def _redis_settings(cache_name: str) -> RedisSettings | None:
    timeout = _integer("KIT_CACHE_REDIS_TIMEOUT_MS", 50, least=1) / 1000
    driver = _choice("KIT_CACHE_REDIS_DRIVER", ("resp", "redis-py"))
    url = os.environ.get("KIT_CACHE_REDIS_URL")
    if url:
        return RedisSettings(url=url, timeout=timeout, driver=driver)
    host = os.environ.get("REDIS_HOST")
    if not host:
        return None
    own = "REDIS_DB_" + "".join(sign if sign.isalnum() else "_" for sign in cache_name.upper())
    return RedisSettings(
        host=host,
        port=_integer("REDIS_PORT", 6379, least=1),
        db=_integer(own if os.environ.get(own) else "REDIS_DB", 0, least=0),
        tls=_flag("REDIS_TLS"),
        timeout=timeout,
        driver=driver,
    )


def _flag(name: str) -> bool:
    text = os.environ.get(name, "").lower()
    if text not in ("", "0", "1", "true", "false"):
        raise CacheConfigError(f"{name} is 1 or 0, not {text!r}")
    return text in ("1", "true")


def _choice(name: str, choices: tuple[str, ...]) -> str:
    text = os.environ.get(name) or choices[0]
    if text not in choices:
        raise CacheConfigError(f"{name} is one of {', '.join(choices)}, not {text!r}")
    return text


def _integer(name: str, default: int, *, least: int) -> int:
    text = os.environ.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise CacheConfigError(f"{name} must be an integer of at least {least}, not {text!r}")
    return int(text)
