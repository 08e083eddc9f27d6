"""Bodies: the rows that a request brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from kit_core.json import dumps, loads
from kit_handler import HttpError

from kit_rest.errors import RestError

if TYPE_CHECKING:
    from kit_handler import Request


class Body(NamedTuple):
    """The JSON text of a body and its rows; `many` tells an array from an object."""

    text: str
    rows: list[dict[str, Any]]
    many: bool


def _invalid(message: str) -> RestError:
    return RestError(400, "PGRST102", message)


def body_text(request: Request, most_bytes: int) -> str:
    """Return the text of a body."""
    try:
        raw = request.raw_body
        if len(raw) > most_bytes:
            raise RestError(413, "KIT413", f"A body has at most {most_bytes} bytes")
        return raw.decode()
    except (HttpError, UnicodeDecodeError):
        raise _invalid("The request body is not valid text in UTF-8") from None


def parse_json(text: str, *, exact: bool = False) -> Any:
    """Return the value of a JSON text; PGRST102 (400) if it is none."""
    parse_float: Callable[[str], Any] | None = None
    if exact:
        from decimal import Decimal

        parse_float = Decimal
    try:
        return loads(text, parse_float=parse_float)
    except ValueError:
        raise _invalid("Empty or invalid json") from None


def parse_body(request: Request, *, most_bytes: int, most_rows: int, exact: bool = False) -> Body:
    """Read the rows of a body: JSON, CSV with a header line, or one row of a form."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    text = body_text(request, most_bytes)
    if kind == "text/csv":
        rows = _csv_rows(text)
        body = Body(dumps(rows), rows, many=True)
    elif kind == "application/x-www-form-urlencoded":
        from urllib.parse import parse_qsl

        row: dict[str, Any] = dict(parse_qsl(text, keep_blank_values=True))
        body = Body(dumps(row), [row], many=False)
    elif kind in ("", "application/json") or kind.endswith("+json"):
        body = _json_body(text, exact=exact)
    else:
        raise RestError(415, "PGRST102", f"Content-Type not acceptable: {kind[:100]}")
    if len(body.rows) > most_rows:
        raise RestError(413, "KIT413", f"A body has at most {most_rows} rows")
    return body


def _json_body(text: str, *, exact: bool) -> Body:
    value = parse_json(text, exact=exact)
    if isinstance(value, dict):
        return Body(text, [value], many=False)
    if isinstance(value, list) and {*map(type, value)} <= {dict}:
        return Body(text, value, many=True)
    raise _invalid("The body is an object, or an array of objects")


def _csv_rows(text: str) -> list[dict[str, Any]]:
    import csv
    import io

    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        raise _invalid("The body is not valid CSV") from None
    if not lines:
        return []
    header, *rest = lines
    if any(len(line) != len(header) for line in rest):
        raise _invalid("All lines must have same number of fields")
    return [
        {name: None if value == "NULL" else value for name, value in zip(header, line, strict=True)} for line in rest
    ]


def common_names(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return the names that all rows have; PGRST102 if they have different ones."""
    if not rows:
        return ()
    orders = {*map(tuple, rows)}
    if len(orders) > 1 and len({*map(frozenset, orders)}) > 1:
        raise _invalid("All object keys must match")
    return tuple(rows[0])


def rewritten(value: Any) -> str:
    """Return the JSON text of rows that were parsed exactly; numbers keep the digits that they came with."""
    # Loads uuid, platform and ipaddress, which a function that only reads and inserts does without.
    from kit_db.entities.values import json_text

    return json_text(value, exact=True)
