"""The columns of an entity, and the meaning of their annotations."""

from __future__ import annotations

import types
import typing
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from kit_db.stores.names import quoted_part

_LISTS = (list, set, frozenset, tuple)
_CONTAINERS = (dict, typing.Any, object)

_SETTINGS = {
    datetime: ("TimeZone", "UTC"),
    timedelta: ("IntervalStyle", "iso_8601"),
    bytes: ("bytea_output", "hex"),
    float: ("extra_float_digits", "1"),
}


class Column(NamedTuple):
    """A column: its quoted name, whether its value is JSON or an array, and the operations that may name it.

    sql: the column or, of a computed column, its function; `{}` stands for the table's alias
    """

    name: str
    sql: str
    hint: Any
    json: bool = False
    array: bool = False
    vector: bool = False
    readable: bool = True
    writable: bool = True
    filterable: bool = True
    sortable: bool = True
    nullable: bool = True


def hints_of(entity: type) -> dict[str, Any]:
    """Return an entity's fields and their annotations; a kit-schemas class or any annotated class."""
    if hasattr(entity, "__kit_fields__"):
        from kit_schemas.hints import schema_hints

        hints = schema_hints(entity)
        return {name: hints[name] for name in entity.__kit_fields__}
    found = typing.get_type_hints(entity, include_extras=True)
    return {
        name: hint
        for name, hint in found.items()
        if not name.startswith("_") and typing.get_origin(hint) is not typing.ClassVar
    }


def bare(hint: Any) -> tuple[Any, bool]:
    """Return the annotation without Annotated and None, and whether None is allowed."""
    nullable = False
    while True:
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            hint = hint.__origin__
        elif origin is typing.Union or origin is types.UnionType:
            members = [each for each in typing.get_args(hint) if each is not types.NoneType]
            nullable = nullable or len(members) < len(typing.get_args(hint))
            if len(members) != 1:
                return object, nullable
            hint = members[0]
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        else:
            return hint, nullable


def is_json(hint: Any) -> bool:
    """Tell whether an annotation means a JSON column: a mapping, a class with fields, or anything at all."""
    kind, _ = bare(hint)
    origin = typing.get_origin(kind) or kind
    return origin in _CONTAINERS or hasattr(origin, "__kit_fields__") or hasattr(origin, "__dataclass_fields__")


def is_array(hint: Any) -> bool:
    """Tell whether an annotation means an array column."""
    kind, _ = bare(hint)
    return (typing.get_origin(kind) or kind) in _LISTS


def settings_of(hints: typing.Iterable[Any]) -> dict[str, str]:
    """Return the settings of PostgreSQL on which the texts of such columns depend, with the values that they get."""
    found: dict[str, str] = {}
    for hint in hints:
        kind, _ = bare(hint)
        for each in (kind, *typing.get_args(kind)):
            for known, (name, value) in _SETTINGS.items():
                if isinstance(each, type) and issubclass(each, known):
                    found[name] = value
    return found


def column_sql(name: str) -> str:
    """Return a column's SQL, with a place for the table's alias."""
    return "{}." + quoted_part(name).replace("{", "{{").replace("}", "}}")
