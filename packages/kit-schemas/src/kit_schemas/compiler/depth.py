"""How deep generated code follows classes that can contain themselves."""

from collections.abc import Iterator
from typing import Any

from kit_schemas.compiler.plain import plain_fields

DEEPEST = 100
"""Levels, in which `repr`, `==` and `dump` have room on Python's stack; what is deeper is for marshmallow to refuse."""


def contains_itself(owner: Any, outer: frozenset[Any] = frozenset(), known: set[Any] | None = None) -> bool:
    """Tell whether a class, or one nested in it, can contain itself, so that its data may have any depth."""
    known = set() if known is None else known
    if owner in outer:
        return True
    if owner in known:
        return False
    known.add(owner)
    return any(contains_itself(each, outer | {owner}, known) for each in _nested(owner))


def _nested(owner: Any) -> Iterator[Any]:
    """Yield the classes that are loaded within a class."""
    plain = plain_fields(owner)
    if plain is None:
        for field in owner._shared_schema().load_fields.values():
            yield from _nested_in(field)
        return
    for name, field in plain.items():
        if not owner.__kit_fields__[name].dump_only:
            yield from field.nested()


def _nested_in(field: Any) -> Iterator[Any]:
    from kit_schemas.schema import NestedField
    from kit_schemas.union import UnionField
    from kit_schemas.validators import inner_fields

    if isinstance(field, NestedField):
        yield field.target
    elif isinstance(field, UnionField):
        yield from field.members.values()
    for inner in inner_fields(field):
        yield from _nested_in(inner)
