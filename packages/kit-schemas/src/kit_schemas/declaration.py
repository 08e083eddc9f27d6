"""The declarations of a class body: field names, defaults and options. Types are looked at later, when first needed."""

import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from kit_schemas.errors import SchemaDefinitionError
from kit_schemas.mistakes import foreign_field, foreign_options, no_option

if TYPE_CHECKING:
    from datetime import tzinfo

    from kit_schemas.schema import Unknown

T = TypeVar("T")

_CLASS_VAR = re.compile(r"(?:\w+\.)?ClassVar\b")


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()

_OPTIONS = ("default", "default_factory", "data_key", "load_only", "dump_only", "validate", "metadata")


class ClassOptions(NamedTuple):
    """The options in a class's head, for itself and its subclasses."""

    strict: bool = False
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
    for name, hint in _own_annotations(cls, evaluated=False).items():
        if _is_class_variable(hint):
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


def schema_hints(cls: type) -> dict[str, Any]:
    """Return the evaluated annotations of a schema class and those of its bases that are schema classes, too.

    A name in a string is looked up in the module of the class that says it, then in that class.
    """
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        # BaseSchema itself declares nothing that is a field.
        if not base.__dict__.get("__kit_declared__", ((), ()))[0]:
            continue
        # Evaluated as typing.get_type_hints does for a class: what the module says comes before the class's own
        # attributes, or `date: date | None = None` would refer to the default.
        inner = {**vars(base), base.__name__: base}
        outer = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        try:
            annotations = {
                name: hint
                for name, hint in _own_annotations(base, evaluated=True).items()
                if not _is_class_variable(hint)
            }
            holder = SimpleNamespace(__annotations__=annotations)
            hints.update(typing.get_type_hints(holder, globalns=inner, localns=outer, include_extras=True))
        except (NameError, AttributeError, SyntaxError, TypeError) as error:
            raise SchemaDefinitionError(f"an annotation means nothing: {error}", owner=cls.__qualname__) from error
    return hints


def _refuse_the_unannotated(cls: type, annotated: set[str]) -> None:
    for name, value in vars(cls).items():
        # A class, or what is called _so, is a helper: it may be in an annotation below.
        helps = isinstance(value, type) or name.startswith("_")
        message = None if helps or name in annotated else foreign_field(value)
        if message is not None:
            message = f"a field needs an annotation, and {message}"
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
    message = foreign_field(spec.default)
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


def _own_annotations(cls: type, *, evaluated: bool) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        # Evaluated lazily there: names that are not known yet must do no harm at class creation.
        import annotationlib

        form = annotationlib.Format.VALUE if evaluated else annotationlib.Format.FORWARDREF
        return annotationlib.get_annotations(cls, format=form)
    return inspect.get_annotations(cls)


def _is_class_variable(hint: Any) -> bool:
    if isinstance(hint, str):
        return _CLASS_VAR.match(hint) is not None
    return hint is typing.ClassVar or typing.get_origin(hint) is typing.ClassVar
