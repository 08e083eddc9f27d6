"""The declarations of a class body: field names, defaults and options. Types are looked at later, when first needed."""

import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, overload

from kit_schemas.errors import SchemaDefinitionError
from kit_schemas.mistakes import (
    foreign_check,
    foreign_default,
    foreign_field,
    foreign_member,
    foreign_metadata,
    foreign_options,
    no_option,
)

if TYPE_CHECKING:
    from datetime import tzinfo

EXCLUDE: Literal["exclude"] = "exclude"
RAISE: Literal["raise"] = "raise"
Partial = bool | Sequence[str] | AbstractSet[str]
Unknown = Literal["exclude", "include", "raise"]

T = TypeVar("T")

_CLASS_VAR = re.compile(r"(?:(?:\w+\.)*Annotated\[\s*)?(?:\w+\.)*ClassVar\b")


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()

_OPTIONS = ("default", "default_factory", "data_key", "load_only", "dump_only", "validate", "metadata")


class ClassOptions(NamedTuple):
    """The options in a class's head, for itself and its subclasses."""

    strict: bool | None = None
    default_timezone: "tzinfo | None" = None
    split: bool = False
    unknown: "Unknown | None" = None


class FieldSpec:
    """The options of one field; `wrapped` if the field itself is that of an existing marshmallow schema."""

    __slots__ = (
        "data_key",
        "default",
        "default_factory",
        "dump_only",
        "load_only",
        "metadata",
        "validators",
        "wrapped",
    )

    def __init__(
        self,
        *,
        default: Any = MISSING,
        default_factory: Callable[[], Any] | None = None,
        data_key: str | None = None,
        load_only: bool = False,
        dump_only: bool = False,
        validate: Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        if default is not MISSING and default_factory is not None:
            raise TypeError("give default or default_factory, not both")
        self.default = default
        self.default_factory = default_factory
        self.data_key = data_key
        self.load_only = load_only
        self.dump_only = dump_only
        self.validators = [] if validate is None else [validate] if callable(validate) else list(validate)
        self.metadata = dict(metadata or {})
        self.wrapped = False

    @property
    def required(self) -> bool:
        """Tell whether a value has to be given."""
        return self.default is MISSING and self.default_factory is None

    def default_value(self) -> Any:
        """Return the value of a field that was not given; only for one that is not required."""
        return self.default if self.default_factory is None else self.default_factory()


@overload
def field(
    *,
    default: T,
    data_key: str | None = None,
    load_only: bool = False,
    dump_only: bool = False,
    validate: Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> T: ...
@overload
def field(
    *,
    # Any: type checkers do not take the type of the items from the annotation, and strict ones would say so.
    default_factory: "type[list[Any]] | type[dict[Any, Any]] | type[set[Any]] | type[frozenset[Any]]",
    data_key: str | None = None,
    load_only: bool = False,
    dump_only: bool = False,
    validate: Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any: ...
@overload
def field(
    *,
    default_factory: Callable[[], T],
    data_key: str | None = None,
    load_only: bool = False,
    dump_only: bool = False,
    validate: Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> T: ...
@overload
def field(
    *,
    data_key: str | None = None,
    load_only: bool = False,
    dump_only: bool = False,
    validate: Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any: ...
def field(**options: Any) -> Any:
    """Give a field options: `name: str = field(data_key="Name")`.

    `default` or `default_factory` (called for every instance) make it optional; `data_key` is its name in the data;
    `load_only` fields are never dumped, `dump_only` fields never loaded (and need a default); `validate` is one or
    more validators, run after those in `Annotated`; `metadata` is kept on the marshmallow field.
    """
    surplus = [name for name in options if name not in _OPTIONS]
    if surplus:
        raise TypeError(no_option(surplus, _OPTIONS))
    return FieldSpec(**options)


def declared_by(cls: type, *, reserved: frozenset[str]) -> tuple[dict[str, FieldSpec], set[str]]:
    """Return the fields that the body of `cls` declares, and the names that it says are class variables.

    The class attribute of a field with options is replaced by its default, or removed.
    """
    specs: dict[str, FieldSpec] = {}
    class_variables: set[str] = set()
    for name, hint in own_annotations(cls).items():
        if is_class_variable(hint):
            class_variables.add(name)
            continue
        if name in reserved or (name.startswith("__") and name.endswith("__")):
            whose = "BaseSchema" if name in reserved else "Python"
            raise SchemaDefinitionError(f"the name belongs to {whose}", owner=cls.__qualname__, field=name)
        if not name.isidentifier():
            raise SchemaDefinitionError("it is no name; data_key= may be any text", owner=cls.__qualname__, field=name)
        specs[name] = _spec(cls, name)
    _refuse_the_unannotated(cls, {*specs, *class_variables})
    return specs, class_variables


def _refuse_the_unannotated(cls: type, annotated: set[str]) -> None:
    for name, value in vars(cls).items():
        # A class, or what is called _so, is a helper: it may be in an annotation below.
        helps = isinstance(value, type) or name.startswith("_")
        message = None if helps or name in annotated else foreign_field(value)
        if message is not None:
            message = f"a field needs an annotation, and {message}"
        message = foreign_member(value) or message
        if isinstance(value, FieldSpec):
            message = "field() needs an annotation beside it"
        if message is not None:
            raise SchemaDefinitionError(message, owner=cls.__qualname__, field=name)
    message = foreign_options(vars(cls), annotated)
    if message is not None:
        raise SchemaDefinitionError(message, owner=cls.__qualname__)


def _spec(cls: type, name: str) -> FieldSpec:
    given = cls.__dict__.get(name, MISSING)
    spec = given if isinstance(given, FieldSpec) else FieldSpec(default=given)
    message = None if spec.default is MISSING else foreign_default(spec.default)
    if spec is given:
        message = message or foreign_metadata(spec.metadata, required=spec.required) or _no_check(spec.validators)
    if message is not None:
        raise SchemaDefinitionError(message, owner=cls.__qualname__, field=name)
    # As in dataclasses: what has no hash can change.
    if getattr(type(spec.default), "__hash__", None) is None:
        raise SchemaDefinitionError(
            f"a {type(spec.default).__name__} as default would be shared: use field(default_factory=…)",
            owner=cls.__qualname__,
            field=name,
        )
    if spec.dump_only and spec.required:
        raise SchemaDefinitionError(
            "a dump_only field is never loaded and needs a default", owner=cls.__qualname__, field=name
        )
    if given is spec:
        if spec.default is MISSING:
            delattr(cls, name)
        else:
            setattr(cls, name, spec.default)
    return spec


def _no_check(validators: Iterable[Any]) -> str | None:
    for check in validators:
        message = foreign_check(check)
        if message is None and (isinstance(check, type) or not callable(check)):
            message = f"{check!r} does not check anything: validate= is a function, or several"
        if message is not None:
            return message
    return None


def own_annotations(cls: type) -> dict[str, Any]:
    """Return the annotations of a class's own body, with texts or ForwardRefs for names that are not known."""
    if sys.version_info >= (3, 14):
        # Evaluated lazily there: names that are not known yet must do no harm at class creation, and a name that is
        # imported for type checkers only must do none in a ClassVar.
        import annotationlib

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(cls)


def is_class_variable(hint: Any) -> bool:
    """Tell whether an annotation says ClassVar, as a text too."""
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        return _CLASS_VAR.match(hint) is not None
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        hint, origin = hint.__origin__, typing.get_origin(hint.__origin__)
    return typing.ClassVar in (hint, origin)
