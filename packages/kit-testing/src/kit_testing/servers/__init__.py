"""Servers for tests: PostgreSQL and Redis found on the machine or in a wheel, and AWS in this process."""

from kit_testing.servers.aws.endpoint import Aws
from kit_testing.servers.postgres import Databases, Postgres, apply_migrations
from kit_testing.servers.redis.server import Redis

__all__ = ["Aws", "Databases", "Postgres", "Redis", "apply_migrations"]
