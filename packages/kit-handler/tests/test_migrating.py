"""The table of the older behaviours names tests that exist."""

import re
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parents[2]
DOCUMENT = PACKAGES.parent / "docs" / "migrating.md"

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason="the document is part of the repository only")


def rows() -> list[list[str]]:
    text = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    cells = [line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| ([RIJC]\d|D9)", line)]
    return [[cell.strip() for cell in row] for row in cells]


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[1][:20]}")
def test_every_test_that_is_named_is_there(row: list[str]) -> None:
    ours, _, events = row[3].partition("kit-events:")
    named = [(each, "kit-handler") for each in re.findall(r"`([^`]+)`", ours)]
    named += [(each, "kit-events") for each in re.findall(r"`([^`]+)`", events)]
    assert named
    for name, package in named:
        file, _, test = name.partition("::")
        files = list((PACKAGES / package / "tests").rglob(file))
        assert any(f"def {test}(" in each.read_text() for each in files), f"{package} has no test {name}"


def test_no_behaviour_is_left_out() -> None:
    found = {number for row in rows() for number in row[0].split(", ")}
    last = {"R": 15, "I": 6, "J": 6, "C": 21}
    assert found == {f"{letter}{number}" for letter, count in last.items() for number in range(1, count + 1)} | {"D9"}
