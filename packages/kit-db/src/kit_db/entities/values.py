"""How values travel: as the driver's parameters, as PostgreSQL's text, as JSON."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import NoneType
from typing import Any
from uuid import UUID, uuid4

from kit_core.errors import NaiveTimeError, UnserialisableTypeError, UnserialisableValueError
from kit_core.json import ExactFloat, dumps, plain

from kit_db.driver.documents import holds_infinity, parts
from kit_db.errors import InvalidValueError

READY = frozenset({str, int, float, bool, NoneType, Decimal, datetime, date, time, timedelta, bytes})
"""Classes whose values the driver takes as they are."""

DEFAULT: Any = object()
"""In a row to insert: leave this column to the database."""

COLLECTIONS = (list, tuple, set, frozenset)
_JSON = (dict, *COLLECTIONS)

# Stands before the digits of a number until the text is made; nobody can know it, so no text of a user's begins so.
_DIGITS = f"kit-db digits {uuid4()} "
_QUOTED_DIGITS = f'"{_DIGITS}([^"]*)"'


def is_list(value: Any) -> bool:
    """Tell whether a value is a list, a tuple or a set of several; a named tuple is one value."""
    return isinstance(value, COLLECTIONS) and not hasattr(value, "_fields")


def parameter(value: Any, *, exact: bool = False) -> Any:
    """Return a value as the driver takes it: enums by their value, UUIDs as text, objects and collections as JSON.

    `exact` is that of `json_text`. InvalidValueError for a value in JSON that it has no form for, such as NaN.
    """
    if value.__class__ in READY:
        return value
    if value.__class__ is UUID:
        return str(value)
    value = _plain(value)
    return json_text(value, exact=exact) if isinstance(value, _JSON) else value


def array(values: Iterable[Any], *, exact: bool = False) -> str:
    """Return the text of a PostgreSQL array.

    As text it becomes an array of the wanted type; an array of the driver's would be text[], which no uuid
    and no enum can be compared to. The members of a set are sorted, so that equal sets have one text.
    """
    elements = (_element(each, exact=exact) for each in values)
    return "{" + ",".join(sorted(elements) if isinstance(values, (set, frozenset)) else elements) + "}"


def _element(value: Any, *, exact: bool) -> str:
    if isinstance(value, COLLECTIONS):
        return array(value, exact=exact)
    return array_element(None if value is None else text(value, exact=exact))


def array_element(text: str | None) -> str:
    """Return an element of an array, quoted; None is NULL."""
    return "NULL" if text is None else f'"{escaped(text)}"'


def escaped(text: str) -> str:
    """Return a text as it stands between double quotes in an array or a row."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def text(value: Any, *, exact: bool = False) -> str:
    """Return the text that PostgreSQL reads back as the same value. TypeError if there is no such text."""
    value = _plain(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, date):
        from kit_db.driver.times import infinite_text

        return infinite_text(value) or value.isoformat()
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta):
        from kit_db.driver.times import interval_text

        return interval_text(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, dict):
        return json_text(value, exact=exact)
    if isinstance(value, COLLECTIONS):
        return array(value, exact=exact)
    raise TypeError(f"{type(value).__qualname__} has no text in PostgreSQL that is known here")


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, UUID):
        # As text, which is right for uuid and for text columns.
        return str(value)
    if callable(getattr(value, "dump", None)) or callable(getattr(value, "model_dump", None)):
        return plain(value)
    return plain(value) if hasattr(value, "__dataclass_fields__") and not isinstance(value, type) else value


def json_text(value: Any, *, exact: bool = False) -> str:
    """Return the text of a JSON value by the payload contract (kit_core.json), but for local times, which stay so.

    exact: Decimals become numbers with all of their digits, which a reader without Decimals may not hold; else texts

    A number that was read with more digits than a float has is written with them. InvalidValueError for a value that
    has no form in JSON; its message has the place, never the value.
    """
    try:
        if exact or _holds_digits((value,)):
            return re.sub(_QUOTED_DIGITS, r"\1", _dumped(_with_digits(value, decimals=exact)))
        return _dumped(value)
    except (UnserialisableTypeError, UnserialisableValueError, RecursionError) as error:
        message = f"no JSON can be made of it: {error}"
        if isinstance(error, UnserialisableValueError) and holds_infinity(value):
            raise InvalidValueError.of_number(message) from None
        raise InvalidValueError(message) from None


def _dumped(value: Any) -> str:
    try:
        return dumps(value, aware=True)
    except NaiveTimeError:
        return dumps(_with_local_times(value))


def _with_local_times(value: Any) -> Any:
    """Return a value in JSON's own types, where a datetime without an offset has none in its text either."""
    if isinstance(value, datetime) and value.utcoffset() is None:
        return value.isoformat()
    if isinstance(value, dict):
        return {_with_local_times(key): _with_local_times(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_local_times(each) for each in value]
    return value if value is None or isinstance(value, (str, int, float)) else _with_local_times(plain(value))


def _holds_digits(values: Iterable[Any]) -> bool:
    """Tell whether one of the values is a number with more digits than a float has, or has one in it."""
    for value in values:
        kind = value.__class__
        if kind in READY:
            continue
        # These two first: they are what most documents are made of.
        inner = value.values() if kind is dict else value if kind is list else parts(value)
        if kind is ExactFloat or _holds_digits(inner):
            return True
    return False


def _with_digits(value: Any, *, decimals: bool) -> Any:
    """Return a value with the digits of its numbers as marked texts; the rest, and what JSON lacks, is as it was."""
    if isinstance(value, ExactFloat):
        return f"{_DIGITS}{value}"
    if isinstance(value, Decimal):
        return f"{_DIGITS}{value}" if decimals and value.is_finite() else value
    if isinstance(value, dict):
        return {key: _with_digits(each, decimals=decimals) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_digits(each, decimals=decimals) for each in value]
    if value is None or isinstance(value, (str, int, float, date, time, UUID)):
        return value
    try:
        return _with_digits(plain(value), decimals=decimals)
    except (UnserialisableTypeError, UnserialisableValueError):
        return value
