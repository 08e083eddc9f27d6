"""Fixtures for tests that talk to PostgreSQL, Redis and AWS; the servers start when a test first asks for one.

Every pytest run in an environment with kit-testing loads this module: it imports pytest and nothing of the servers.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from psycopg2.extensions import connection

    from kit_testing.servers import Aws, ConnectionsServer, Postgres, Redis
    from kit_testing.servers.postgres.templates import Template, Templates


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[Postgres]":
    """A PostgreSQL server of this test run; a test that kills or stops it has to start it again."""
    from kit_testing.servers import Postgres

    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template() -> "Template":
    """The content of every database: a folder of SQL files, or a callable that gets the URL of an empty database.

    None leaves them empty. To be overridden in a conftest.py; each folder of tests may have its own.
    """
    return None


@pytest.fixture(scope="session")
def _postgres_templates(postgres_server: "Postgres") -> "Iterator[Templates]":
    from kit_testing.servers.postgres.templates import Templates

    templates = Templates(postgres_server)
    yield templates
    templates.close()


# Of the test, not of the session: a fixture of the session would keep the template of the folder that used it first.


@pytest.fixture
def postgres_url(_postgres_templates: "Templates", postgres_template: "Template") -> Iterator[str]:
    """The URL of a database of this test, dropped after it; its user owns it and is no superuser."""
    with _postgres_templates.databases(postgres_template).fresh() as url:
        yield url


@pytest.fixture
def postgres_shared_url(_postgres_templates: "Templates", postgres_template: "Template") -> str:
    """The URL of one database for all tests with the same template that roll back their changes."""
    return _postgres_templates.shared_url(postgres_template)


@pytest.fixture
def postgres_connection(_postgres_templates: "Templates", postgres_template: "Template") -> "Iterator[connection]":
    """A psycopg2 connection whose changes are rolled back after the test; its commits are savepoints."""
    with _postgres_templates.rehearsal(postgres_template) as connection:
        yield connection


@pytest.fixture(scope="session")
def redis_server() -> "Iterator[Redis]":
    """A Redis server of this test run; a test that kills or stops it has to start it again."""
    from kit_testing.servers import Redis

    with Redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: "Redis") -> Iterator[str]:
    """The URL of an empty Redis database. On a server of `KIT_REDIS_URL`, no database is used that holds keys."""
    from kit_testing.servers.redis import empty_redis

    with empty_redis(redis_server) as url:
        if url is None:
            pytest.skip("no database of KIT_REDIS_URL is empty, and none is emptied for a test")
        yield url


@pytest.fixture(scope="session")
def _aws_endpoint() -> "Iterator[Aws]":
    from kit_testing.events._values import REGION
    from kit_testing.servers import Aws

    with Aws(region=REGION) as endpoint:
        yield endpoint


@pytest.fixture
def aws(_aws_endpoint: "Aws", monkeypatch: pytest.MonkeyPatch) -> "Iterator[Aws]":
    """An empty AWS on this machine, with the environment of an SDK leading there and nowhere else."""
    for name in tuple(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in _aws_endpoint.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _aws_endpoint.reset()
    yield _aws_endpoint
    _aws_endpoint.reset()


@pytest.fixture
def connections_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> "Iterator[ConnectionsServer]":
    """A server of `@connections`, with the environment of an SDK leading there."""
    from kit_testing.servers import ConnectionsServer

    if "aws" in request.fixturenames:
        request.getfixturevalue("aws")  # it takes every AWS_ variable away first
    with ConnectionsServer() as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server
