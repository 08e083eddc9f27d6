"""What can be sent and stored: JSON of everything a payload may hold."""

import json
from collections.abc import Mapping, Set
from typing import Any


def encode(value: object) -> str:
    """Return `value` as compact JSON.

    Beside JSON's own types it may hold anything with `.dump()`, dataclasses, mappings, UUID, datetime (RFC 3339, UTC
    as Z; one without a zone is taken as UTC, the zone that Lambda runs in), date, time, Decimal (exact, as a string),
    Enum (its value) and sets (sorted where they can be). TypeError for anything else, ValueError for NaN and
    infinities.
    """
    text = _unicode.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        # A lone surrogate, as a client may send in "\ud800": only its escape can travel.
        return _ascii.encode(value)
    return text


def plain(value: Any) -> Any:
    """Return `value` one step nearer to JSON's own types; TypeError names the type that has no such form."""
    if not isinstance(value, type):
        if callable(dump := getattr(value, "dump", None)):
            return dump()
        if hasattr(value, "__dataclass_fields__"):
            # Whoever has a dataclass has imported this; it leaves out class variables.
            from dataclasses import fields

            return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return _ordered(value)
    return _scalar(value)


def _ordered(values: Set[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)


def _scalar(value: Any) -> Any:
    # Imported here, since most payloads hold none of these.
    from datetime import date, datetime, time
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime):
        text = value.isoformat()
        if value.tzinfo is None:
            return text + "Z"
        return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__qualname__} cannot be written as JSON")


# Unicode as it is, since API Gateway meters messages by their size and limits it.
_unicode = json.JSONEncoder(default=plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ascii = json.JSONEncoder(default=plain, allow_nan=False, separators=(",", ":"))
