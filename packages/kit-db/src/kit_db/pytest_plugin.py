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
def _shared_database(postgres_shared_url: str) -> "Iterator[Database]":
    from kit_db.database import Database

    database = Database.from_url(postgres_shared_url)
    yield database
    database.close()


@pytest.fixture
def rolled_back_database(_shared_database: "Database") -> "Iterator[Database]":
    """A database whose changes are rolled back after this test, the default one during the test."""
    from kit_db.testing import as_default, rolled_back

    with as_default(_shared_database), rolled_back(_shared_database):
        yield _shared_database
