"""Documents of json and jsonb, whose numbers keep the digits that a float has no room for; and what is in values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from kit_core.errors import InvalidJsonError
from kit_core.json import ExactFloat, loads

# A float has room for fifteen digits, and for numbers down to 1e-307 (binary64 of IEEE 754). Other numbers have sixteen
# digits in a row, or digits and a point, or an exponent of three digits.
_SHAPE = bytes.maketrans(b"123456789.E", b"0000000000e")
_LONG, _SMALL = b"0" * 16, b"0e-000"


def parse_json(text: str) -> Any:
    """Return the value of a document: a number that no float equals is an ExactFloat, another with a point is a float.

    InvalidJsonError for a number that a float holds only as infinity.
    """
    shape = text.encode("utf-8", "surrogatepass").translate(_SHAPE)
    return loads(text, parse_float=_number if _LONG in shape or _SMALL in shape else None)


def parse_exact_json(text: str) -> Any:
    """Return the value of a document for Decimals: each number with a point or an exponent is an ExactFloat.

    One that is beyond the range of a float is a Decimal.
    """
    return loads(text, parse_float=_exact_number)


def parts(value: Any) -> Iterable[Any]:
    """Return the values in a mapping, a collection or an object with fields; none for any other value."""
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if hasattr(value, "__dataclass_fields__") or hasattr(value, "__kit_fields__"):
        return getattr(value, "__dict__", {}).values()
    return ()


def holds_infinity(value: Any) -> bool:
    """Tell whether a value is an infinite number or NaN, or has one in it."""
    if isinstance(value, Decimal):
        return not value.is_finite()
    if isinstance(value, float):
        return not isfinite(value)
    try:
        return any(map(holds_infinity, parts(value)))
    except RecursionError:  # a circular structure
        return False


def _number(digits: str) -> float:
    number = float(digits)
    shortest = repr(number)
    if digits == shortest:
        return number
    exact = ExactFloat(digits)  # or an error, if it is infinite
    return number if Decimal(shortest) == Decimal(digits) else exact


def _exact_number(digits: str) -> float | Decimal:
    try:
        return ExactFloat(digits)
    except InvalidJsonError:
        return Decimal(digits)
