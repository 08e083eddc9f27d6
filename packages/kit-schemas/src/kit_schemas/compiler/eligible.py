"""Which classes can be compiled: those in which nothing runs but marshmallow's own code and plain checks."""

import enum
from typing import Any

import marshmallow
from marshmallow import fields

from kit_schemas import extra_fields, keys, strict
from kit_schemas.schema import InstanceSchema, NestedField
from kit_schemas.union import UnionField
from kit_schemas.views import class_of

LOAD_HOOKS = ("pre_load", "post_load", "validates", "validates_schema")
DUMP_HOOKS = ("pre_dump", "post_dump")

# Subclasses of these change how a schema works; a wrapped one may.
_MACHINERY = {name for name, value in vars(marshmallow.Schema).items() if callable(value) and name != "Meta"} | {
    "dict_class",
    "get_attribute",
    "set_class",
}
_ISO = {"iso", "iso8601"}


def is_eligible(owner: Any, hooks: tuple[str, ...], seen: set[Any] | None = None) -> bool:
    """Tell whether a class, and every class nested in it, has no hooks of these kinds and no code of its own."""
    seen = set() if seen is None else seen
    if owner in seen:
        return True
    seen.add(owner)
    schema = owner._shared_schema()
    if any(schema._hooks.get(hook) for hook in hooks) or not _is_plain(type(schema)):
        return False
    if hooks is LOAD_HOOKS and not class_of(owner)._is_made_plainly():
        return False
    return all(_is_known(field, hooks, seen) for field in schema.fields.values())


def has_usual_options(field: Any) -> bool:
    """Tell whether a field of a known class was made with the options that the generated code is written for."""
    if isinstance(field, fields.Float):
        return field.allow_nan is False
    if isinstance(field, fields.Boolean):
        return field.truthy is fields.Boolean.truthy and field.falsy is fields.Boolean.falsy
    if isinstance(field, fields.DateTime | fields.Date | fields.Time):
        return field.format in _ISO
    if isinstance(field, fields.Enum):
        # The members' own value, and an enum that is looked up as any is.
        plain = field.by_value is True and type(field.enum) is enum.EnumType
        return plain and not any("value" in vars(base) for base in field.enum.__mro__ if base.__module__ != "enum")
    return True


def _is_plain(schema: type[marshmallow.Schema]) -> bool:
    ours = (InstanceSchema, marshmallow.Schema, object)
    return not any(_MACHINERY & vars(base).keys() for base in schema.__mro__ if base not in ours)


def _is_known(field: Any, hooks: tuple[str, ...], seen: set[Any]) -> bool:
    kind = type(field)
    # marshmallow has them since 4.3.
    if getattr(field, "pre_load", None) or getattr(field, "post_load", None):
        return False
    if kind is NestedField:
        return field.only is None and not field.exclude and is_eligible(field.target, hooks, seen)
    if kind is UnionField:
        return all(is_eligible(target, hooks, seen) for target in field.members.values())
    if kind in (fields.List, extra_fields.ListField, extra_fields.CollectionField, keys.NullableKey):
        return _is_known(field.inner, hooks, seen)
    if kind in (fields.Tuple, extra_fields.TupleField):
        return all(_is_known(inner, hooks, seen) for inner in field.tuple_fields)
    if kind is fields.Dict:
        return all(_is_known(inner, hooks, seen) for inner in (field.key_field, field.value_field) if inner)
    own = kind.__module__ in (extra_fields.__name__, keys.__name__, strict.__name__)
    leaf = kind.__module__ == fields.__name__ and field._CHECK_ATTRIBUTE and not isinstance(field, fields.Nested)
    return own or (leaf and not isinstance(field, fields.Mapping))
