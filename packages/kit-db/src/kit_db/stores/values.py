"""How values travel: as the driver's parameters, as PostgreSQL's text, as JSON."""

import enum
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import NoneType
from typing import Any
from uuid import UUID

from kit_core.errors import NaiveTimeError, UnserialisableTypeError, UnserialisableValueError
from kit_core.json import dumps, plain

from kit_db.errors import InvalidValueError

READY = frozenset({str, int, float, bool, NoneType, Decimal, datetime, date, time, timedelta, bytes})
"""Classes whose values the driver takes as they are."""

COLLECTIONS = (list, tuple, set, frozenset)
_JSON = (dict, *COLLECTIONS)


def parameter(value: Any) -> Any:
    """Return a value as the driver takes it: enums by their value, UUIDs as text, objects and collections as JSON.

    InvalidValueError for a value in JSON that it has no form for, such as NaN.
    """
    if value.__class__ in READY:
        return value
    if value.__class__ is UUID:
        return str(value)
    value = _plain(value)
    return json_text(value) if isinstance(value, _JSON) else value


def array(values: Iterable[Any]) -> str:
    """Return the text of a PostgreSQL array ("Array Input and Output Syntax" in its manual).

    As text it becomes an array of the wanted type; an array of the driver's would be text[], which no uuid
    and no enum can be compared to. The members of a set are sorted, so that equal sets have one text.
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
        return json_text(value)
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
    if callable(getattr(value, "dump", None)) or callable(getattr(value, "model_dump", None)):
        return plain(value)
    return plain(value) if hasattr(value, "__dataclass_fields__") and not isinstance(value, type) else value


def json_text(value: Any) -> str:
    """Return the text of a JSON value by the payload contract (kit_core.json), but for local times, which stay so.

    InvalidValueError for a value that has no form in JSON; its message has the place, never the value.
    """
    try:
        try:
            return dumps(value, aware=True)
        except NaiveTimeError:
            return dumps(_with_local_times(value))
    except (UnserialisableTypeError, UnserialisableValueError, RecursionError) as error:
        raise InvalidValueError(f"no JSON can be made of it: {error}") from None


def _with_local_times(value: Any) -> Any:
    """Return a value in JSON's own types, where a datetime without an offset has none in its text either."""
    if isinstance(value, datetime) and value.utcoffset() is None:
        return value.isoformat()
    if isinstance(value, dict):
        return {_with_local_times(key): _with_local_times(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_local_times(each) for each in value]
    return value if value is None or isinstance(value, (str, int, float)) else _with_local_times(plain(value))
