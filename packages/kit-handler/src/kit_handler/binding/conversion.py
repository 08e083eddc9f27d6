"""Values by annotation: of text, as paths, queries and header fields have it, and of JSON.

A loader is a function of one value that returns a value of the annotated type, or raises `Wrong`. Loaders are built
once for each annotation. JSON is taken at its word: "1" is no int and 1 no bool; only types without a form in JSON
(UUID, datetime, date, time, Decimal) are read from a string.
"""

import typing
from enum import Enum
from types import NoneType

from kit_core.loading import load_early

from kit_handler.binding.annotations import Wrong, parts_of
from kit_handler.http.matching import CONVERTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal
    from typing import Any, TypeAlias

    from kit_handler.binding.annotations import Parts

    Loader: TypeAlias = Callable[[Any], Any]


def is_decimal(kind: "Any") -> bool:
    """Tell whether the kind is Decimal, which need not be loaded for that."""
    return isinstance(kind, type) and _name(kind) == "decimal.Decimal"


def text_loader(annotation: "Any") -> "Loader | None":
    """Return the loader of one text, None if the annotation is nothing that a text can be."""
    parts = parts_of(annotation)
    load = None if parts.may_be_none else _of_text(parts.kind, parts.metadata)
    return load and with_checks(load, parts)


def with_checks(load: "Loader", parts: "Parts") -> "Loader":
    """Return the loader with the checks behind it that the metadata asks for; NotUnderstoodError as `checks_of`."""
    if not parts.metadata:
        return load
    from kit_handler.checks.checks import checked

    return checked(load, parts.kind, parts.metadata)


def scalar_loader(kind: "Any", metadata: "Iterable[Any]" = ()) -> "Loader | None":
    """Return the loader of a JSON value that is neither an object nor a list, None for other kinds."""
    if kind in (typing.Any, object):
        return _same
    if kind in (None, NoneType):
        return _exactly(NoneType, "must be null")
    if kind is str:
        return _string
    choices = _choices(kind)
    if choices is not None:
        return _choice({(type(value), value): chosen for value, chosen in choices}, typed=True)
    if not isinstance(kind, type):
        return None
    if kind in _OF_JSON:
        return _exactly(kind, _OF_JSON[kind])
    if kind is float:
        return _float
    if is_decimal(kind):
        return _decimal_of_json
    known = _known(kind, metadata)
    if known is None:
        return None
    load = _guarded(*known)

    def load_string(value: "Any") -> "Any":
        if not isinstance(value, str):
            raise Wrong(("", known[1]))
        return load(value)

    return load_string


def foreign_loader(kind: "Any") -> "Loader":
    """Return the loader of a class with `.load()`, whose validation errors carry `messages`.

    In Lambda's init phase the class compiles what it can: its `__kit_preload__`, if it has one, is called.
    """
    prepare = getattr(kind, "__kit_preload__", None)
    if prepare is not None:
        load_early(prepare)

    def load(value: "Any") -> "Any":
        try:
            return kind.load(value)
        except Exception as error:
            from kit_handler.binding.validation import flat, is_validation_error

            if is_validation_error(error):
                raise Wrong(*flat(error)) from error
            raise

    return load


def list_loader(load: "Loader") -> "Loader":
    """Return the loader of a list by that of its items."""

    def load_list(value: "Any") -> "list[Any]":
        if not isinstance(value, list):
            raise Wrong(("", "must be a list"))
        return list(load_each(load, enumerate(value)).values())

    return load_list


def load_each(load: "Loader", items: "Iterable[tuple[Any, Any]]") -> "dict[Any, Any]":
    """Return the loaded values by key; `Wrong` names the wrong ones, up to a hundred."""
    loaded: dict[Any, Any] = {}
    found: list[tuple[str, str]] = []
    for key, value in items:
        try:
            loaded[key] = load(value)
        except Wrong as wrong:
            found += wrong.under(key)
            if len(found) >= _MOST_NAMED:
                break
    if found:
        raise Wrong(*found)
    return loaded


def _of_text(kind: "Any", metadata: "Iterable[Any]") -> "Loader | None":
    if kind is str or kind is typing.Any:
        return _string
    choices = _choices(kind)
    if choices is not None:
        return _choice({str(value): chosen for value, chosen in choices})
    known = _known(kind, metadata) if isinstance(kind, type) else None
    return _guarded(*known) if known else None


def _choices(kind: "Any") -> "list[tuple[Any, Any]] | None":
    """Return the values of a Literal or Enum as JSON has them, each with what it is in Python; None for other kinds."""
    if typing.get_origin(kind) is typing.Literal:
        return [(each.value if isinstance(each, Enum) else each, each) for each in typing.get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [(member.value, member) for member in kind]
    return None


def _same(value: "Any") -> "Any":
    return value


def _string(value: "Any") -> str:
    if type(value) is str and value.isascii() and "\0" not in value:
        return value
    if not isinstance(value, str):
        raise Wrong(("", "must be a string"))
    from kit_handler.binding.texts import fault_of

    fault = fault_of(value)
    if fault:
        raise Wrong(("", fault))
    return value


def _guarded(convert: "Loader", message: str) -> "Loader":
    def load(value: "Any") -> "Any":
        try:
            return convert(value)
        except (ValueError, ArithmeticError, KeyError):
            raise Wrong(("", message)) from None

    return load


def _exactly(kind: type, message: str) -> "Loader":
    def load(value: "Any") -> "Any":
        if type(value) is not kind:
            raise Wrong(("", message))
        return value

    return load


def _choice(members: "dict[Any, Any]", *, typed: bool = False) -> "Loader":
    # 1 and True are one key to a dictionary, hence the types.
    message = f"must be one of {', '.join(repr(key[1] if typed else key) for key in members)}"

    def load(value: "Any") -> "Any":
        try:
            return members[(float if isinstance(value, float) else type(value), value) if typed else value]
        except (KeyError, TypeError):
            raise Wrong(("", message)) from None

    return load


def _bool(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def _number(text: str, kind: "Any" = None) -> "Any":
    """Return a Decimal, or another `kind` of number."""
    if not text.isascii() or "_" in text or text != text.strip():
        raise ValueError(text)
    from decimal import Decimal

    value = (kind or Decimal)(text)
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(text)
    return value


def _float(value: "Any") -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Wrong(("", _A_NUMBER))
    try:
        return float(value)
    except OverflowError:
        raise Wrong(("", _A_NUMBER)) from None


def _decimal_of_json(value: "Any") -> "Decimal":
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Wrong(("", _A_NUMBER))
    try:
        return typing.cast("Decimal", _number(str(value)))
    except (ValueError, ArithmeticError):
        raise Wrong(("", _A_NUMBER)) from None


def _known(kind: type, metadata: "Iterable[Any]") -> "tuple[Loader, str] | None":
    """Return the reader of a text as `kind`, told by name: an annotation has loaded the module, others need not."""
    name = _name(kind)
    if name in ("datetime.datetime", "datetime.time"):
        from kit_handler.binding.dates import reader

        return reader(kind, metadata)
    return _OF_TEXT.get(name)


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


_A_NUMBER = "must be a number"
_MOST_NAMED = 100  # wrong elements of a list: a long one of nothing else would become a far longer answer
_LARGEST_EXPONENT = 6144  # decimal128's; 1e999999999 is short, and its digits would fill the memory
_OF_JSON: "dict[type, str]" = {int: "must be an integer", bool: "must be true or false"}
_OF_TEXT: "dict[str, tuple[Loader, str]]" = {
    "int": (CONVERTERS["int"], "must be an integer"),
    "float": (lambda text: _number(text, float), _A_NUMBER),
    "bool": (_bool, "must be true or false"),
    "decimal.Decimal": (_number, _A_NUMBER),
    "uuid.UUID": (CONVERTERS["uuid"], "must be a UUID"),
    "datetime.date": (CONVERTERS["date"], "must be a date such as 2030-01-31"),
}
