"""Python values as DynamoDB attribute values, and back (DynamoDB API Reference, AttributeValue)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kit_core.json import plain

Attribute = dict[str, Any]


def to_item(values: Mapping[str, object]) -> dict[str, Attribute]:
    """Return a mapping as an item; TypeError for a key that is not text or a value without a form."""
    item = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise TypeError(f"attribute names are text, not {name!r}")
        item[name] = to_attribute(value)
    return item


def to_attribute(value: object) -> Attribute:
    """Return one value as an attribute value: numbers keep every digit, sets become lists."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float() | Decimal():
            return {"N": _digits(value)}
        case bytes() | bytearray():
            return {"B": bytes(value)}
        case Mapping():
            return {"M": to_item(value)}
        case list() | tuple():
            return {"L": [to_attribute(element) for element in value]}
    return to_attribute(plain(value))


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


def _digits(value: float | Decimal) -> str:
    digits = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not digits.is_finite():
        raise ValueError(f"DynamoDB has no number {value!r}")
    return str(digits)


def _number(text: str) -> int | float | Decimal:
    exact = Decimal(text)
    if exact == exact.to_integral_value():
        return int(exact)
    nearest = float(exact)
    return nearest if Decimal(repr(nearest)) == exact else exact
