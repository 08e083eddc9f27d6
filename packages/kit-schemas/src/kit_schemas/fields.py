"""Annotations become marshmallow fields."""

import copy
import datetime
import decimal
import enum
import functools
import typing
import uuid
from collections import abc
from collections.abc import Callable, Mapping
from typing import Any

import marshmallow
from marshmallow import fields, validate

from kit_schemas import keys, strict
from kit_schemas.declaration import ClassOptions, FieldSpec
from kit_schemas.errors import SchemaDefinitionError
from kit_schemas.extra_fields import (
    AwareField,
    CollectionField,
    DecimalField,
    ListField,
    TimeDeltaField,
    TupleField,
)
from kit_schemas.hints import refuse_recursion, schema_hints, unwrapped
from kit_schemas.mistakes import foreign_check, no_field
from kit_schemas.schema import NestedField
from kit_schemas.union import Discriminator, UnionField
from kit_schemas.validators import ExactlyOneOf
from kit_schemas.views import nested_in

Field = fields.Field[Any]

_LAX: dict[Any, Callable[..., Field]] = {
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    bool: fields.Boolean,
    decimal.Decimal: DecimalField,
    uuid.UUID: fields.UUID,
    datetime.datetime: fields.DateTime,
    datetime.date: fields.Date,
    datetime.time: fields.Time,
    datetime.timedelta: TimeDeltaField,
}
_STRICT: dict[Any, Callable[..., Field]] = {
    **_LAX,
    str: strict.StrictString,
    int: lambda **options: fields.Integer(strict=True, **options),
    float: strict.StrictFloat,
    bool: strict.StrictBoolean,
    decimal.Decimal: strict.StrictDecimal,
    uuid.UUID: strict.StrictUUID,
    datetime.datetime: strict.StrictDateTime,
    datetime.date: strict.StrictDate,
    datetime.time: strict.StrictTime,
    datetime.timedelta: strict.StrictTimeDelta,
}
_PLAIN = {str, int, float, bool}
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Collection)
_SETS: dict[Any, Callable[[Any], Any]] = {set: set, abc.Set: set, abc.MutableSet: set, frozenset: frozenset}
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)


def build_fields(cls: Any, specs: Mapping[str, FieldSpec], class_options: ClassOptions) -> dict[str, Field]:
    """Return all marshmallow fields of a class; SchemaDefinitionError names the one whose type is not supported."""
    hints = schema_hints(cls)
    builder = _FieldBuilder(cls, class_options)
    built = {}
    for name, spec in specs.items():
        try:
            refuse_recursion(hints[name])
            built[name] = builder.declared(spec, hints[name])
        except (TypeError, ValueError) as error:
            raise SchemaDefinitionError(str(error), owner=cls.__qualname__, field=name) from error
    return built


class _FieldBuilder:
    """Makes the fields of one class; how strict they are is the class's choice."""

    def __init__(self, cls: Any, class_options: ClassOptions) -> None:
        self.cls = cls
        self.class_options = class_options
        self.scalars = _STRICT if class_options.strict else _LAX
        zone = class_options.default_timezone
        if zone is not None:
            aware = strict.StrictDateTime if class_options.strict else AwareField
            self.scalars = {**self.scalars, datetime.datetime: functools.partial(aware, default_timezone=zone)}

    def declared(self, spec: FieldSpec, hint: Any) -> Field:
        """Return the field of one declaration; TypeError names a type that has none."""
        options: dict[str, Any] = {
            "data_key": spec.data_key,
            "load_only": spec.load_only,
            "dump_only": spec.dump_only,
            "metadata": spec.metadata,
            "required": spec.required and not spec.dump_only,
        }
        if not spec.required:
            # marshmallow calls a default that is callable, so one that is meant as a value has to be wrapped.
            wrap = spec.default_factory is not None or callable(spec.default)
            options["load_default"] = spec.default_value if wrap else spec.default
        return self._field(hint, spec.validators, options)

    def _field(self, hint: Any, validators: list[Any], options: dict[str, Any]) -> Field:
        hint, found, nullable = unwrapped(hint)
        custom = [each for each in found if isinstance(each, fields.Field)]
        validators = [each for each in found if _is_validator(each)] + validators
        if nullable or options.get("load_default", ...) is None:
            options["allow_none"] = True
        if custom:
            adopted = _adopted(custom[-1], validators, options)
            vars(adopted)["__kit_annotated__"] = self._by_type(hint)
            return adopted
        if typing.get_origin(hint) is typing.Union:
            if validators:
                options["validate"] = validators
            return self._union(hint, found, options)
        return self._core(hint, validators, options)

    def _by_type(self, hint: Any) -> Field | None:
        """Return the field that a type would have without one of its own, None if it has none: JSON Schema tells it."""
        try:
            return self._item(hint)
        except TypeError:
            return None

    def _core(self, hint: Any, validators: list[Any], options: dict[str, Any]) -> Field:
        origin = typing.get_origin(hint) or hint
        if origin is typing.Literal:
            return self._literal(typing.get_args(hint), validators, options)
        if validators:
            options["validate"] = validators
        if hint in (Any, object):
            return fields.Raw(**{**options, "allow_none": True})
        if origin in self.scalars:
            return self.scalars[origin](**options)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return self._enum(hint, options)
        if hint is typing.Self or hasattr(hint, "__kit_fields__"):
            return self._nested(self.cls if hint is typing.Self else hint, options)
        return self._container(hint, options)

    def _nested(self, cls: Any, options: dict[str, Any]) -> Field:
        return NestedField(nested_in(self.class_options, cls), cls, **options)

    def _enum(self, members: type[enum.Enum], options: dict[str, Any]) -> Field:
        kinds = {type(member.value) for member in members}
        kind = kinds.pop() if len(kinds) == 1 else None
        # A value that comes as text, since JSON has no such type or parameters are all text, is read as a field would.
        if kind in self.scalars and (kind not in _PLAIN or (self.class_options.split and kind is not str)):
            return fields.Enum(members, by_value=self.scalars[kind](), **options)
        if self.class_options.strict:
            return strict.StrictEnum(members, **options)
        return fields.Enum(members, by_value=True, **options)

    def _container(self, hint: Any, options: dict[str, Any]) -> Field:
        origin, items = typing.get_origin(hint) or hint, typing.get_args(hint)
        split = self.class_options.split
        if origin is tuple and hasattr(hint, "__args__") and items[-1:] != (...,):
            return TupleField([self._item(each) for each in items], split=split, **options)
        item = items[0] if items else Any
        if origin in _LISTS and not split:
            return ListField(self._item(item), **options)
        if origin in _LISTS or origin in _SETS or origin is tuple:
            collection = _SETS.get(origin) or (tuple if origin is tuple else list)
            return CollectionField(collection, self._item(item), split=split, **options)
        if origin in _MAPPINGS:
            if items:
                key = _KeyBuilder(self.cls, self.class_options).key(items[0])
                return fields.Dict(key, self._item(items[1]), **options)
            return fields.Dict(**options)
        raise TypeError(no_field(hint))

    def _literal(self, values: tuple[Any, ...], validators: list[Any], options: dict[str, Any]) -> Field:
        choices = [each for each in values if each is not None]
        if len(choices) < len(values):
            options["allow_none"] = True
        kinds = {type(each) for each in choices}
        if len(kinds) == 1:
            return self._core(kinds.pop(), [validate.OneOf(choices), *validators], options)
        if not kinds <= _PLAIN:
            raise TypeError("a Literal of several types is of texts, numbers and truth values")
        if validators:
            options["validate"] = validators
        return self._choices(choices, options)

    def _choices(self, choices: list[Any], options: dict[str, Any]) -> Field:
        return fields.Raw(**{**options, "validate": [ExactlyOneOf(choices), *options.get("validate", ())]})

    def _item(self, hint: Any) -> Field:
        return self._field(hint, [], {})

    def _union(self, hint: Any, found: list[Any], options: dict[str, Any]) -> Field:
        discriminator = next((each for each in found if isinstance(each, Discriminator)), None)
        classes = [self.cls if each is typing.Self else each for each in typing.get_args(hint)]
        if discriminator is None and any(hasattr(each, "__kit_fields__") for each in classes):
            raise TypeError(
                f"a union needs a field that tells its schemas apart: Annotated[{hint}, Discriminator('kind')]"
            )
        if discriminator is None:
            raise TypeError(
                "values of several types need a field of your own, Annotated[…, SomeField()], or the type Any"
            )
        names: dict[str, None] = {}
        members: dict[str | int, Any] = {}
        for cls in classes:
            key, values = _discriminated(cls, discriminator.field)
            names[key] = None
            for value in values:
                if value in members:
                    both = f"{members[value].__name__} and {cls.__name__}"
                    raise TypeError(f"{value!r} is the {discriminator.field!r} of {both}")
                members[value] = nested_in(self.class_options, cls)
        if len(names) > 1:
            raise TypeError(f"the members of a union call {discriminator.field!r} differently: {', '.join(names)}")
        return UnionField(next(iter(names)), members, **options)


_NO_KEY = "the keys of a JSON object are texts, and a {} is none"


class _KeyBuilder(_FieldBuilder):
    """Makes the fields of a dict's keys, which are all text in JSON, as parameters are."""

    def __init__(self, cls: Any, class_options: ClassOptions) -> None:
        super().__init__(cls, class_options._replace(split=True))
        if class_options.strict:
            self.scalars = {**self.scalars, **keys.STRICT_KEYS}

    def key(self, hint: Any) -> Field:
        """Return the field of the keys; TypeError names a type that JSON has no keys of."""
        made = self._item(hint)
        if (
            made.allow_none
            and type(made) not in (fields.Raw, keys.ChoiceKey)
            and not hasattr(made, "__kit_annotated__")
        ):
            made.allow_none = False
            return keys.NullableKey(made)
        return made

    def _enum(self, members: type[enum.Enum], options: dict[str, Any]) -> Field:
        kinds = {type(member.value) for member in members}
        if len(kinds) == 1 and kinds <= self.scalars.keys():
            return super()._enum(members, options)
        return keys.ChoiceKey(members, **options)

    def _choices(self, choices: list[Any], options: dict[str, Any]) -> Field:
        nothing = [None] if options.pop("allow_none", False) else []
        return keys.ChoiceKey([*choices, *nothing], **options)

    def _nested(self, cls: Any, options: dict[str, Any]) -> Field:
        raise TypeError(_NO_KEY.format(cls.__name__))

    def _container(self, hint: Any, options: dict[str, Any]) -> Field:
        raise TypeError(_NO_KEY.format(hint))


def _discriminated(target: Any, name: str) -> tuple[str, tuple[Any, ...]]:
    """Return the discriminator's name in the data of a union's member, and its values there."""
    if not hasattr(target, "__kit_fields__"):
        raise TypeError(f"{target!r} is no schema, which the members of a union with a discriminator are")
    hint, found, _ = unwrapped(schema_hints(target).get(name))
    values = typing.get_args(hint)
    if typing.get_origin(hint) is not typing.Literal or not all(type(value) in (str, int) for value in values):
        raise TypeError(f"{target.__name__}.{name} tells a union's members apart and is no Literal of texts or ints")
    written = next((each.data_key for each in found if isinstance(each, fields.Field)), None)
    return target.__kit_fields__[name].data_key or written or name, values


def _adopted(custom: Field, validators: list[Any], options: dict[str, Any]) -> Field:
    """Give a field that was written by hand the options of its declaration; its own options stay."""
    _agreed(custom, options)
    adopted = copy.copy(custom)
    adopted.validators = [*custom.validators, *validators]
    for name, value in options.items():
        if value or name in ("required", "load_default"):
            setattr(adopted, name, value)
    return adopted


def _agreed(custom: Field, options: Mapping[str, Any]) -> None:
    """Raise TypeError if a field written by hand has an option that the class's constructor would not know of."""
    if "required" not in options:  # an item of a container
        return
    if custom.attribute is not None:
        raise TypeError("attribute= is the annotated name here; data_key= is the name in the data")
    if custom.required and "load_default" in options:
        raise TypeError("required=True, and the class has a default")
    if custom.load_default is not marshmallow.missing and "load_default" not in options:
        raise TypeError("the constructor does not know load_default=: give the default in the class")


def _is_validator(found: Any) -> bool:
    if isinstance(found, FieldSpec):
        raise TypeError("field(…) does nothing in Annotated: it is the field's value, name: type = field(…)")
    message = foreign_check(found)
    if message is not None:
        raise TypeError(message)
    return callable(found) and not isinstance(found, (type, fields.Field))
