"""Making the marshmallow Schema class of a schema class."""

import copy
import functools
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import marshmallow
from marshmallow import EXCLUDE, RAISE

from kit_schemas.mistakes import refuse_decorators

if TYPE_CHECKING:
    from kit_schemas.base import BaseSchema
    from kit_schemas.declaration import Unknown
    from kit_schemas.schema import InstanceSchema

# One for all classes: building one schema builds the schemas nested in it.
_building = threading.RLock()

_INHERITED = object()


def schema_class_of(owner: Any) -> type[marshmallow.Schema]:
    """Return the marshmallow Schema class of a class or a view of one; it is built by the first call."""
    built = owner.__dict__.get("__kit_schema__")
    if built is None:
        with _building:
            built = owner.__dict__.get("__kit_schema__")
            if built is None:
                built = owner.__kit_schema__ = _build(owner)
    return cast("type[marshmallow.Schema]", built)


def shared_schema_of(owner: Any, *, unknown: "Unknown | None" = None, skip_none: bool = False) -> marshmallow.Schema:
    """Return the one instance of an owner's Schema with these options; making one costs as much as a load."""
    options: tuple[Unknown | None, bool] = (unknown, skip_none)
    shared: marshmallow.Schema | None = owner.__kit_shared__.get(options)
    if shared is None:
        shared = owner.__kit_shared__.setdefault(options, _new_schema(owner, unknown, skip_none))
    return shared


def _new_schema(owner: Any, unknown: "Unknown | None", skip_none: bool) -> marshmallow.Schema:
    from kit_schemas.errors import SchemaDefinitionError

    made = cast("type[InstanceSchema]", owner.Schema)(unknown=unknown, skip_none=skip_none)
    loaded = {field.attribute or name for name, field in made.load_fields.items()}
    for name, spec in owner.__kit_fields__.items():
        if spec.required and name not in loaded:
            raise SchemaDefinitionError(
                "a field that is never loaded needs a default", owner=owner.__qualname__, field=name
            )
    return made


def wrapped_specs(schema: type[marshmallow.Schema], *, reserved: frozenset[str]) -> Mapping[str, Any]:
    """Return the declarations of a marshmallow Schema's fields, by the names of an instance's attributes."""
    from kit_schemas.declaration import FieldSpec
    from kit_schemas.errors import SchemaDefinitionError

    specs = {}
    for name, field in schema().fields.items():
        attribute = field.attribute or name
        if not attribute.isidentifier():
            raise SchemaDefinitionError("the name of an attribute has no dots", owner=schema.__qualname__, field=name)
        if attribute in reserved:
            message = f"the name belongs to BaseSchema: give it another, attribute='{attribute}_'"
            raise SchemaDefinitionError(message, owner=schema.__qualname__, field=name)
        default = field.load_default
        if default is marshmallow.missing and not (field.required and not field.dump_only):
            default = None
        spec = FieldSpec(load_only=field.load_only, dump_only=field.dump_only, data_key=field.data_key)
        if callable(default):
            spec.default_factory = default
        elif default is not marshmallow.missing:
            # marshmallow would share a list among all instances.
            spec.default_factory = functools.partial(copy.deepcopy, copy.deepcopy(default))
        spec.wrapped = True
        specs[attribute] = spec
    return specs


def _build(owner: Any) -> type[marshmallow.Schema]:
    # Here, since a class that is only constructed, never loaded or dumped, needs none of it.
    from marshmallow.schema import SchemaMeta

    from kit_schemas.fields import build_fields
    from kit_schemas.schema import InstanceSchema
    from kit_schemas.views import class_of

    cls = class_of(owner)
    refuse_decorators(cls)
    bases: tuple[type, ...] = (InstanceSchema,)
    body: dict[str, Any] = {"__module__": cls.__module__, "__doc__": cls.__doc__, "__kit_owner__": cls}
    wrapped = _wrapped(cls)
    specs = {name: spec for name, spec in owner.__kit_fields__.items() if not spec.wrapped}
    if wrapped is not None:
        bases = (wrapped,) if issubclass(wrapped, InstanceSchema) else (InstanceSchema, wrapped)
        body["Meta"] = _meta(owner, wrapped, list(specs))
    elif owner.__kit_options__.unknown is not None:
        body["Meta"] = type("Meta", (InstanceSchema.Meta,), {"unknown": owner.__kit_options__.unknown})
    body.update(_hooks(cls))
    body.update(build_fields(cls, specs, owner.__kit_options__))
    built = cast("type[marshmallow.Schema]", type.__call__(SchemaMeta, f"{cls.__name__}Schema", bases, body))
    _check(cls, built)
    return built


def _check(owner: "type[BaseSchema]", built: type[marshmallow.Schema]) -> None:
    """Find the errors that marshmallow would raise at each use, and without the class's name."""
    from kit_schemas.errors import SchemaDefinitionError

    try:
        made = built()
    except ValueError as error:  # two fields have one name in the data
        raise SchemaDefinitionError(str(error), owner=owner.__qualname__) from error
    for hook, _, options in made._hooks["validates"]:
        for name in options["field_names"]:
            if name not in made.declared_fields:
                message = f"{hook} validates {name!r}, which is no field"
                raise SchemaDefinitionError(message, owner=owner.__qualname__)


def _wrapped(owner: "type[BaseSchema]") -> type[marshmallow.Schema] | None:
    from kit_schemas.errors import SchemaDefinitionError

    found = {each for each in (vars(base).get("__kit_wrapped__") for base in owner.__mro__) if each is not None}
    if len(found) > 1:
        names = " and ".join(sorted(each.__qualname__ for each in found))
        raise SchemaDefinitionError(
            f"it wraps both {names}: derive one Schema from them first", owner=owner.__qualname__
        )
    return next(iter(found), None)


def _meta(owner: Any, wrapped: type[marshmallow.Schema], added: list[str]) -> type:
    """Return a wrapped Schema's `Meta`, with the fields that the class has added and without those it has dropped."""
    # marshmallow's own default is RAISE, too: only where a Schema says so was it meant.
    said = RAISE if getattr(wrapped.Meta, "unknown", None) == RAISE else EXCLUDE
    body: dict[str, Any] = {"register": False, "unknown": owner.__kit_options__.unknown or said}
    if wrapped.opts.fields:
        body["fields"] = (*wrapped.opts.fields, *added)
    dropped = []
    for name, field in wrapped().fields.items():
        attribute = field.attribute or name
        spec = owner.__kit_fields__.get(attribute)
        if spec is None or not (spec.wrapped or attribute == name):
            dropped.append(name)
    body["exclude"] = (*wrapped.opts.exclude, *dropped)
    return type("Meta", (wrapped.Meta,), body)


def _hooks(owner: type) -> dict[str, Any]:
    """Return the attributes of the Schema that make its hooks the ones that Python finds in the class.

    The first in the MRO decides about a name: any other attribute hides the hook of a base or of a wrapped Schema.
    """
    nearest: dict[str, Any] = {}
    of_schema: set[str] = set()
    for base in owner.__mro__:
        nearest = {**vars(base), **nearest}
        schema = vars(base).get("__kit_wrapped__")
        if schema is not None:
            of_schema = {name for hooks in schema._hooks.values() for name, *_ in hooks}
            nearest = {**dict.fromkeys(of_schema, _INHERITED), **nearest}
    return {
        name: attribute
        for name, attribute in nearest.items()
        if attribute is not _INHERITED and (name in of_schema or hasattr(attribute, "__marshmallow_hook__"))
    }
