"""BaseSchema: subclass it, annotate, and load and dump."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast, dataclass_transform, overload

from kit_schemas.compiler.doubts import doubts
from kit_schemas.compiler.switch import dumper_of, loader_of
from kit_schemas.declaration import EXCLUDE, RAISE, ClassOptions, FieldSpec, Partial, Unknown, declared_by, field
from kit_schemas.errors import SchemaDefinitionError
from kit_schemas.mistakes import foreign_base, hidden_by, near, wrong_names

if TYPE_CHECKING:
    from datetime import tzinfo

    import marshmallow

_SECRET = re.compile(
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|(?:api|access|private)_?key|credential|authorization|cookie"
    r"|(?:^|_)(?:key|auth|jwt|pin|otp|cvv|cvc)$",
    re.I,
)


class _LazySchema:
    """Builds the marshmallow Schema class of the class that it is read from, once."""

    def __get__(self, instance: object, owner: "type[BaseSchema]") -> "type[marshmallow.Schema]":
        return owner._schema_class_of(owner)


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class BaseSchema:
    """A typed data class on real marshmallow: subclassing it is enough.

    Annotations are the fields, `ClassVar` is none. The constructor takes keywords only and trusts its caller;
    `load` trusts nobody. Other classes can be mixed in; only the annotations of BaseSchema classes become fields.

    Options in the class's head, which subclasses inherit:

    strict: take less than marshmallow does; reaches nested classes that say nothing of it
    default_timezone: the zone of datetimes that have none
    unknown: RAISE makes fields that are not declared an error
    split: take `"a,b"` for a list, as query strings have it

    >>> class Line(BaseSchema, strict=True):
    ...     sku: str
    ...     count: int = 1
    >>> Line.load({"sku": "pen"}).dump()
    {'sku': 'pen', 'count': 1}
    """

    __kit_declared__: ClassVar[tuple[Mapping[str, FieldSpec], set[str]]] = ({}, set())
    __kit_dumpers__: ClassVar[dict[bool, Callable[[Any], dict[str, Any]]]] = {}
    __kit_fields__: ClassVar[dict[str, FieldSpec]] = {}
    __kit_loaders__: ClassVar[dict[Unknown | None, Callable[[Any], Any]]] = {}
    __kit_plain__: ClassVar[Any] = False  # or the fields of the class without marshmallow, None if it has to make them
    __kit_options__: ClassVar[ClassOptions] = ClassOptions()
    # Evaluated by whoever asks for the annotations, and marshmallow may not be loaded then.
    __kit_schema__: ClassVar[Any]
    __kit_shared__: ClassVar[dict[tuple[Unknown | None, bool], Any]] = {}
    __kit_views__: ClassVar[dict[int, Any]] = {}
    __kit_wrapped__: ClassVar[Any] = None

    Schema = _LazySchema()
    """The marshmallow Schema class, built when it is first read: for apispec, webargs and everything of that kind."""

    def __init_subclass__(
        cls,
        *,
        strict: bool | None = None,
        default_timezone: "tzinfo | None" = None,
        split: bool | None = None,
        unknown: Unknown | None = None,
        **options: Any,
    ) -> None:
        try:
            super().__init_subclass__(**options)
        except TypeError as error:
            if "takes no keyword arguments" not in str(error):  # a mixin's own
                raise
            known = ClassOptions._fields
            misspelt = ", ".join(f"{name}{near(name, known)}" for name in options)
            message = f"no {misspelt} in a class's head: there are {', '.join(known)}"
            raise SchemaDefinitionError(message, owner=cls.__qualname__) from error
        if unknown not in (None, EXCLUDE, RAISE):
            raise SchemaDefinitionError("unknown is EXCLUDE or RAISE", owner=cls.__qualname__)
        inherited = cls.__kit_options__
        cls.__kit_options__ = ClassOptions(
            strict=inherited.strict if strict is None else strict,
            default_timezone=default_timezone or inherited.default_timezone,
            split=inherited.split if split is None else split,
            unknown=unknown or inherited.unknown,
        )
        cls.__kit_declared__ = declared_by(cls, reserved=_RESERVED)
        cls._declare()
        foreign = foreign_base(cls, made_by=BaseSchema.__init__)
        if foreign is not None:
            raise SchemaDefinitionError(foreign, owner=cls.__qualname__)
        for name in cls.__kit_fields__:
            hidden = hidden_by(cls, name)
            if name in vars(cls) and name not in cls.__kit_declared__[0]:
                hidden = "a base's field, which this does not change: annotate it, as ClassVar if it is to be none"
            if hidden is not None:
                raise SchemaDefinitionError(hidden, owner=cls.__qualname__, field=name)

    @classmethod
    def _declare(cls) -> None:
        """Collect the fields of the class and its bases."""
        fields: dict[str, FieldSpec] = {}
        for base in reversed(cls.__mro__):
            declared, class_variables = base.__dict__.get("__kit_declared__", ({}, ()))
            fields.update(declared)
            for name in class_variables:
                fields.pop(name, None)
        cls.__kit_fields__ = fields
        cls.__kit_shared__ = {}
        cls.__kit_plain__ = False
        cls.__kit_loaders__ = {}
        cls.__kit_dumpers__ = {}
        cls.__kit_views__ = {}

    def __init__(self, /, *positional: Any, **values: Any) -> None:
        own = self.__dict__
        if positional:
            owner = type(self).__qualname__
            raise TypeError(f"{owner} takes its fields by keyword, {owner}(name=…); data goes through {owner}.load")
        missing = []
        for name, spec in self.__kit_fields__.items():
            if name in values:
                own[name] = values.pop(name)
            elif spec.required:
                missing.append(name)
            else:
                own[name] = spec.default_value()
        if missing or values:
            raise TypeError(f"{type(self).__qualname__} {wrong_names(self.__kit_fields__, missing, values)}")

    @classmethod
    def from_schema(cls, schema: "type[marshmallow.Schema]", *, name: str | None = None) -> type[Any]:
        """Return a class whose `.Schema` is a marshmallow Schema that exists, with its hooks, methods and `Meta`.

        Its fields are the class's, so that `load` makes instances (or a post_load hook's results); fields that are
        neither required nor have a load_default are None when not given. `name` is the class's, unless it is to be
        the schema's without `Schema` at its end.
        """
        from kit_schemas.building import wrapped_specs

        name = name or schema.__name__.removesuffix("Schema") or schema.__name__
        wrapping: Any = type(name, (cls,), {"__module__": schema.__module__, "__doc__": schema.__doc__})
        wrapping.__kit_wrapped__ = schema
        wrapping.__kit_declared__ = (wrapped_specs(schema, reserved=_RESERVED), set())
        wrapping._declare()
        return cast("type[Any]", wrapping)

    @overload
    @classmethod
    def load(
        cls,
        data: Any,
        *,
        unknown: Unknown | None = ...,
        partial: Partial | None = ...,
        many: Literal[False] | None = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def load(
        cls, data: Any, *, unknown: Unknown | None = ..., partial: Partial | None = ..., many: Literal[True]
    ) -> list[Self]: ...
    @classmethod
    def load(
        cls, data: Any, *, unknown: Unknown | None = None, partial: Partial | None = None, many: bool | None = None
    ) -> Self | list[Self]:
        """Make an instance of a mapping, or with `many` a list of instances of a list.

        Raises marshmallow's ValidationError, whose `messages` name every wrong field at once; data that is no mapping
        (None too) is such an error under `_schema`. Another BaseSchema instance is dumped first.

        unknown: EXCLUDE drops fields that are not declared, RAISE makes them errors, nested ones too; by default each
        class does as its head says
        partial: True, or the names of fields that may be missing: they stay unset, and `dump` leaves them out. True is
        about the class's own fields; nested instances are whole. By default a wrapped Schema is as it is by itself.
        """
        if not partial:
            make: Callable[[Any], Self] = cls.__kit_loaders__.get(unknown) or loader_of(cls, unknown)
            try:
                if not many:
                    return make(data)
                if type(data) is list:
                    return [make(each) for each in data]
            except doubts():
                pass  # what is wrong, or only unusual, is for marshmallow to say
        schema = _shared_schema_of(cls, unknown=unknown)
        if isinstance(data, BaseSchema):
            data = data.dump()
        try:
            loaded: Self | list[Self] = schema.load(data, partial=partial, many=many)
        except RecursionError:
            from kit_schemas.errors import ValidationError

            raise ValidationError("Nested too deeply.") from None
        return loaded

    @overload
    @classmethod
    def loads(
        cls,
        text: str | bytes,
        *,
        unknown: Unknown | None = ...,
        partial: Partial | None = ...,
        many: Literal[False] | None = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def loads(
        cls, text: str | bytes, *, unknown: Unknown | None = ..., partial: Partial | None = ..., many: Literal[True]
    ) -> list[Self]: ...
    @classmethod
    def loads(
        cls,
        text: str | bytes,
        *,
        unknown: Unknown | None = None,
        partial: Partial | None = None,
        many: bool | None = None,
    ) -> Self | list[Self]:
        """Do as `load` with JSON; text that is no JSON is a ValidationError as well."""
        try:
            data = _parse(text if isinstance(text, str) else _decoded(text))
        except (TypeError, ValueError, RecursionError):
            from kit_schemas.errors import ValidationError

            raise ValidationError("Not valid JSON.") from None
        return cls.load(data, unknown=unknown, partial=partial, many=cast("Literal[True]", many))

    @overload
    def dump(self, *, skip_none: bool = ..., many: Literal[False] = ...) -> dict[str, Any]: ...
    @overload
    def dump(
        self: "BaseSchema | Iterable[BaseSchema]", *, skip_none: bool = ..., many: Literal[True]
    ) -> list[dict[str, Any]]: ...
    def dump(self: Any, *, skip_none: bool = False, many: bool = False) -> dict[str, Any] | list[dict[str, Any]]:
        """Return the fields as plain values for JSON: UUID, Decimal and times as strings, load_only fields left out.

        `skip_none` leaves out fields that are None, in nested schemas too, but not inside of plain dicts. With
        `many` it is called on the class: `Loan.dump(loans, many=True)` dumps each of them by its own class. A value
        that its field can't dump is an UndumpableValueError, which is a TypeError.
        """
        if many:
            return [each.dump(skip_none=skip_none) for each in self]
        cls: type[BaseSchema] = type(self)
        try:
            return cls.__kit_dumpers__[skip_none](self)
        except doubts():
            pass  # as in load, or it is the class's first
        if not isinstance(self, BaseSchema):
            raise TypeError(f"dump is for an instance, not for a {cls.__name__}; of several it needs many=True")
        if skip_none not in cls.__kit_dumpers__:
            dumper_of(cls, skip_none)
            return BaseSchema.dump(self, skip_none=skip_none)
        return cast("dict[str, Any]", _shared_schema_of(cls, skip_none=skip_none).dump(self, many=False))

    @overload
    def dumps(self, *, skip_none: bool = ..., many: Literal[False] = ...) -> str: ...
    @overload
    def dumps(self: "BaseSchema | Iterable[BaseSchema]", *, skip_none: bool = ..., many: Literal[True]) -> str: ...
    def dumps(self: Any, *, skip_none: bool = False, many: bool = False) -> str:
        """Do as `dump`, as JSON text; a float that JSON has no word for (NaN, infinity) is a ValueError."""
        dump: Any = BaseSchema.dump if many else type(self).dump
        return _to_json(dump(self, skip_none=skip_none, many=many))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of the data that `load` takes, with nested classes under `$defs`.

        `metadata` of a field (`title`, `description`, `example`, `examples`, `deprecated`) goes into it. Fields that
        are load_only are `writeOnly`, dump_only fields `readOnly`.
        """
        from kit_schemas.json_schema import json_schema

        return json_schema(cls)

    def replace(self, /, **changes: Any) -> Self:
        """Return a copy in which some fields have other values, or, after a partial load, a copy with more fields."""
        values = {**self._values(), **changes}
        if values.keys() < self.__kit_fields__.keys():
            return self._from_fields(values, partial=True)
        return type(self)(**values)

    def __replace__(self, /, **changes: Any) -> Self:
        """Do as `replace`, for `copy.replace` of Python 3.13."""
        return self.replace(**changes)

    @classmethod
    def __kit_preload__(cls) -> None:
        """Compile load and dump, for packages that know in Lambda's init phase that the class will be used."""
        loader_of(cls, None)
        dumper_of(cls, False)

    @classmethod
    def _shared_schema(cls, *, unknown: Unknown | None = None, skip_none: bool = False) -> "marshmallow.Schema":
        """Return the one instance of `.Schema` with these options."""
        return _shared_schema_of(cls, unknown=unknown, skip_none=skip_none)

    @staticmethod
    def _schema_class_of(owner: Any) -> "type[marshmallow.Schema]":
        """Return the marshmallow Schema class of a class or a view of one; it is built by the first call."""
        from kit_schemas.building import schema_class_of

        return schema_class_of(owner)

    @staticmethod
    def _shared_schema_of(owner: Any, **options: Any) -> "marshmallow.Schema":
        """Return the one instance of an owner's Schema with these options."""
        from kit_schemas.building import shared_schema_of

        return shared_schema_of(owner, **options)

    @classmethod
    def _from_fields(cls, values: Mapping[str, Any], *, partial: bool = False) -> Self:
        """Make an instance of values that were loaded and checked; with `partial`, of just these."""
        if not partial:
            return cls(**values)
        instance = cls.__new__(cls)
        instance.__dict__.update(values)
        return instance

    @classmethod
    def _is_made_plainly(cls) -> bool:
        """Tell whether making an instance runs no code of a subclass."""
        made_by: Any = BaseSchema.__init__
        called: Any = type(cls).__call__
        return cls.__init__ is made_by and cls.__new__ is object.__new__ and called is type.__call__

    @classmethod
    def _load_only(cls) -> set[str]:
        """Return the names of fields that are never dumped; a field that was written by hand may say it itself."""
        from kit_schemas.compiler.plain import plain_fields

        try:
            if plain_fields(cls) is not None:
                return {name for name, spec in cls.__kit_fields__.items() if spec.load_only}
            fields = cls._shared_schema().fields
        except SchemaDefinitionError:
            return {name for name, spec in cls.__kit_fields__.items() if spec.load_only}
        return {field.attribute or name for name, field in fields.items() if field.load_only}

    def _values(self) -> dict[str, Any]:
        own = self.__dict__
        return {name: own[name] for name in self.__kit_fields__ if name in own}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]

    @recursive_repr()
    def __repr__(self) -> str:
        hidden = self._load_only()
        shown = (
            f"{name}='***'" if name in hidden or _SECRET.search(name) else f"{name}={value!r}"
            for name, value in self._values().items()
        )
        return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(constant: str) -> None:
    raise ValueError(f"JSON has no {constant}")


def _decoded(text: bytes) -> str:
    if not isinstance(text, (bytes, bytearray)):
        raise TypeError(type(text))
    return text.decode(json.detect_encoding(text), "surrogatepass")


# Kept: json.loads and json.dumps make one for every call with options.
_parse = json.JSONDecoder(parse_constant=_refuse).decode
_to_json = json.JSONEncoder(allow_nan=False).encode


_shared_schema_of = BaseSchema._shared_schema_of
_RESERVED = frozenset(name for name in vars(BaseSchema) if not name.startswith("__"))
