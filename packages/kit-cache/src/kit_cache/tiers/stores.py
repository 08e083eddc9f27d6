"""The connections and files of this process: one for each Redis and for each folder, and not for each name."""

import threading
from typing import TYPE_CHECKING, Any

from kit_core.loading import renew_with_snapshot

from kit_cache.settings import CacheSettings, RedisSettings

if TYPE_CHECKING:
    from kit_cache.tiers.disk.database import Database, DiskSettings
    from kit_cache.tiers.disk.diskcache import DiskcacheTier
    from kit_cache.tiers.port import Tier
    from kit_cache.tiers.redis.link import Link

_links: "dict[RedisSettings, Link]" = {}
_databases: "dict[DiskSettings, Database]" = {}
_diskcaches: "list[DiskcacheTier]" = []
_lock = threading.Lock()


def redis_tier(settings: CacheSettings) -> "Tier":
    """Return the tier of a cache in its Redis."""
    from kit_cache.tiers.redis.tier import RedisTier

    assert settings.redis is not None
    return RedisTier(_link(settings.redis), f"kit-cache:{settings.prefix}:")


def disk_tier(settings: CacheSettings) -> "Tier":
    """Return the tier of a cache on disk."""
    from kit_cache.tiers.disk.database import Database, DiskSettings
    from kit_cache.tiers.disk.tier import DiskTier

    place = DiskSettings(settings.directory, settings.base, settings.disk_bytes)
    if settings.disk_driver == "diskcache":
        from kit_cache.tiers.disk.diskcache import DiskcacheTier

        tier = DiskcacheTier(place, settings.prefix)
        _diskcaches.append(tier)
        return tier
    with _lock:
        database = _databases.get(place)
        if database is None:
            database = _databases[place] = Database(place)
    return DiskTier(database, settings.prefix)


def _link(settings: RedisSettings) -> "Link":
    from kit_cache.tiers.redis.link import Link

    with _lock:
        link = _links.get(settings)
        if link is None:
            renew_with_snapshot(_drop_connections)
            link = _links[settings] = Link(_client(settings), settings.timeout)
        return link


def _client(settings: RedisSettings) -> Any:
    from kit_cache.tiers.redis.address import Address, parse_url
    from kit_cache.tiers.redis.client import RespClient
    from kit_cache.tiers.redis.credentials import read_login

    if settings.url is not None:
        address = parse_url(settings.url)[0]
    else:
        address = Address(settings.host, settings.port, settings.db, settings.tls)
    if settings.driver == "redis-py":
        from kit_cache.tiers.redis.redis_py import RedisPyClient

        return RedisPyClient(address, read_login, settings.timeout)
    return RespClient(address, read_login, settings.timeout)


def _drop_connections() -> None:
    """Close the connections and files, which a snapshot must not hold."""
    for link in list(_links.values()):
        link.client.drop_connections()
    for database in list(_databases.values()):
        database.close()
    for tier in _diskcaches:
        tier.close()


def close_all() -> None:
    """Close every connection and file; the next use opens them again, by the environment's settings of then."""
    with _lock:
        links, databases, diskcaches = list(_links.values()), list(_databases.values()), list(_diskcaches)
        _links.clear()
        _databases.clear()
        _diskcaches.clear()
    for link in links:
        link.close()
    for database in databases:
        database.close()
    for tier in diskcaches:
        tier.close()
