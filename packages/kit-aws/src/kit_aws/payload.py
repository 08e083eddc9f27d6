"""What a message's content may be, and the JSON that it becomes."""

import json
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any
from uuid import UUID

from kit_aws.errors import NaiveTimeError


def to_json(payload: Any, *, aware: bool = False) -> str:
    """Write a payload as compact ASCII JSON.

    Beside JSON's own types it takes anything with `.dump()`, dataclasses, mappings, and inside of them UUID, datetime
    (RFC 3339, UTC as Z; one without a zone is taken as UTC, the zone that Lambda runs in, or with `aware` is a
    `NaiveTimeError`), date, time, Decimal (exact, as a string), Enum (its value) and set (sorted, so that equal
    payloads are equal texts); mappings may have such keys too. Raise TypeError for anything else, ValueError for NaN
    and infinities, which JSON does not know, and for what contains itself. Where in the payload that was is in the
    message, as `$.loan.documents[0]`; the value is not.
    """
    # Most payloads need no more than this; what it cannot write is gone through by hand, which knows the path.
    with suppress(TypeError, ValueError, RecursionError):
        return _encode(payload, _plain_aware if aware else _plain)
    try:
        tree = _tree(payload, "$", aware=aware)
    except RecursionError:
        raise ValueError("$: a value that contains itself, or is too deep, cannot be written as JSON") from None
    return _encode(tree, _plain)


# ASCII, since SQS and SNS refuse some characters of Unicode that JSON allows.
def _encode(payload: Any, plain: Callable[[Any], Any]) -> str:
    return json.dumps(payload, default=plain, separators=(",", ":"), allow_nan=False)


def _plain_aware(value: Any) -> Any:
    return _plain(value, aware=True)


def _plain(value: Any, path: str = "$", *, aware: bool = False) -> Any:
    if isinstance(value, type):
        raise TypeError(f"{path}: the class {value.__qualname__!r} cannot be written as JSON, only an instance can")
    if callable(getattr(value, "dump", None)):
        return value.dump()
    if hasattr(value, "__dataclass_fields__"):
        # Whoever has a dataclass has imported this; it leaves out class variables.
        from dataclasses import fields

        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return _sorted(value)
    return _scalar(value, path, "a value", aware=aware)


def _scalar(value: Any, path: str, what: str, *, aware: bool) -> Any:
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime):
        text = value.isoformat()
        if value.utcoffset() is None:
            if aware:
                raise NaiveTimeError(path)
            return text + "Z"
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{path}: {what} of type {type(value).__qualname__!r} cannot be written as JSON")


def _sorted(values: Set[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)


def _tree(value: Any, path: str, *, aware: bool) -> Any:
    """Return a value as what json writes by itself."""
    if isinstance(value, Mapping):
        return {
            _key(key, path, aware=aware): _tree(inner, f"{path}{_step(key)}", aware=aware)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_tree(inner, f"{path}[{index}]", aware=aware) for index, inner in enumerate(value)]
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{path}: a float that is {value!r} cannot be written as JSON")
    if value is None or isinstance(value, str | int | float):
        return value
    return _tree(_plain(value, path, aware=aware), path, aware=aware)


def _key(key: Any, path: str, *, aware: bool) -> Any:
    return key if key is None or isinstance(key, str | int | float) else _scalar(key, path, "a key", aware=aware)


def _step(key: Any) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]"
