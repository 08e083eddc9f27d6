"""The examples in the README and the guide, run as they stand."""

import re
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parents[1]
FOLDER = PACKAGE.parents[1] / "docs" / "guides"  # part of the repository only
GUIDES = sorted([*FOLDER.glob("handler*.md"), *FOLDER.glob("testing-functions.md")])


def run(document: Path) -> dict[str, Any]:
    """Run every Python block in one namespace, with the line numbers of the document in tracebacks."""
    text = document.read_text()
    namespace: dict[str, Any] = {"__name__": document.stem}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        source = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(source, str(document), "exec"), namespace)
    return namespace


def test_the_readme_is_true() -> None:
    assert "import_row" in run(PACKAGE / "README.md")


def test_the_readme_names_everything() -> None:
    import kit_handler

    text = (PACKAGE / "README.md").read_text()
    assert [name for name in kit_handler.__all__ if f"`{name}`" not in text] == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_guides_are_true(guide: Path) -> None:
    assert run(guide)
