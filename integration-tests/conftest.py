"""The example backend, started once for all tests that drive it from outside."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from backend_process import LOANS, OFFICER, Backend
from kit_db import Database
from kit_events.outbox import Outbox
from loans.model import Loan, LoanRequested, LoanStore


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the backend's tests, and end with the one that waits for its schedule: others fill the minute."""
    ours = [place for place, item in enumerate(items) if Path(__file__).parent in item.path.parents]
    ordered = sorted((items[place] for place in ours), key=_turn)
    for place, item in zip(ours, ordered, strict=True):
        items[place] = item


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("last"):
        return 2
    return 0 if "backend" in getattr(item, "fixturenames", ()) else 1


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    running = Backend.start(LOANS, tmp_path_factory.mktemp("loans"), "--ephemeral")
    yield running
    assert running.stop() == 0, running.log.read_text()


@pytest.fixture(scope="session")
def left_behind(backend: Backend) -> UUID:
    """The loan of a process that died after the commit: it is there, as is its event, which was not sent."""
    loan = Loan(id=uuid4(), profile_id=UUID(OFFICER), amount=Decimal("70.00"), term_months=12)
    database = Database.from_url(backend.postgres)
    with database.transaction():
        LoanStore(database).add(loan)
        Outbox(database=database).publish(LoanRequested(id=loan.id, profile_id=loan.profile_id, status=loan.status))
    database.close()
    return loan.id
