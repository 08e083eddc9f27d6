"""Values as JSON that keeps their types.

JSON's own types stand for themselves. Everything else, and every dict whose keys aren't all strings, is
`{"$": [tag, …]}`. Only exact types are accepted: a subclass would come back as its base.
"""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from kit_cache.codec.objects import fields_of, member, restored, shape, state_of
from kit_cache.errors import UncacheableValueError

_MARK = "$"
TOO_DEEP = "$ (nested too deep, or circular)"
_PLAIN: frozenset[type] = frozenset((str, int, float, bool, type(None)))
_OTHERS: tuple[type, ...] = (bytes, UUID, Decimal, date, datetime, time, timedelta, timezone)
IMMUTABLE: frozenset[type] = _PLAIN.union(_OTHERS)


def to_text(plain: object) -> str:
    """Return the JSON text of a result of `to_json`; unescaped, since two escaped surrogates would come back as one."""
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def is_plain(value: object) -> bool:
    """Tell whether JSON alone keeps `value` as it is: none but JSON's own types, exactly, and texts as keys."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is dict:
        for key, item in value.items():  # type: ignore[attr-defined]
            if type(key) is not str or (type(item) not in _PLAIN and not is_plain(item)):
                return False
        return True
    if kind is list:
        return all(type(item) in _PLAIN or is_plain(item) for item in value)  # type: ignore[attr-defined]
    return False


def to_json(value: Any, path: str = "$") -> object:
    """Return `value` made of JSON's own types only."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list:
        return [to_json(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if kind is dict:
        return _dict_to_json(value, path)
    encode = _ENCODERS.get(kind) or _object_encoder(value, path)
    return {_MARK: encode(value, path)}


def _object_encoder(value: object, path: str) -> Callable[[Any, str], list[object]]:
    kind = type(value)
    if "<" not in kind.__qualname__:  # a class made inside a function is another one in every run
        if isinstance(value, Enum):
            return _enum
        if fields_of(kind) is not None:
            return _record
    raise UncacheableValueError(path, kind.__qualname__)


def _enum(value: Any, path: str) -> list[object]:
    kind, name = type(value), value.name
    rest = [name] if name in kind.__members__ else [None, to_json(value.value, path)]
    return ["enum", kind.__module__, kind.__qualname__, *rest]


def _record(value: Any, path: str) -> list[object]:
    kind = type(value)
    names = fields_of(kind) or ()
    state = state_of(value, names)
    if state is None:
        raise UncacheableValueError(f"{path} with attributes beside its fields", kind.__qualname__)
    fields = {name: to_json(item, f"{path}.{name}") for name, item in state.items()}
    return ["record", kind.__module__, kind.__qualname__, shape(names), fields]


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
    "enum": lambda rest: member(rest[0], rest[1], rest[2], rest[3] if len(rest) > 3 else None),
    "record": lambda rest: restored(rest[0], rest[1], rest[2], rest[3]),
}


def from_json(value: dict[str, Any]) -> object:
    """Return the meaning of a JSON object: json's `object_hook`."""
    tagged = value.get(_MARK)
    if tagged is None:
        return value
    return _DECODERS[tagged[0]](tagged[1:])
