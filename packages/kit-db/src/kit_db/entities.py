"""Between entities and rows: which columns a class has, and how values look on either side."""

import enum
import json
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from kit_db.errors import StoreDefinitionError
from kit_db.statements import DEFAULT

Convert = Callable[[Any], Any]

_MISSING: Any = object()


class Shape:
    """An entity class, seen as a row.

    Columns are the fields of a dataclass or the annotations of any other class, without ClassVars and without names
    that start with an underscore; or those that are given.
    """

    def __init__(self, entity: type[Any], *, columns: Sequence[str] | None, arrays: Sequence[str]) -> None:
        hints = _hints(entity)
        self._entity = entity
        self.columns = tuple(hints if columns is None else columns)
        if not self.columns:
            raise StoreDefinitionError(f"{entity.__qualname__} has no annotated fields: name the columns")
        self._arrays = frozenset(arrays)
        self._left_to_database = frozenset(name for name in self.columns if _default(entity, name) is None)
        converters = [converter(hints[name]) if name in hints else None for name in self.columns]
        self._converters = [(at, convert) for at, convert in enumerate(converters) if convert is not None]

    def entity(self, row: Sequence[Any]) -> Any:
        """Make an entity of a row, by keywords, with values of the annotated types."""
        values = list(row)
        for at, convert in self._converters:
            if values[at] is not None:
                values[at] = convert(values[at])
        return self._entity(**dict(zip(self.columns, values, strict=True)))

    def row(self, entity: Any) -> dict[str, Any]:
        """Return the values to insert; None in a field that is None by default is left to the database."""
        values = {name: getattr(entity, name) for name in self.columns}
        return {
            name: DEFAULT if value is None and name in self._left_to_database else value
            for name, value in values.items()
        }

    def parameter(self, column: str, value: Any) -> Any:
        """Return a value as the driver takes it; dicts, lists and objects are JSON, unless the column is an array."""
        value = _plain(value)
        if isinstance(value, (list, tuple, set, frozenset)) and column in self._arrays:
            return [each.value if isinstance(each, enum.Enum) else each for each in value]
        if isinstance(value, (dict, list, tuple, set, frozenset)):
            return json.dumps(value, default=_json)
        return value


def converter(hint: Any) -> Convert | None:
    """Return what makes a value of the annotated type of what the driver gives, or None if nothing has to be done."""
    origin, items = _unwrapped(hint)
    if origin in _CONVERTERS:
        return _CONVERTERS[origin]
    if origin in (list, tuple, set, frozenset):
        inner = converter(items[0]) if items and (origin is not tuple or items[-1] is ...) else None
        return _collection(origin, inner)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, enum.Enum):
        return origin
    load = getattr(origin, "load", None)
    if callable(load):
        return lambda value: load(value) if isinstance(value, Mapping) else value
    return None


def _collection(kind: type[Any], inner: Convert | None) -> Convert:
    def convert(value: Any) -> Any:
        if isinstance(value, str):
            # An array of a type that the driver does not know, such as an enum of the database.
            raise StoreDefinitionError(f"a {kind.__name__} is annotated, but the driver gives text: use another type")
        return kind(value if inner is None else (each if each is None else inner(each) for each in value))

    return convert


_CONVERTERS: dict[Any, Convert] = {
    UUID: lambda value: value if isinstance(value, UUID) else UUID(value),
    Decimal: lambda value: value if isinstance(value, Decimal) else Decimal(str(value)),
    float: float,
    bytes: bytes,
}


def _unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    while True:
        origin = typing.get_origin(hint)
        if origin is typing.Union or origin is types.UnionType:
            members = [each for each in typing.get_args(hint) if each is not types.NoneType]
            if len(members) != 1:
                return None, ()
            hint = members[0]
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        else:
            return origin or hint, typing.get_args(hint)


def _hints(entity: type[Any]) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(entity)
    except NameError as error:
        raise StoreDefinitionError(f"{entity.__qualname__}: an annotation names something unknown: {error}") from error
    if hasattr(entity, "__dataclass_fields__"):
        import dataclasses

        names: Iterable[str] = [each.name for each in dataclasses.fields(entity) if each.init]
    else:
        names = hints
    return {
        name: hints[name]
        for name in names
        if not name.startswith("_") and typing.get_origin(hints[name]) is not typing.ClassVar
    }


def _default(entity: type[Any], name: str) -> Any:
    described = getattr(entity, "__dataclass_fields__", {}).get(name)
    return getattr(entity, name, _MISSING) if described is None else described.default


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, UUID):
        # As text, which is right for uuid and for text columns.
        return str(value)
    return _fields(value)


def _fields(value: Any) -> Any:
    """Return an object that has fields as a dict of them, anything else as it is."""
    dump = getattr(value, "dump", None)
    if callable(dump):
        return dump()
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    return value


def _json(value: Any) -> Any:
    plain = _plain(value)
    if plain is not value:
        return plain
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"{type(value).__qualname__} has no form in JSON")
