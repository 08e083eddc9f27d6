"""Conversions of values whose type is not the usual one, exactly as marshmallow's fields make them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from kit_schemas.compiler.doubts import Unusual

# Those of marshmallow's Boolean; a test compares them.
_TRUE, _FALSE = ("true", "t", "yes", "y", "on"), ("false", "f", "no", "n", "off")
_WORDS: dict[Any, bool] = {
    **{form: True for word in _TRUE for form in (word, word.capitalize(), word.upper())},
    **{form: False for word in _FALSE for form in (word, word.capitalize(), word.upper())},
    1: True,
    "1": True,
    0: False,
    "0": False,
}
_LONGEST = 10**400
_TWO = tuple(f"{number:02}" for number in range(100))


def datetime_text(value: dt.datetime) -> str:
    """Return the text of `isoformat`, in a third of its time for a datetime in UTC: it spends most on the zone."""
    year = value.year
    if value.tzinfo is not dt.UTC or year < 1000:
        return value.isoformat()
    two, micro = _TWO, value.microsecond
    to_minute = f"{year}-{two[value.month]}-{two[value.day]}T{two[value.hour]}:{two[value.minute]}"
    return f"{to_minute}:{two[value.second]}{f'.{micro:06}' if micro else ''}+00:00"


def to_int(value: Any) -> int:
    """Convert the text of a number."""
    if type(value) is not str:
        raise Unusual
    return int(value)


def to_float(value: Any) -> float:
    """Convert an int, the text of a number, or a float of another class, which may keep the digits of its text."""
    if type(value) is not int and type(value) is not str and not isinstance(value, float):
        raise Unusual
    return float(value)


def to_bool(value: Any) -> bool:
    """Convert marshmallow's words for a truth value; only for a field that has the usual ones."""
    if type(value) is not str and type(value) is not int:
        raise Unusual
    found = _WORDS.get(value)
    if found is None:
        raise Unusual
    return found


def to_decimal(value: Any) -> Decimal:
    """Convert a number; one that is very long is left to marshmallow."""
    if type(value) is int:
        if not -_LONGEST < value < _LONGEST:
            raise Unusual
    elif not isinstance(value, float) and type(value) is not Decimal:
        raise Unusual
    number = Decimal(str(value))
    if not number.is_finite() or not -400 < number.adjusted() < 400 or len(number.as_tuple().digits) > 500:
        raise Unusual
    return number
