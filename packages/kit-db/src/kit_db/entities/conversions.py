"""How a value of the driver's becomes one of the annotated type."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, MutableSequence, MutableSet, Sequence, Set
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from kit_db.entities.values import COLLECTIONS
from kit_db.errors import StoreDefinitionError

Convert = Callable[[Any], Any]


def converter(hint: Any, *, array: bool = False, json: bool = False) -> Convert | None:
    """Return the function from the driver's value to the annotated type, or None if nothing has to be done.

    With `json` the value is part of a JSON value, in which times are texts, as it is in each collection that is no
    `array` of PostgreSQL's.
    """
    told_apart = _told_apart(hint)
    if told_apart is not None:
        return _one_of(*told_apart)
    origin, items = unwrapped(hint)
    origin = CONCRETE.get(origin, origin)
    if json and origin in _TIMES:
        return _TIMES[origin]
    if origin in _CONVERTERS:
        return _CONVERTERS[origin]
    if origin is tuple and items and items[-1] is not ...:
        return _positions([converter(each, array=array, json=not array) for each in items])
    if origin in COLLECTIONS:
        inner = converter(items[0], array=array, json=not array) if items else None
        return _collection(origin, inner)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, enum.Enum):
        return origin
    load = getattr(origin, "load", None)
    # One of the class, not of its instances.
    if callable(load) and hasattr(load, "__self__"):
        return lambda value: load(value) if isinstance(value, Mapping) else value
    if issubclass(origin, Mapping) and len(items) == 2:
        return _mapping(_key(_bare(items[0])), converter(items[1], json=True))
    return _nested(origin) if hasattr(origin, "__dataclass_fields__") else None


def _key(kind: Any) -> Convert | None:
    """Return the function that makes a key of a mapping; in JSON all keys are text."""
    if kind in (int, float):
        return kind  # type: ignore[no-any-return]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {str(member.value): member for member in kind}.__getitem__
    return converter(kind, json=True)


def _positions(inner: Sequence[Convert | None]) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(inner):
            raise ValueError("not a list of that length")
        return tuple(
            each if each is None or change is None else change(each) for each, change in zip(value, inner, strict=True)
        )

    return convert


def _collection(kind: type[Any], inner: Convert | None) -> Convert:
    def convert(value: Any) -> Any:
        if isinstance(value, (str, Mapping)):
            raise ValueError("not a list")
        return kind(value if inner is None else (each if each is None else inner(each) for each in value))

    return convert


def _mapping(to_key: Convert | None, to_value: Convert | None) -> Convert | None:
    if to_key is None and to_value is None:
        return None

    def convert(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {
            to_key(key) if to_key else key: to_value(each) if to_value and each is not None else each
            for key, each in value.items()
        }

    return convert


def _one_of(field: str, members: Sequence[Any]) -> Convert:
    """Return the function that makes a member of a union from a JSON object, chosen by the Literal of a field."""
    known: dict[Any, tuple[str, Convert]] = {}

    def convert(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        if not known:
            # When first needed, as a member may hold such a union itself; in one step, as others may look meanwhile.
            known.update(_by_value(field, members))
        for each, (name, load) in known.items():
            if value.get(name) == each:
                return load(value)
        raise ValueError("no member of the union")

    return convert


def _by_value(field: str, members: Sequence[Any]) -> dict[Any, tuple[str, Convert]]:
    """Return for each value of a field its name in the data, and the function that makes its member."""
    found = {}
    for member in members:
        hint = annotated(member)[field]
        # In the data of kit-schemas a field may have another name.
        given = [getattr(member, "__kit_fields__", {}).get(field), *getattr(hint, "__metadata__", ())]
        names = [name for name in (getattr(each, "data_key", None) for each in given) if isinstance(name, str)]
        load = converter(member, json=True) or _nested(member)
        found.update(dict.fromkeys(unwrapped(hint)[1], ([*names, field][0], load)))
    return found


def _nested(kind: type[Any]) -> Convert:
    """Return the function that makes a dataclass from a JSON object; unknown keys are left out."""
    made: dict[str, Convert | None] = {}

    def convert(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        if not made:
            # When first needed: a class may hold itself.
            made.update({name: converter(hint, json=True) for name, hint in annotated(kind).items()})
        given = {name: value[name] for name in made if name in value}
        for name, each in given.items():
            change = made[name]
            if each is not None and change is not None:
                given[name] = change(each)
        return kind(**given)

    return convert


def _to_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _to_decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def finite_float(value: Any) -> float:
    """Return a number as a float. ValueError if that would be infinite, and the number is not."""
    number = float(value)
    if number in (float("inf"), float("-inf")) and isinstance(value, Decimal) and value.is_finite():
        raise ValueError("beyond the range of a float")
    return number


def _to_int(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value == int(value) else value


def _to_str(value: Any) -> Any:
    if isinstance(value, (UUID, int, float, Decimal)):
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value)
    return value


def json_str(value: Any) -> str:
    """Return a text that is a whole JSON value. ValueError for any other: as text it would be written back as text."""
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


_CONVERTERS: dict[Any, Convert] = {
    UUID: _to_uuid,
    Decimal: _to_decimal,
    float: finite_float,
    bytes: bytes,
    int: _to_int,
    str: _to_str,
}
_TIMES: dict[Any, Convert] = {
    datetime: lambda value: datetime.fromisoformat(value) if isinstance(value, str) else value,
    date: lambda value: date.fromisoformat(value) if isinstance(value, str) else value,
    time: lambda value: time.fromisoformat(value) if isinstance(value, str) else value,
}
CONCRETE: dict[Any, Any] = {
    **dict.fromkeys((Sequence, MutableSequence, Iterable, Collection), list),
    Set: frozenset,
    MutableSet: set,
}
READY_MADE: dict[Any, Any] = {convert: kind for kind, convert in _CONVERTERS.items()}
"""For a converter, the class whose values it leaves as they are."""


def _told_apart(hint: Any) -> tuple[str, Sequence[Any]] | None:
    """Return which field tells the members of a union apart, and the members.

    The field is named by an object beside the union in `Annotated` with a `field`, as kit-schemas' Discriminator.
    """
    fields: list[str] = []
    while True:
        origin = typing.get_origin(hint)
        members = [each for each in typing.get_args(hint) if each is not types.NoneType]
        if origin is typing.Annotated:
            fields += [each.field for each in hint.__metadata__ if isinstance(getattr(each, "field", None), str)]
            hint = hint.__origin__
        elif origin in (typing.Union, types.UnionType) and len(members) == 1:
            hint = members[0]
        elif origin in (typing.Union, types.UnionType):
            told = [name for name in fields if all(_has(member, name) for member in members)]
            return (told[0], members) if told else None
        elif hasattr(hint, "__supertype__") or hasattr(hint, "__value__"):
            hint = getattr(hint, "__supertype__", None) or hint.__value__
        else:
            return None


def _has(kind: Any, field: str) -> bool:
    return isinstance(kind, type) and any(field in vars(base).get("__annotations__", ()) for base in kind.__mro__)


def _bare(hint: Any) -> Any:
    """Return a hint without NewType, `type` aliases, Annotated and bounds."""
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            hint = hint.__origin__
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif hasattr(hint, "__value__"):
            hint = hint.__value__
        elif isinstance(hint, TypeVar):
            hint = Any if hint.__bound__ is None else hint.__bound__
        else:
            return hint


def unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return an annotation's class and the annotations in it, without None; (None, ()) for a union of several."""
    while True:
        hint = _bare(hint)
        origin = typing.get_origin(hint)
        if origin is not typing.Union and origin is not types.UnionType:
            return origin or hint, typing.get_args(hint)
        members = [each for each in typing.get_args(hint) if each is not types.NoneType]
        if len(members) != 1:
            return None, ()
        hint = members[0]


def holds_decimal(hint: Any, known: set[Any] | None = None) -> bool:
    """Tell whether an annotation, or a class in it, has a Decimal, whose digits a float in JSON might lose."""
    hint = _bare(hint)
    if hint is Decimal:
        return True
    known = set() if known is None else known
    if any(holds_decimal(each, known) for each in typing.get_args(hint)):
        return True
    if not isinstance(hint, type) or hint in known or not has_fields(hint):
        return False
    known.add(hint)  # a class may hold itself
    try:
        return any(holds_decimal(each, known) for each in annotated(hint).values())
    except StoreDefinitionError:
        return False  # raised again when a value of the class is read


def has_fields(kind: Any) -> bool:
    """Tell whether a class has named fields: a dataclass, a named tuple, or a schema of kit-schemas."""
    return isinstance(kind, type) and any(
        hasattr(kind, each) for each in ("__dataclass_fields__", "__kit_fields__", "_fields")
    )


def allows_none(hint: Any) -> bool:
    """Tell whether an annotation has None in it, or says nothing."""
    hint = _bare(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return any(allows_none(each) for each in typing.get_args(hint))
    return hint in (Any, object, types.NoneType)


def annotated(entity: type[Any]) -> dict[str, Any]:
    """Return the annotations of a class's fields. StoreDefinitionError if one names something unknown."""
    try:
        hints = typing.get_type_hints(entity, include_extras=True)
    except NameError as error:
        raise StoreDefinitionError(f"{entity.__qualname__}: an annotation names something unknown: {error}") from error
    if hasattr(entity, "__dataclass_fields__"):
        import dataclasses

        names: Iterable[str] = [each.name for each in dataclasses.fields(entity) if each.init]
    elif hasattr(entity, "__kit_fields__"):
        # A schema of kit-schemas, which takes no fields from a mixin that is none.
        names = entity.__kit_fields__
    else:
        names = hints
    return {
        name: hint
        for name, hint in ((name, hints.get(name, Any)) for name in names)
        if typing.get_origin(hint) is not typing.ClassVar
    }
