"""The texts of PostgreSQL's arrays ("Array Input and Output Syntax") and rows ("Composite Type … Syntax")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from kit_db.entities.values import escaped

_ARRAY = re.compile(r'[{},]|"((?:[^"\\]|\\.)*)"|([^{},"]+)', re.DOTALL)
_FIELD = re.compile(r'(?:"((?:[^"\\]|""|\\.)*)"|([^,()"]*))([,)])', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DOUBLED = re.compile(r'\\(.)|""', re.DOTALL)


def parse_array(text: str) -> list[Any]:
    """Return the elements of an array: texts, None for NULL, and lists where it has more dimensions.

    ValueError if the text is none.
    """
    if text.startswith("["):
        # The bounds of its indices, where they do not begin with 1.
        text = text.partition("=")[2]
    if not text.startswith("{"):
        raise ValueError("not an array")
    outer: list[Any] = []
    open_ones = [outer]
    for found in _ARRAY.finditer(text):
        quoted, plain = found.groups()
        if found[0] == "{":
            inner: list[Any] = []
            open_ones[-1].append(inner)
            open_ones.append(inner)
        elif found[0] == "}":
            open_ones.pop()
        elif quoted is not None:
            open_ones[-1].append(_ESCAPED.sub(r"\1", quoted))
        elif plain is not None:
            open_ones[-1].append(None if plain.upper() == "NULL" else plain)
    array: list[Any] = outer[0]
    return array


def parse_record(text: str) -> list[str | None]:
    """Return the fields of a row. ValueError if it is none."""
    if not text.startswith("("):
        raise ValueError("not a row")
    fields: list[str | None] = []
    at = 1
    while at < len(text):
        found = _FIELD.match(text, at)
        if found is None:
            raise ValueError("not a row")
        quoted, plain, _ = found.groups()
        fields.append(plain or None if quoted is None else _DOUBLED.sub(lambda each: each[1] or '"', quoted))
        at = found.end()
    return fields


def record_text(fields: Iterable[str | None]) -> str:
    """Return the text of a row, whose fields are texts."""
    return "(" + ",".join("" if each is None else f'"{escaped(each)}"' for each in fields) + ")"
