"""The README and the guide, run as they are written."""

import asyncio
import re
from decimal import Decimal
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "cache.md"


def run(document):
    """Run a document's Python blocks, one after the other in one namespace, and return the namespace."""
    text = document.read_text(encoding="utf-8")
    namespace = {"__name__": "document"}
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        # Blank lines in front, so that a traceback shows the document's own line numbers.
        source = "\n" * text.count("\n", 0, block.start(1)) + block.group(1)
        exec(compile(source, str(document), "exec"), namespace)
    return namespace


def test_readme(capsys):
    shown = run(PACKAGE / "README.md")
    assert capsys.readouterr().out == "asking the database\n"
    assert asyncio.run(shown["to_euro"]("USD")) == Decimal("0.92")


@pytest.mark.skipif(not GUIDE.exists(), reason="the guides are not part of the source distribution")
@pytest.mark.parametrize("with_redis", [False, True])
def test_guide(request, with_redis):
    if with_redis:
        request.getfixturevalue("redis")
    shown = run(GUIDE)
    assert shown["asked"] == [1, 0, 1, 5, 5]
