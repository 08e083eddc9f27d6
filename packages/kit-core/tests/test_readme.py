"""The README, run as it is written."""

import re
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]


def test_readme() -> None:
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "document"}
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert len(blocks) == 2
    for block in blocks:
        # Blank lines in front, so that a traceback shows the document's own line numbers.
        exec(compile("\n" * text.count("\n", 0, block.start(1)) + block[1], "README.md", "exec"), namespace)
