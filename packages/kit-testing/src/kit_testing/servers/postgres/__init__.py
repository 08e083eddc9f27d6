"""PostgreSQL, found on the machine or in a wheel."""

from kit_testing.servers.postgres.databases import Databases
from kit_testing.servers.postgres.migrations import apply_migrations
from kit_testing.servers.postgres.server import Postgres

__all__ = ["Databases", "Postgres", "apply_migrations"]
