"""Running the Python blocks of a document, in order, in one namespace."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

# For differential.py, which the command in integration-tests uses as well.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def run_document() -> Callable[[Path], dict[str, Any]]:
    def run(path: Path) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__name__": "document"}
        text = path.read_text(encoding="utf-8")
        for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
            line = text.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], path, "exec"), namespace)
        return namespace

    return run
