"""Fixtures for tests of code that uses kit-db; every pytest run in an environment that holds kit-db loads them.

This module imports nothing but pytest: the rest is imported by the fixture that needs it.
"""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kit_db.database import Database
    from kit_db.testing import Template


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a server for a user that may create databases: `KIT_PG_URL`, or the server that kit-local finds.

    To be overridden in a conftest.py for any other.
    """
    given = os.environ.get("KIT_PG_URL")
    if given:
        return given
    try:
        server: Any = request.getfixturevalue("postgres_server")
    except pytest.FixtureLookupError:
        pytest.skip("there is no PostgreSQL: set KIT_PG_URL, or install kit-local")
    return str(server.url)


@pytest.fixture(scope="session")
def database_setup() -> "Callable[[Database], object] | None":
    """What to fill the template with: a callable that gets the empty database. To be overridden in a conftest.py."""
    return None


@pytest.fixture(scope="session")
def database_template(database_url: str, database_setup: "Callable[[Database], object] | None") -> "Iterator[Template]":
    """The database that those of the tests are copies of."""
    from kit_db.testing import Template

    with Template(database_url, database_setup) as template:
        yield template


@pytest.fixture
def fresh_database(database_template: "Template") -> "Iterator[Database]":
    """A database of this test's own, the default one meanwhile; commits are real, and it is dropped afterwards."""
    from kit_db.testing import as_default

    with database_template.copy() as database, as_default(database):
        yield database


@pytest.fixture(scope="session")
def _shared_database(database_template: "Template") -> "Iterator[Database]":
    with database_template.copy() as database:
        yield database


@pytest.fixture
def rolled_back_database(_shared_database: "Database") -> "Iterator[Database]":
    """A database that is the default one meanwhile and forgets, by rolling back, what this test does."""
    from kit_db.testing import as_default, rolled_back

    with as_default(_shared_database), rolled_back(_shared_database):
        yield _shared_database
