"""The tables of the older events and sources name tests that exist."""

import re
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[2]
DOCUMENT = PACKAGES.parent / "docs" / "migrating.md"

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason="the document is part of the repository only")


def rows() -> list[list[str]]:
    lines = DOCUMENT.read_text().splitlines() if DOCUMENT.exists() else []
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| [ET]\d", line)]


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[1][:20]}")
def test_every_test_that_is_named_is_there(row: list[str]) -> None:
    named = re.findall(r"`([^`]+)`", row[3])
    assert named
    for name in named:
        file, _, test = name.partition("::")
        found = PACKAGES.glob(f"*/tests/**/{file}")
        assert any(f"def {test}(" in path.read_text() for path in found), name


def test_no_behaviour_is_left_out() -> None:
    events, sources = {f"E{number}" for number in range(1, 6)}, {"T1", "T2", "T3", "T4", "T5", "T7"}
    assert {row[0] for row in rows()} == events | sources
