"""Values without their secrets, as JSON's own types."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from enum import Enum
from math import isfinite
from typing import Any

from kit_logger.names import hides
from kit_logger.texts import REDACTED, has_hint, hide_in_text

_DEEPEST = 12
# A text is cut before it is looked through; the end of what is kept can't hold half of a secret, since the line is cut
# again, to less than this.
LONGEST = 300_000
_MOST_ITEMS = 20_000
_AS_THEY_ARE = frozenset({int, bool, type(None)})
_LONGEST_KNOWN = 256
_MOST_KNOWN = 2048
_clean: set[str] = set()  # texts with a word of ours, and nothing to hide: messages mostly, which come again
_NAMES_OF_NAMES = ("name", "Name", "key", "Key", "header")
_NAMES_OF_VALUES = ("value", "Value", "values", "Values")

Default = Callable[[Any], Any] | None


def redact(value: Any, *, default: Default = None) -> Any:
    """Return `value` as JSON's own types, without its secrets.

    What JSON doesn't know becomes what `default` makes of it, else its text (dataclasses and named tuples: their
    fields); what contains itself, or is nested too deep, an ellipsis.
    """
    return _redacted(value, (), default)


def _redacted(value: Any, above: tuple[int, ...], default: Default) -> Any:
    kind = type(value)
    if kind is str:
        return redact_text(value if len(value) <= LONGEST else value[:LONGEST])
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        return value if isfinite(value) else str(value)  # JSON knows neither NaN nor infinity
    if isinstance(value, Enum):
        return _redacted(value.value, above, default)
    if isinstance(value, Mapping):
        return _inside(value, above, _mapping, default)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _inside(value, above, _fields if hasattr(value, "_asdict") else _items, default)
    if hasattr(kind, "__dataclass_fields__"):
        return _inside(value, above, _fields, default)
    if default is not None:
        return _redacted(default(value), above, None)
    return redact_text(_as_text(value)[:LONGEST])


def _inside(value: Any, above: tuple[int, ...], walk: Any, default: Default) -> Any:
    if id(value) in above or len(above) >= _DEEPEST:
        return "…"
    try:
        return walk(value, (*above, id(value)), default)
    except Exception:  # noqa: BLE001  # a mapping or a sequence of somebody's own, that is broken
        return f"<{type(value).__name__}>"


def _mapping(value: Mapping[Any, Any], above: tuple[int, ...], default: Default) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in value.items():
        if len(result) >= _MOST_ITEMS:
            result["…"] = len(value) - _MOST_ITEMS
            break
        name = key if type(key) is str else _as_text(key)
        result[name] = REDACTED if hides(name, item) else _redacted(item, above, default)
    if len(result) <= 4:
        _hide_named_value(value, result)
    if value.get("isBase64Encoded") is True and isinstance(value.get("body"), str):
        result["body"] = f"{REDACTED} (base64)"
    return result


def _hide_named_value(value: Mapping[Any, Any], result: dict[str, Any]) -> None:
    """Hide the value in `{"name": "Authorization", "value": "…"}`, as lists of headers or parameters have it."""
    for name in _NAMES_OF_NAMES:
        named = value.get(name)
        if isinstance(named, str):
            result.update(
                (each, REDACTED) for each in _NAMES_OF_VALUES if each in result and hides(named, value.get(each))
            )


def _fields(value: Any, above: tuple[int, ...], default: Default) -> dict[str, Any]:
    """Go through a named tuple or a dataclass by its fields: in its text a secret may be one of several arguments."""
    names = value._fields if hasattr(value, "_fields") else type(value).__dataclass_fields__
    return _mapping({name: getattr(value, name, None) for name in names}, above, default)


def _items(value: Any, above: tuple[int, ...], default: Default) -> list[Any]:
    items = list(value)
    if len(items) > _MOST_ITEMS:
        items[_MOST_ITEMS:] = ["…"]
    # A header is often a pair: ("Authorization", "Bearer …"), in bytes too.
    if len(items) == 2 and isinstance(items[0], (str, bytes)) and hides(_as_text(items[0]), items[1]):
        return [_as_text(items[0]), REDACTED]
    return [_redacted(item, above, default) for item in items]


def _as_text(value: Any) -> str:
    try:
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value).decode("utf-8", "backslashreplace")
        if isinstance(value, BaseException):
            return f"{type(value).__name__}: {value}" if str(value) else type(value).__name__
        return str(value)
    except Exception:  # noqa: BLE001  # whatever an object's own __str__ raises, the line is written
        return f"<{type(value).__name__}>"


def redact_text(text: str) -> str:
    """Take what looks like a secret out of a text: `password=…`, `Bearer …`, `user:…@host`, a JWT, a private key.

    A text that is JSON as a whole, such as the body of an event, is gone through as what it stands for.
    """
    if text in _clean or not has_hint(text.lower()):
        return text
    result = _redacted_json(text) if text.lstrip()[:1] in ("{", "[") else None
    if result is None:
        result = hide_in_text(text)
    if result == text and len(text) <= _LONGEST_KNOWN:
        if len(_clean) >= _MOST_KNOWN:
            _clean.clear()
        _clean.add(text)
    return result


def _redacted_json(text: str) -> str | None:
    """Return the JSON text without its secrets; None when it isn't JSON, or its names aren't each other's only."""
    try:
        value = json.loads(text, object_pairs_hook=_distinct)
        if not isinstance(value, (dict, list)):
            return None
        redacted = redact(value)
        # Written anew only if something was taken out: it might look different otherwise.
        return text if redacted == value else json.dumps(redacted, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice")
    return result
