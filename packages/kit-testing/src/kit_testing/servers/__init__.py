"""Servers for tests: PostgreSQL and Redis from the machine or a wheel, AWS and `@connections` in this process."""

from kit_testing.servers.aws.endpoint import Aws
from kit_testing.servers.connections import ConnectionsServer, Throttle
from kit_testing.servers.postgres import Databases, Postgres, apply_migrations
from kit_testing.servers.redis.server import Redis

__all__ = ["Aws", "ConnectionsServer", "Databases", "Postgres", "Redis", "Throttle", "apply_migrations"]
