"""Fields and schemas as the generated code sees them, made of annotations without marshmallow.

A class whose fields are of the usual types, with the checks of `kit_schemas.validate` or functions, without hooks and
without fields that were written by hand, is compiled from these. Everything else is compiled from its marshmallow
Schema, as is every class that cannot be made one: marshmallow's side has the errors. What a generated function has a
doubt about goes to marshmallow in any case, so that there is one authority on errors.
"""

import datetime as dt
import decimal
import enum
import threading
import typing
import uuid
from collections import abc
from collections.abc import Iterator, Mapping
from typing import Any, cast

from kit_schemas.compiler.doubts import Unusual
from kit_schemas.declaration import EXCLUDE, ClassOptions, FieldSpec
from kit_schemas.hints import refuse_recursion, schema_hints, unwrapped
from kit_schemas.mistakes import foreign_check, refuse_decorators
from kit_schemas.validate import Check, FunctionValidator, OneOf, is_function
from kit_schemas.views import class_of, nested_in

_ISO = {kind: {"iso": kind.fromisoformat} for kind in (dt.datetime, dt.date, dt.time)}
_LAX: dict[Any, tuple[str, dict[str, Any]]] = {
    str: ("string", {}),
    int: ("integer", {"strict": False}),
    float: ("float", {}),
    bool: ("boolean", {}),
    decimal.Decimal: ("decimal", {}),
    uuid.UUID: ("uuid", {}),
    dt.timedelta: ("timedelta", {"precision": "seconds"}),
    **{
        kind: (kind.__name__, {"OBJ_TYPE": kind.__name__, "format": "iso", "DESERIALIZATION_FUNCS": parsers})
        for kind, parsers in _ISO.items()
    },
}
_STRICT = {
    kind: (name if kind is int else f"strict_{name}", {**options, **({"strict": True} if kind is int else {})})
    for kind, (name, options) in _LAX.items()
}
_STRICT[dt.datetime] = (_STRICT[dt.datetime][0], {**_STRICT[dt.datetime][1], "default_timezone": None})
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Collection)
_SETS: dict[Any, Any] = {set: set, abc.Set: set, abc.MutableSet: set, frozenset: frozenset, tuple: tuple}


_lock = threading.RLock()
_on_the_way: set[Any] = set()


class PlainField:
    """Hold what the generated code asks of a field; `kind` is that of `kinds.KINDS`."""

    data_key: str | None = None
    attribute: str | None = None
    required = False
    allow_none = False
    validators: list[Any]
    inner: Any = None
    target: Any = None
    key_field: Any = None
    value_field: Any = None

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        self.validators = []
        self.__dict__.update(options)

    def nested(self) -> Iterator[Any]:
        """Yield the classes of this field, and of those in it."""
        if self.target is not None:
            yield self.target
        for each in (self.inner, self.key_field, self.value_field):
            if each is not None:
                yield from each.nested()


class PlainSchema:
    """Hold the fields of a class by name, and what becomes of unknown ones."""

    def __init__(self, fields: Mapping[str, PlainField], specs: Mapping[str, FieldSpec], unknown: str) -> None:
        self.load_fields = {name: field for name, field in fields.items() if not specs[name].dump_only}
        self.dump_fields = {name: field for name, field in fields.items() if not specs[name].load_only}
        self.unknown = unknown


def usual_kind_of(field: Any) -> str | None:
    """Return the kind of a field, None if the generated code is not written for it and its options."""
    if type(field) is PlainField:
        return field.kind
    from kit_schemas.compiler.eligible import has_usual_options
    from kit_schemas.compiler.kinds import KINDS

    kind = KINDS.get(type(field))
    return kind if kind is not None and has_usual_options(field) else None


def plain_fields(owner: Any) -> "dict[str, PlainField] | None":
    """Return the fields of a class or a view of one, None where marshmallow's side has to make them.

    Raises SchemaDefinitionError as that does, for annotations that mean nothing.
    """
    known = owner.__dict__.get("__kit_plain__", False)
    if known is not False:
        return cast("dict[str, PlainField] | None", known)
    with _lock:
        known = owner.__dict__.get("__kit_plain__", False)
        if known is False:
            if owner in _on_the_way:  # a class that contains itself
                return {}
            _on_the_way.add(owner)
            try:
                known = _fields(owner)
            except Unusual:
                known = None
            finally:
                _on_the_way.discard(owner)
            owner.__kit_plain__ = known
        return cast("dict[str, PlainField] | None", known)


def is_made_plainly(owner: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Tell whether making an instance runs no code of the class, nor of the classes in its plain fields."""
    if owner in seen:
        return True
    nested = (each for field in (plain_fields(owner) or {}).values() for each in field.nested())
    return class_of(owner)._is_made_plainly() and all(is_made_plainly(each, seen | {owner}) for each in nested)


def plain_schema(owner: Any, unknown: Any = None) -> PlainSchema | None:
    """Return the schema of a class, None where marshmallow's side has to make it."""
    fields = plain_fields(owner)
    if fields is None:
        return None
    return PlainSchema(fields, owner.__kit_fields__, unknown or owner.__kit_options__.unknown or EXCLUDE)


def _fields(owner: Any) -> dict[str, PlainField]:
    cls = class_of(owner)
    for base in cls.__mro__:
        body = vars(base)
        if body.get("__kit_wrapped__") is not None or any(
            hasattr(each, "__marshmallow_hook__") for each in body.values()
        ):
            raise Unusual
    refuse_decorators(cls)
    hints = schema_hints(cls)
    builder = _Builder(cls, owner.__kit_options__)
    fields = {name: builder.declared(spec, hints[name]) for name, spec in owner.__kit_fields__.items()}
    for left_out in ("load_only", "dump_only"):
        names = [
            name if fields[name].data_key is None else fields[name].data_key
            for name, spec in owner.__kit_fields__.items()
            if not getattr(spec, left_out)
        ]
        if len(set(names)) < len(names):
            raise Unusual
    return fields


class _Builder:
    def __init__(self, cls: Any, options: ClassOptions) -> None:
        self.cls = cls
        self.options = options
        self.scalars = _STRICT if options.strict else _LAX
        zone = options.default_timezone
        if zone is not None:
            name, given = self.scalars[dt.datetime]
            aware = name if options.strict else "aware"
            self.scalars = {**self.scalars, dt.datetime: (aware, {**given, "default_timezone": zone})}

    def declared(self, spec: FieldSpec, hint: Any) -> PlainField:
        try:
            refuse_recursion(hint)
        except TypeError:
            raise Unusual from None
        made = self.field(hint, spec.validators)
        made.data_key = spec.data_key
        made.required = spec.required and not spec.dump_only
        if not spec.required and spec.default_factory is None and spec.default is None:
            made.allow_none = True
        return made

    def field(self, hint: Any, validators: list[Any]) -> PlainField:
        try:
            hint, found, nullable = unwrapped(hint)
        except TypeError:
            raise Unusual from None
        checks = [each for each in map(_check, [*found, *validators]) if each is not None]
        made = self._of(hint)
        made.validators = [*made.validators, *checks]
        made.allow_none = made.allow_none or nullable
        return made

    def _of(self, hint: Any) -> PlainField:
        if hint in (Any, object):
            return PlainField("raw", allow_none=True)
        if hint in self.scalars:
            name, options = self.scalars[hint]
            return PlainField(name, **options)
        if typing.get_origin(hint) is typing.Literal:
            return self._literal(typing.get_args(hint))
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return self._enum(hint)
        if hint is typing.Self or (isinstance(hint, type) and hasattr(hint, "__kit_fields__")):
            cls = self.cls if hint is typing.Self else hint
            target = nested_in(self.options, cls)
            if plain_fields(target) is None:
                raise Unusual
            return PlainField("nested", target=target, cls=cls)
        return self._container(hint)

    def _literal(self, values: tuple[Any, ...]) -> PlainField:
        choices = [each for each in values if each is not None]
        kinds = {type(each) for each in choices}
        if kinds not in ({str}, {int}):
            raise Unusual
        made = self._of(kinds.pop())
        made.validators = [OneOf(choices)]
        made.allow_none = len(choices) < len(values)
        return made

    def _enum(self, members: type[enum.Enum]) -> PlainField:
        kinds = {type(member.value) for member in members}
        plain = type(members) is enum.EnumType and not any(
            "value" in vars(base) for base in members.__mro__ if base.__module__ != "enum"
        )
        if not plain or not kinds <= {str, int} or (self.options.split and kinds != {str}):
            raise Unusual
        if self.options.strict:
            types = tuple({type(member.value): None for member in members})
            return PlainField("strict_enum", enum=members, types=types)
        return PlainField("enum", enum=members)

    def _container(self, hint: Any) -> PlainField:
        origin, items = typing.get_origin(hint) or hint, typing.get_args(hint)
        if origin in _LISTS or origin in _SETS:
            if origin is tuple and items[-1:] != (...,):
                raise Unusual
            inner = self.field(items[0] if items else Any, [])
            if origin in _LISTS and not self.options.split:
                return PlainField("list", inner=inner)
            return PlainField("collection", inner=inner, collection=_SETS.get(origin, list), split=self.options.split)
        if origin in (dict, abc.Mapping, abc.MutableMapping):
            if not items:
                return PlainField("dict")
            if items[0] is str:
                return PlainField("dict", key_field=self.field(str, []), value_field=self.field(items[1], []))
        raise Unusual


def _check(found: Any) -> Any:
    """Return the check of something in `Annotated` or `validate=`, None if it checks nothing."""
    if isinstance(found, Check):
        return found
    if isinstance(found, (type, FieldSpec)) or foreign_check(found) is not None:
        raise Unusual
    if not callable(found):
        if type(found).__module__.partition(".")[0] in ("builtins", "typing", "annotated_types"):
            return None
        raise Unusual  # a marshmallow field, a Discriminator
    if is_function(found):
        return FunctionValidator(found)
    raise Unusual
