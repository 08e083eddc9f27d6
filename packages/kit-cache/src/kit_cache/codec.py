"""Values as JSON that keeps their types, and copies that keep cached values out of their readers' hands.

JSON's own types stand for themselves. Everything else, and every dict whose keys aren't all strings, is
`{"$": [tag, …]}`. Only exact types are accepted: a subclass would come back as its base.
"""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from kit_cache.errors import UncacheableValueError

_MARK = "$"
TOO_DEEP = "$ (nested too deep, or circular)"
_PLAIN = frozenset({str, int, float, bool, type(None)})
IMMUTABLE = _PLAIN | {bytes, UUID, Decimal, date, datetime, time, timedelta, timezone}


def dumps(value: object) -> bytes:
    """Return `value` as tagged JSON; UncacheableValueError names the place of a value that can't be in it."""
    try:
        return to_text(to_json(value)).encode("utf-8", "surrogatepass")
    except RecursionError:
        raise UncacheableValueError(TOO_DEEP, type(value).__name__) from None
    except ValueError as error:  # an integer of more digits than Python turns into text
        raise UncacheableValueError(f"$ ({error})", type(value).__name__) from error


def to_text(plain: object) -> str:
    """Return the JSON text of a result of `to_json`; unescaped, since two escaped surrogates would come back as one."""
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def loads(body: bytes) -> Any:
    """Return the value that `dumps` encoded; ValueError when `body` is damaged."""
    try:
        return json.loads(body.decode("utf-8", "surrogatepass"), object_hook=_from_json)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        raise ValueError("not a cached value") from error


def to_json(value: Any, path: str = "$") -> object:
    """Return `value` made of JSON's own types only."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list:
        return [to_json(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if kind is dict:
        return _dict_to_json(value, path)
    encode = _ENCODERS.get(kind)
    if encode is None:
        raise UncacheableValueError(path, kind.__qualname__)
    return {_MARK: encode(value, path)}


def _dict_to_json(value: dict[object, object], path: str) -> object:
    if all(type(key) is str for key in value) and _MARK not in value:
        return {key: to_json(item, f"{path}.{key}") for key, item in value.items()}
    return {_MARK: ["dict", *_items(value, path)]}


def _items(value: dict[object, object], path: str) -> list[object]:
    return [[to_json(key, f"{path} key {key!r}"), to_json(item, f"{path}[{key!r}]")] for key, item in value.items()]


def _elements(tag: str) -> Callable[[Any, str], list[object]]:
    return lambda value, path: [tag, *(to_json(item, f"{path} item") for item in value)]


def _zone(zone: tzinfo | None, path: str) -> object:
    """Return the form of a time zone: nothing, an offset in seconds, or a key of the zone database."""
    if zone is None:
        return None
    if type(zone) is timezone:
        return zone.utcoffset(None).total_seconds()
    key = getattr(zone, "key", None)
    if type(zone).__name__ != "ZoneInfo" or not isinstance(key, str):
        raise UncacheableValueError(f"{path} time zone", type(zone).__qualname__)
    return key


def _clock(tag: str) -> Callable[[Any, str], list[object]]:
    return lambda value, path: [tag, value.replace(tzinfo=None).isoformat(), _zone(value.tzinfo, path), value.fold]


_ENCODERS: dict[type, Callable[[Any, str], list[object]]] = {
    UUID: lambda value, path: ["uuid", value.hex],
    Decimal: lambda value, path: ["decimal", str(value)],
    datetime: _clock("datetime"),
    date: lambda value, path: ["date", value.isoformat()],
    time: _clock("time"),
    timedelta: lambda value, path: ["timedelta", value.days, value.seconds, value.microseconds],
    bytes: lambda value, path: ["bytes", value.hex()],
    tuple: _elements("tuple"),
    set: _elements("set"),
    frozenset: _elements("frozenset"),
}


def _known_zone(zone: object) -> tzinfo | None:
    if zone is None:
        return None
    if isinstance(zone, str):
        from zoneinfo import ZoneInfo

        return ZoneInfo(zone)
    return timezone(timedelta(seconds=float(zone)))  # type: ignore[arg-type]


_DECODERS: dict[str, Callable[[list[Any]], object]] = {
    "uuid": lambda rest: UUID(hex=rest[0]),
    "decimal": lambda rest: Decimal(rest[0]),
    "datetime": lambda rest: datetime.fromisoformat(rest[0]).replace(tzinfo=_known_zone(rest[1]), fold=rest[2]),
    "date": lambda rest: date.fromisoformat(rest[0]),
    "time": lambda rest: time.fromisoformat(rest[0]).replace(tzinfo=_known_zone(rest[1]), fold=rest[2]),
    "timedelta": lambda rest: timedelta(days=rest[0], seconds=rest[1], microseconds=rest[2]),
    "bytes": lambda rest: bytes.fromhex(rest[0]),
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict,
}


def _from_json(value: dict[str, Any]) -> object:
    tagged = value.get(_MARK)
    if tagged is None:
        return value
    return _DECODERS[tagged[0]](tagged[1:])


def copied(value: Any) -> Any:
    """Return a copy of every dict, list, set and tuple in `value`; other objects are handed out as they are."""
    kind = type(value)
    if kind in IMMUTABLE:
        return value
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    if kind is list:
        return [copied(item) for item in value]
    if kind is tuple:
        return tuple([copied(item) for item in value])
    if kind is set:
        return set(value)
    return value


def is_immutable(value: object) -> bool:
    """Tell whether `value` can be handed to everybody without a copy."""
    kind = type(value)
    if kind is tuple:
        return all(is_immutable(item) for item in value)  # type: ignore[attr-defined]
    return kind in IMMUTABLE or kind not in (dict, list, set)
