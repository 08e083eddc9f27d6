"""The examples in the README and the guide, run as they stand."""

import re
from pathlib import Path
from typing import Any

import kit_events
import pytest

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "events.md"


def run(document: Path) -> dict[str, Any]:
    """Run every Python block in one namespace, with the line numbers of the document in tracebacks."""
    text = document.read_text()
    namespace: dict[str, Any] = {"__name__": document.stem}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        source = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(source, str(document), "exec"), namespace)
    return namespace


@pytest.fixture(autouse=True)
def surroundings(bus: Any) -> Any:
    yield
    kit_events.set_correlation_id(None)


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
