"""How values travel: as the driver's parameters, as PostgreSQL's text, as JSON."""

import enum
import json
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import NoneType
from typing import Any
from uuid import UUID

READY = frozenset({str, int, float, bool, NoneType, Decimal, datetime, date, time, timedelta, bytes})
"""Classes whose values the driver takes as they are."""

COLLECTIONS = (list, tuple, set, frozenset)
_JSON = (dict, *COLLECTIONS)


def parameter(value: Any) -> Any:
    """Return a value as the driver takes it: enums by their value, UUIDs as text, whatever has parts as JSON."""
    if value.__class__ in READY:
        return value
    if value.__class__ is UUID:
        return str(value)
    value = _plain(value)
    return _dumped(value) if isinstance(value, _JSON) else value


def array(values: Iterable[Any]) -> str:
    """Return the text of a PostgreSQL array ("Array Input and Output Syntax" in its manual).

    As text it becomes an array of whatever type is wanted; an array of the driver's would be text[], which no uuid
    and no enum can be compared to. What a set holds is sorted, so that equal sets have one text.
    """
    elements = (_element(each) for each in values)
    return "{" + ",".join(sorted(elements) if isinstance(values, (set, frozenset)) else elements) + "}"


def text(value: Any) -> str:
    """Return the text that PostgreSQL reads back as the same value. TypeError if there is no such text."""
    value = _plain(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, dict):
        return _dumped(value)
    if isinstance(value, COLLECTIONS):
        return array(value)
    raise TypeError(f"{type(value).__qualname__} has no text in PostgreSQL that is known here")


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, COLLECTIONS):
        return array(value)
    return '"' + text(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, UUID):
        # As text, which is right for uuid and for text columns.
        return str(value)
    dump = getattr(value, "dump", None)
    if callable(dump):
        return dump()
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        import dataclasses

        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value) if each.init}
    return value


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, default=_json)
    except TypeError:
        # Seldom: keys that are no text, for which json has no hook.
        return json.dumps(_with_text_keys(value), default=_json)


def _with_text_keys(value: Any) -> Any:
    value = _plain(value)
    if isinstance(value, dict):
        return {
            key if key is None or isinstance(key, (str, int, float)) else text(key): _with_text_keys(each)
            for key, each in value.items()
        }
    return [_with_text_keys(each) for each in value] if isinstance(value, COLLECTIONS) else value


def _json(value: Any) -> Any:
    plain = _plain(value)
    if plain is not value:
        return plain
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"{type(value).__qualname__} has no form in JSON")
