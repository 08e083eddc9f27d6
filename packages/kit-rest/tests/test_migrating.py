"""The table of the older framework names tests that exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCUMENT = TESTS.parents[2] / "docs" / "migrating.md"

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason="the document is part of the repository only")


def rows():
    lines = DOCUMENT.read_text().splitlines() if DOCUMENT.exists() else []
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| G\d+ ", line)]


def test_every_test_that_is_named_is_there():
    for row in rows():
        for name in re.findall(r"`(test_[^`]+)`", row[3]):
            file, _, test = name.partition("::")
            assert any(f"def {test}(" in path.read_text() for path in TESTS.rglob(file)), name


def test_no_behaviour_is_left_out():
    assert {row[0] for row in rows()} == {f"G{number}" for number in range(1, 14)}
