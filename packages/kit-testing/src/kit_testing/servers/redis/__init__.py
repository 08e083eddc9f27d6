"""Redis, found on the machine or in a wheel."""

from kit_testing.servers.redis.empty import empty_redis
from kit_testing.servers.redis.server import Redis

__all__ = ["Redis", "empty_redis"]
