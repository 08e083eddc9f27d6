"""The guide's tables are the code's."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from kit_local.template.supported import EVENTS, TYPES, WEBSOCKET_ROUTE, Support

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guides" / "local-template.md"


def names(values: frozenset[str]) -> str:
    return "every property" if "*" in values else " ".join(sorted(values)) or "–"


def table(title: str, entries: Mapping[str, Support]) -> str:
    rows = [f"| {key} | {names(entry.applied)} | {names(entry.accepted)} |" for key, entry in sorted(entries.items())]
    return "\n".join([f"| {title} | applied | accepted, without effect |", "|---|---|---|", *rows])


@pytest.mark.parametrize(
    ("title", "entries"), [("resource", TYPES), ("event", EVENTS), ("route", {"Routes": WEBSOCKET_ROUTE})]
)
def test_the_guide_lists_what_is_supported(title: str, entries: Mapping[str, Support]) -> None:
    assert table(title, entries) in GUIDE.read_text(encoding="utf-8"), table(title, entries)


def test_the_guides_code_runs(monkeypatch: pytest.MonkeyPatch, aws: Any, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    monkeypatch.setenv("KIT_LOCAL_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    namespace: dict[str, Any] = {}
    for block in blocks:
        exec(block, namespace)
