"""The table of the older schemas names tests that exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parents[2] / "docs" / "migrating.md"

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason="the document is part of the repository only")


def rows() -> list[list[str]]:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines() if DOCUMENT.exists() else []
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| D[78][a-e] ", line)
    ]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_every_test_that_is_named_is_there(row):
    named = re.findall(r"`([^`]+)`", row[3])
    assert named
    for name in named:
        file, _, test = name.partition("::")
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), name


def test_no_behaviour_is_left_out():
    assert [row[0] for row in rows()] == ["D7a", "D7b", "D7c", "D7d", "D7e", "D8a"]
