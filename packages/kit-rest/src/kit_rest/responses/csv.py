"""Rows as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any


def csv_text(body: str, labels: list[str]) -> str:
    """Return CSV of objects joined with commas; the digits of numbers stay as PostgreSQL has written them."""
    rows = json.loads(f"[{body}]", parse_float=_Digits, parse_int=_Digits)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(labels)
    for row in rows:
        writer.writerow([_cell(row.get(label)) for label in labels])
    return written.getvalue()


class _Digits(str):
    __slots__ = ()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _json(value)


def _json(value: Any) -> str:
    if isinstance(value, _Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_json(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
