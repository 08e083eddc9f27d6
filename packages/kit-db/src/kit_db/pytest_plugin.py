"""Two fixtures with a `Database` for a test, on the databases of kit-testing's plugin.

Every pytest run in an environment with kit-db loads this module: it imports pytest and nothing else.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kit_db.database import Database


@pytest.fixture
def fresh_database(postgres_url: str) -> "Iterator[Database]":
    """A database of this test, the default one during the test; commits are real, and it is dropped afterwards."""
    from kit_db.database import Database
    from kit_db.testing import as_default

    database = Database.from_url(postgres_url)
    with as_default(database):
        yield database
    database.close()


@pytest.fixture(scope="session")
def _shared_databases() -> "Iterator[dict[str, Database]]":
    made: dict[str, Database] = {}
    yield made
    for database in made.values():
        database.close()


@pytest.fixture
def rolled_back_database(postgres_shared_url: str, _shared_databases: "dict[str, Database]") -> "Iterator[Database]":
    """A database whose changes are rolled back after this test, the default one during the test."""
    from kit_db.database import Database
    from kit_db.testing import as_default, rolled_back

    if postgres_shared_url not in _shared_databases:
        _shared_databases[postgres_shared_url] = Database.from_url(postgres_shared_url)
    shared = _shared_databases[postgres_shared_url]
    with as_default(shared), rolled_back(shared):
        yield shared
