"""BaseSchema: subclass it, annotate, and load and dump."""

import json
import re
import threading
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self, cast, dataclass_transform, overload

import marshmallow
from marshmallow import EXCLUDE, ValidationError
from marshmallow.schema import SchemaMeta

from kit_schemas.declaration import FieldSpec, declared_by, field, resolved_hints
from kit_schemas.schema import InstanceSchema, Partial, Unknown

_SECRET = re.compile(
    r"pass(?:word|wd|phrase|code)|secret|token|api_?key|private_?key|credential|authorization|cookie", re.I
)

# One for all classes: building one schema builds the schemas nested in it.
_building = threading.RLock()


class _LazySchema:
    """Builds the marshmallow Schema class of whichever class it is read from, once."""

    def __get__(self, instance: object, owner: type["BaseSchema"]) -> type[marshmallow.Schema]:
        built = owner.__dict__.get("__kit_schema__")
        if built is None:
            with _building:
                built = owner.__dict__.get("__kit_schema__")
                if built is None:
                    built = _build(owner)
                    owner.__kit_schema__ = built
        return cast("type[marshmallow.Schema]", built)


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class BaseSchema:
    """A typed data class on real marshmallow: subclassing it is enough.

    Annotations are the fields, `ClassVar` is none. The constructor takes keywords only and trusts its caller;
    `load` trusts nobody. Other classes can be mixed in; only the annotations of BaseSchema classes become fields.
    """

    __kit_declared__: ClassVar[tuple[dict[str, FieldSpec], set[str]]] = ({}, set())
    __kit_fields__: ClassVar[dict[str, FieldSpec]] = {}
    __kit_schema__: ClassVar[type[marshmallow.Schema]]
    __kit_shared__: ClassVar[dict[tuple[Unknown, bool], marshmallow.Schema]] = {}

    Schema = _LazySchema()
    """The marshmallow Schema class, built when it is first read: for apispec, webargs and everything of that kind."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__kit_declared__ = declared_by(cls, reserved=_RESERVED)
        fields: dict[str, FieldSpec] = {}
        for base in reversed(cls.__mro__):
            declared, class_variables = base.__dict__.get("__kit_declared__", ({}, ()))
            fields.update(declared)
            for name in class_variables:
                fields.pop(name, None)
        cls.__kit_fields__ = fields
        cls.__kit_shared__ = {}

    def __init__(self, /, **values: Any) -> None:
        own = self.__dict__
        missing = []
        for name, spec in self.__kit_fields__.items():
            if name in values:
                own[name] = values.pop(name)
            elif spec.required:
                missing.append(name)
            else:
                own[name] = spec.default_value()
        if missing:
            raise TypeError(f"{type(self).__qualname__} lacks {', '.join(map(repr, missing))}")
        if values:
            raise TypeError(f"{type(self).__qualname__} has no {', '.join(map(repr, values))}")

    @overload
    @classmethod
    def load(
        cls,
        data: Any,
        *,
        unknown: Unknown = ...,
        partial: Partial = ...,
        many: Literal[False] = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def load(cls, data: Any, *, unknown: Unknown = ..., partial: Partial = ..., many: Literal[True]) -> list[Self]: ...
    @classmethod
    def load(
        cls, data: Any, *, unknown: Unknown = EXCLUDE, partial: Partial = False, many: bool = False
    ) -> Self | list[Self]:
        """Make an instance of a mapping, or with `many` a list of instances of a list.

        Raises marshmallow's ValidationError, whose `messages` name every wrong field at once; data that is no mapping
        (None too) is such an error under `_schema`. `unknown` is EXCLUDE, which drops fields that are not declared,
        or RAISE; it reaches nested schemas. With `partial` (True, or names) missing fields are no error: they stay
        unset, and `dump` leaves them out. Another BaseSchema instance is dumped first.
        """
        schema = cls._shared_schema(unknown=unknown)
        if isinstance(data, BaseSchema):
            data = data.dump()
        try:
            loaded: Self | list[Self] = schema.load(data, partial=partial, many=many)
        except RecursionError:
            raise ValidationError("Nested too deeply.") from None
        return loaded

    @overload
    @classmethod
    def loads(
        cls,
        text: str | bytes,
        *,
        unknown: Unknown = ...,
        partial: Partial = ...,
        many: Literal[False] = ...,
    ) -> Self: ...
    @overload
    @classmethod
    def loads(
        cls, text: str | bytes, *, unknown: Unknown = ..., partial: Partial = ..., many: Literal[True]
    ) -> list[Self]: ...
    @classmethod
    def loads(
        cls,
        text: str | bytes,
        *,
        unknown: Unknown = EXCLUDE,
        partial: Partial = False,
        many: bool = False,
    ) -> Self | list[Self]:
        """Do as `load` with JSON; text that is no JSON is a ValidationError as well."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise ValidationError("Not valid JSON.") from None
        return cls.load(data, unknown=unknown, partial=partial, many=cast("Literal[True]", many))

    def dump(self, *, skip_none: bool = False) -> dict[str, Any]:
        """Return the fields as plain values for JSON: UUID, Decimal and times as strings, load_only fields left out.

        `skip_none` leaves out fields that are None, in nested schemas too, but not inside of plain dicts.
        """
        dumped: dict[str, Any] = self._shared_schema(skip_none=skip_none).dump(self)
        return dumped

    def dumps(self, *, skip_none: bool = False) -> str:
        """Do as `dump`, as JSON text."""
        return json.dumps(self.dump(skip_none=skip_none))

    def replace(self, **changes: Any) -> Self:
        """Return a copy in which some fields have other values."""
        return type(self)(**{**self._values(), **changes})

    @classmethod
    def _shared_schema(cls, *, unknown: Unknown = EXCLUDE, skip_none: bool = False) -> marshmallow.Schema:
        """Return the one instance of `.Schema` with these options; making one costs as much as a load."""
        options: tuple[Unknown, bool] = (unknown, skip_none)
        shared = cls.__kit_shared__.get(options)
        if shared is None:
            schema = cast("type[InstanceSchema]", cls.Schema)
            shared = cls.__kit_shared__.setdefault(options, schema(unknown=unknown, skip_none=skip_none))
        return shared

    @classmethod
    def _from_fields(cls, values: Mapping[str, Any], *, partial: bool = False) -> Self:
        """Make an instance of values that were loaded and checked; with `partial`, of just these."""
        if not partial:
            return cls(**values)
        instance = cls.__new__(cls)
        instance.__dict__.update(values)
        return instance

    def _values(self) -> dict[str, Any]:
        own = self.__dict__
        return {name: own[name] for name in self.__kit_fields__ if name in own}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (
            f"{name}='***'" if self.__kit_fields__[name].load_only or _SECRET.search(name) else f"{name}={value!r}"
            for name, value in self._values().items()
        )
        return f"{type(self).__qualname__}({', '.join(shown)})"


_RESERVED = frozenset(name for name in vars(BaseSchema) if not name.startswith("__"))


def _build(owner: type[BaseSchema]) -> type[marshmallow.Schema]:
    # Here, since a class that is only constructed, never loaded or dumped, needs none of it.
    from kit_schemas.fields import build_fields

    bases = [base for base in reversed(owner.__mro__) if "__kit_fields__" in vars(base) and base is not BaseSchema]
    body: dict[str, Any] = {"__module__": owner.__module__, "__doc__": owner.__doc__, "__kit_owner__": owner}
    body.update(_hooks(owner))
    body.update(build_fields(owner.__qualname__, owner.__kit_fields__, resolved_hints(owner, bases)))
    return cast(
        "type[marshmallow.Schema]", type.__call__(SchemaMeta, f"{owner.__name__}Schema", (InstanceSchema,), body)
    )


def _hooks(owner: type[BaseSchema]) -> dict[str, Any]:
    """Return what marshmallow's decorators (`post_load`, `validates`, …) have marked in the class."""
    return {
        name: attribute
        for base in reversed(owner.__mro__)
        for name, attribute in vars(base).items()
        if hasattr(attribute, "__marshmallow_hook__")
    }
