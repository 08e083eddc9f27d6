"""The table of the older databases names tests that exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parents[2] / "docs" / "migrating.md"

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason="the document is part of the repository only")


def rows() -> list[list[str]]:
    lines = DOCUMENT.read_text().splitlines() if DOCUMENT.exists() else []
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| D[1-8] ", line)]


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[1][:20]}")
def test_every_test_that_is_named_is_there(row: list[str]) -> None:
    named = re.findall(r"`([^`]+)`", row[3])
    assert named
    for name in named:
        file, _, test = name.partition("::")
        assert any(f"def {test}(" in path.read_text() for path in TESTS.rglob(file)), name


def test_no_behaviour_is_left_out() -> None:
    assert {row[0] for row in rows()} == {"D1", "D2", "D3", "D4", "D5", "D6", "D8"}
