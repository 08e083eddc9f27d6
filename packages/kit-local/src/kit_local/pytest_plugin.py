"""Fixtures for tests that talk to PostgreSQL, Redis and AWS: the real thing, or moto, started when first asked for.

This module is loaded by every pytest run in an environment that holds kit-local: it imports nothing but pytest.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kit_local.cloud import Cloud
    from kit_local.databases import Databases
    from kit_local.stores import Postgres, Redis


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[Postgres]":
    """A PostgreSQL server of this test run; a test that kills or stops it has to start it again."""
    from kit_local.stores import Postgres

    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template() -> Path | None:
    """The folder of SQL migrations that every database of `postgres_url` comes with; None for empty ones.

    To be overridden in a conftest.py.
    """
    return None


@pytest.fixture(scope="session")
def _postgres_databases(postgres_server: "Postgres", postgres_template: Path | None) -> "Iterator[Databases]":
    from kit_local.databases import Databases

    databases = Databases(postgres_server, postgres_template)
    yield databases
    databases.close()


@pytest.fixture
def postgres_url(_postgres_databases: "Databases") -> Iterator[str]:
    """The URL of a database made for this test, and dropped after it; its user owns it and is no superuser."""
    with _postgres_databases.fresh() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> "Iterator[Redis]":
    """A Redis server of this test run; a test that kills or stops it has to start it again."""
    from kit_local.stores import Redis

    with Redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: "Redis") -> Iterator[str]:
    """The URL of an empty Redis database. On a server of somebody else's: of one that was empty, emptied again."""
    from kit_local.databases import empty_redis

    with empty_redis(redis_server) as url:
        if url is None:
            pytest.skip("no database of KIT_REDIS_URL is empty, and none is emptied for a test")
        yield url


@pytest.fixture(scope="session")
def _cloud() -> "Iterator[Cloud]":
    from kit_local.cloud import Cloud

    with Cloud(region="us-east-1") as cloud:
        yield cloud


@pytest.fixture
def aws(_cloud: "Cloud", monkeypatch: pytest.MonkeyPatch) -> "Iterator[Cloud]":
    """An empty AWS on this machine, with the environment of an SDK leading there and nowhere else."""
    for name in tuple(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in _cloud.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _cloud.reset()
    yield _cloud
    _cloud.reset()
