"""What a message's content may be, and the JSON that it becomes."""

import json
from collections.abc import Mapping, Set
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID


def to_json(payload: Any) -> str:
    """Write a payload as compact ASCII JSON.

    Beside JSON's own types it takes anything with `.dump()`, dataclasses, mappings, and inside of them UUID, datetime
    (RFC 3339, UTC as Z), date, time, Decimal (exact, as a string), Enum (its value) and set (sorted, so that equal
    payloads are equal texts). Raise TypeError for anything else and ValueError for NaN, which JSON does not know.
    """
    # ASCII, since SQS and SNS refuse some characters of Unicode that JSON allows.
    return json.dumps(payload, default=_plain, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime):
        text = value.isoformat()
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return _structure(value)


def _structure(value: Any) -> Any:
    if not isinstance(value, type):
        if callable(getattr(value, "dump", None)):
            return value.dump()
        fields = getattr(value, "__dataclass_fields__", None)
        if fields is not None:
            return {name: getattr(value, name) for name in fields if hasattr(value, name)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return _sorted(value)
    raise TypeError(f"{type(value).__qualname__} cannot be written as JSON")


def _sorted(values: Set[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)
