"""JSON in and out. Loaded with the first body, not with the package."""

from json import JSONDecoder, JSONEncoder
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn


def _not_json(constant: str) -> "NoReturn":
    raise ValueError(f"{constant} is not JSON")


loads = JSONDecoder(parse_constant=_not_json).decode
"""Parse JSON text; NaN and Infinity, which Python's own parser lets through, are a ValueError."""


def dumps(value: "Any") -> str:
    """Return compact JSON of `value`.

    Besides what JSON has, it knows UUID, datetime (RFC 3339; UTC as Z; one without a zone is taken as UTC, the zone
    that Lambda runs in), date, time, Decimal (its exact digits, as a string: JSON's numbers are floats to most
    readers), Enum (its value), set, dataclasses, pydantic models, mappings, and anything with `.dump()`; keys of
    mappings likewise. Raises TypeError for anything else, ValueError for NaN, infinities and circular structures.
    """
    try:
        text = "".join(_write(value, 0))
    except (TypeError, RecursionError):
        text = _written_carefully(value)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: only an escape can carry it
        return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def plain(value: "Any") -> "Any":
    """Return what JSON has for one value that JSON doesn't know; the values inside are left as they are."""
    dump = getattr(value, "dump", None)
    if callable(dump):
        return dump()
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {name: getattr(value, name) for name, field in value.__dataclass_fields__.items() if _is_field(field)}
    if isinstance(value, (set, frozenset)):
        return _ordered(value)
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        return {key: value[key] for key in value.keys()}  # noqa: SIM118  (a mapping that is no dict)
    return _scalar(value)


def _is_field(field: "Any") -> bool:
    """Tell a field from a ClassVar and an InitVar, as `dataclasses.fields` does, whose import costs a cold start."""
    return field._field_type.name == "_FIELD"  # type: ignore[no-any-return]


def _scalar(value: "Any") -> "Any":
    from datetime import date, datetime, time
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    if isinstance(value, datetime):
        text = value.isoformat()
        return f"{text}Z" if value.tzinfo is None else text.replace("+00:00", "Z")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"a value of type {type(value).__qualname__!r} has no form in JSON")


def _ordered(values: "set[Any] | frozenset[Any]") -> "list[Any]":
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _with_text_keys(value: "Any") -> "Any":
    if isinstance(value, dict):
        return {_key(key): _with_text_keys(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_text_keys(inner) for inner in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    return _with_text_keys(plain(value))


def _key(key: "Any") -> "Any":
    return key if key is None or isinstance(key, (str, int, float)) else _scalar(key)


def _written_carefully(value: "Any") -> str:
    try:
        return "".join(_write(_with_text_keys(value), 0))
    except RecursionError:
        raise ValueError("a circular structure has no form in JSON, nor has one nested too deeply") from None


def _writer() -> "Callable[[Any, int], Iterable[str]]":
    """Return what writes the pieces of JSON: the standard library's own, which that makes anew for every value."""
    try:
        return c_make_encoder(None, plain, encode_basestring, None, ":", ",", False, False, False)  # type: ignore[no-any-return]
    except TypeError:  # no accelerator, or one with other parameters
        encode = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain).encode
        return lambda value, level: (encode(value),)


_write = _writer()
