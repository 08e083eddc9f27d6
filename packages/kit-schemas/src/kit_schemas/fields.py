"""Annotations become marshmallow fields."""

import copy
import datetime
import decimal
import enum
import types
import typing
import uuid
from collections import abc
from collections.abc import Callable
from typing import Any

from marshmallow import fields, validate

from kit_schemas.declaration import FieldSpec
from kit_schemas.errors import SchemaDefinitionError
from kit_schemas.schema import NestedField

Field = fields.Field[Any]


class DecimalField(fields.Decimal):
    """A Decimal of at most 1000 places on either side of the point, dumped as a string.

    Without the bound the ten characters `1e99999999` would become a string of a hundred megabytes when dumped.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(as_string=True, **options)

    def _validated(self, value: Any) -> decimal.Decimal:
        number = super()._validated(value)
        exponent = number.as_tuple().exponent
        if not -1000 <= number.adjusted() <= 1000 or (isinstance(exponent, int) and exponent < -1000):
            raise self.make_error("too_large")
        return number


class CollectionField(fields.List[Any]):
    """A list that is loaded as another collection: a set, a frozenset or a tuple of any length."""

    def __init__(self, collection: Callable[[Any], Any], inner: Field, **options: Any) -> None:
        super().__init__(inner, **options)
        self.collection = collection

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        items = super()._deserialize(value, attr, data, **options)
        try:
            return self.collection(items)
        except TypeError:
            # A list or a dict can't be a member of a set.
            raise self.make_error("invalid") from None


_SCALARS: dict[Any, type[Field]] = {
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    bool: fields.Boolean,
    decimal.Decimal: DecimalField,
    uuid.UUID: fields.UUID,
    datetime.datetime: fields.DateTime,
    datetime.date: fields.Date,
    datetime.time: fields.Time,
    datetime.timedelta: fields.TimeDelta,
}
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Collection)
_SETS: dict[Any, Callable[[Any], Any]] = {set: set, abc.Set: set, abc.MutableSet: set, frozenset: frozenset}
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)


def declared_field(spec: FieldSpec, hint: Any) -> Field:
    """Return the marshmallow field of one declaration; TypeError names a type that has none."""
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
    return _field(hint, spec.validators, options)


def build_fields(owner: str, specs: dict[str, FieldSpec], hints: dict[str, Any]) -> dict[str, Field]:
    """Return all marshmallow fields of a class; SchemaDefinitionError names the one whose type is not supported."""
    built = {}
    for name, spec in specs.items():
        try:
            built[name] = declared_field(spec, hints[name])
        except TypeError as error:
            raise SchemaDefinitionError(str(error), owner=owner, field=name) from error
    return built


def _field(hint: Any, validators: list[Any], options: dict[str, Any]) -> Field:
    hint, found, nullable = _unwrapped(hint)
    custom = [each for each in found if isinstance(each, fields.Field)]
    validators = [each for each in found if _is_validator(each)] + validators
    if nullable or options.get("load_default", ...) is None:
        options["allow_none"] = True
    if custom:
        return _adopted(custom[-1], validators, options)
    return _core_field(hint, validators, options)


def _unwrapped(hint: Any) -> tuple[Any, list[Any], bool]:
    """Take `Annotated`, `| None`, NewType and type aliases off; also return what `Annotated` said."""
    found: list[Any] = []
    nullable = False
    while True:
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            found = [*hint.__metadata__, *found]
            hint = hint.__origin__
        elif origin is typing.Union or origin is types.UnionType:
            members = [each for each in typing.get_args(hint) if each is not types.NoneType]
            if len(members) != 1:
                raise TypeError(f"a union of several types is not supported: {hint}")
            nullable = True
            hint = members[0]
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        else:
            return hint, found, nullable


def _core_field(hint: Any, validators: list[Any], options: dict[str, Any]) -> Field:
    origin = typing.get_origin(hint) or hint
    if origin is typing.Literal:
        return _literal(typing.get_args(hint), validators, options)
    if validators:
        options["validate"] = validators
    if hint in (Any, object):
        return fields.Raw(**{**options, "allow_none": True})
    if origin in _SCALARS:
        return _SCALARS[origin](**options)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return fields.Enum(hint, by_value=True, **options)
    if hasattr(hint, "__kit_fields__"):
        return NestedField(hint, **options)
    return _container(origin, typing.get_args(hint), options)


def _container(origin: Any, items: tuple[Any, ...], options: dict[str, Any]) -> Field:
    if origin is tuple and items and items[-1] is not ...:
        return fields.Tuple([_item(each) for each in items], **options)
    item = items[0] if items else Any
    if origin is tuple:
        return CollectionField(tuple, _item(item), **options)
    if origin in _LISTS:
        return fields.List(_item(item), **options)
    if origin in _SETS:
        return CollectionField(_SETS[origin], _item(item), **options)
    if origin in _MAPPINGS:
        return fields.Dict(*(_item(each) for each in items), **options)
    raise TypeError(f"no field for the type {origin!r}; give one: Annotated[…, SomeField()]")


def _literal(values: tuple[Any, ...], validators: list[Any], options: dict[str, Any]) -> Field:
    choices = [each for each in values if each is not None]
    if len(choices) < len(values):
        options["allow_none"] = True
    kinds = {type(each) for each in choices}
    validators = [validate.OneOf(choices), *validators]
    if len(kinds) == 1:
        return _core_field(kinds.pop(), validators, options)
    return fields.Raw(**options, validate=validators)


def _item(hint: Any) -> Field:
    return _field(hint, [], {})


def _adopted(custom: Field, validators: list[Any], options: dict[str, Any]) -> Field:
    """Give a field that was written by hand the options of its declaration; what it says itself stays."""
    adopted = copy.copy(custom)
    adopted.validators = [*custom.validators, *validators]
    for name, value in options.items():
        if value or name in ("required", "load_default"):
            setattr(adopted, name, value)
    return adopted


def _is_validator(found: Any) -> bool:
    return callable(found) and not isinstance(found, (type, fields.Field))
