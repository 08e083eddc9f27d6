"""PostgreSQL and Redis: found on the machine or in a wheel, started, watched and ended."""

from kit_local.stores.postgres import Postgres
from kit_local.stores.redis import Redis

__all__ = ["Postgres", "Redis"]
