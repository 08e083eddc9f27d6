"""Columns and JSON paths in a query."""

from __future__ import annotations

import re

from kit_rest.errors import parse_error
from kit_rest.query.text import unquoted
from kit_rest.query.tree import ColumnRef

_STEP = re.compile(r'(->>|->)\s*("(?:\\.|[^"\\])*"|[^->]+|-\d+)')
_DEEPEST_PATH = 16


def column_ref(text: str) -> ColumnRef:
    """Parse `name`, `"odd name"` or `data->a->>b`."""
    if text.isidentifier():
        return ColumnRef(text)
    text = text.strip()
    if "->" not in text:
        if not text:
            raise parse_error("a column's name", text)
        return ColumnRef(unquoted(text))
    name, arrow, rest = _head(text)
    steps: list[tuple[str, str]] = []
    path, at = arrow + rest, 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None or len(steps) == _DEEPEST_PATH or "\0" in found[2]:
            raise parse_error("a JSON path", text)
        steps.append((found[1], unquoted(found[2].strip())))
        at = found.end()
    if not name or any(operator == "->>" for operator, _ in steps[:-1]):
        raise parse_error("a JSON path", text)
    return ColumnRef(name, tuple(steps))


def _head(text: str) -> tuple[str, str, str]:
    if text.startswith('"'):
        end = text.find('"->', 1)
        if end > 0:
            return unquoted(text[: end + 1]), "->", text[end + 3 :]
    name, _, rest = text.partition("->")
    return name.strip(), "->", rest
