"""Python values as DynamoDB attribute values, and back (DynamoDB API Reference, AttributeValue)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kit_core.json import plain

Attribute = dict[str, Any]

_MOST_DIGITS = 38  # "Supported data types and naming rules in Amazon DynamoDB": Number
_SMALLEST, _LARGEST = -130, 125  # exponents of ten
_DEEPEST = 31  # levels inside of a value


def to_item(values: Mapping[str, object], path: str = "$") -> dict[str, Attribute]:
    """Return a mapping as an item. TypeError or ValueError for a value that DynamoDB can't hold, with its path."""
    item = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise TypeError(f"{path} has the key {name!r}; the keys of an item are text")
        item[name] = to_attribute(value, f"{path}.{name}")
    return item


def to_attribute(value: object, path: str = "$") -> Attribute:
    """Return one value as an attribute value: numbers keep every digit, sets become lists."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float() | Decimal():
            return {"N": _digits(value, path)}
        case bytes() | bytearray():
            return {"B": bytes(value)}
        case Mapping():
            _check_depth(path)
            return {"M": to_item(value, path)}
        case list() | tuple():
            _check_depth(path)
            return {"L": [to_attribute(element, f"{path}.{place}") for place, element in enumerate(value)]}
    return to_attribute(plain(value, path), path)


def from_item(item: Mapping[str, Attribute]) -> dict[str, Any]:
    """Return an item as a dict of Python values."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}


def from_attribute(attribute: Attribute) -> Any:
    """Return one attribute value as int, float (Decimal where a float would lose digits), text, bytes, list or dict."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return _number(value)
        case "NULL":
            return None
        case "M":
            return from_item(value)
        case "L":
            return [from_attribute(element) for element in value]
        case "NS":
            return {_number(element) for element in value}
        case "SS" | "BS":
            return set(value)
    return value


def _check_depth(path: str) -> None:
    if path.count(".") > _DEEPEST:
        raise ValueError(f"{path} is nested too deeply; DynamoDB takes {_DEEPEST + 1} levels")


def _digits(value: float | Decimal, path: str) -> str:
    digits = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not digits.is_finite():
        raise ValueError(f"{path} is {value!r}, and DynamoDB has no such number")
    if digits and not (_SMALLEST <= digits.adjusted() <= _LARGEST):
        raise ValueError(f"{path} is a number beyond DynamoDB's range (1E-130 to 9.9E+125)")
    if len("".join(map(str, digits.as_tuple().digits)).strip("0")) > _MOST_DIGITS:
        raise ValueError(f"{path} is a number of more than {_MOST_DIGITS} digits, which DynamoDB can't hold")
    return str(digits)


def _number(text: str) -> int | float | Decimal:
    exact = Decimal(text)
    if exact == exact.to_integral_value():
        return int(exact)
    nearest = float(exact)
    return nearest if Decimal(repr(nearest)) == exact else exact
