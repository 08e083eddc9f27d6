"""The examples in the README and the guide, run as they stand."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import kit_events
import pytest
from kit_db import Database, set_default_database
from kit_events import outbox

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "events.md"
OUTBOX_GUIDE = GUIDE.with_name("events-outbox.md")


def run(document: Path) -> dict[str, Any]:
    """Run every Python block in one namespace, with the line numbers of the document in tracebacks."""
    text = document.read_text()
    namespace: dict[str, Any] = {"__name__": document.stem}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        source = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(source, str(document), "exec"), namespace)
    return namespace


def test_the_readme_is_true(bus: Any) -> None:
    receive = bus.subscribe("underwriting")
    found = run(PACKAGE / "README.md")
    [record] = kit_events.EventRecord.from_record(receive()[0])
    assert found["underwrite"](record).startswith("loan.requested 1500.00 at ")


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide is part of the repository, not of the package")
def test_the_guide_is_true(bus: Any) -> None:
    receive = bus.subscribe("notifications")
    found = run(GUIDE)
    received = [record.id for raw in receive() for record in kit_events.EventRecord.from_record(raw)]
    assert found["event_id"] in received


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    made = Database.from_url(postgres_url)
    set_default_database(made)
    yield made
    set_default_database(None)
    outbox.set_default_outbox(None)
    made.close()


@pytest.mark.skipif(not OUTBOX_GUIDE.exists(), reason="the guide is part of the repository, not of the package")
def test_the_guide_to_outbox_and_inbox_is_true(bus: Any, database: Database) -> None:
    receive = bus.subscribe("underwriting")
    found = run(OUTBOX_GUIDE)
    assert len(receive()) == 2
    assert database.execute("select id from loans where status = 'approved'") == [{"id": found["loan_id"]}]
    found["test_a_requested_loan_is_approved"](database)
    record = SimpleNamespace(id=uuid4())
    for _ in range(2):
        asyncio.run(found["charge"](record))
    assert found["charged"] == [record.id]
