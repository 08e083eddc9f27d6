"""Values by annotation: of text, as paths, queries and header fields have it, and of JSON.

A loader is a function of one value that returns a value of the annotated type, or raises `Wrong`. Loaders are built
once for each annotation. JSON is taken at its word: "1" is no int and 1 no bool; only types without a form in JSON
(UUID, datetime, date, time, Decimal) are read from a string.
"""

import typing
from enum import Enum
from types import NoneType, UnionType

from kit_handler.http.matching import CONVERTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, time
    from decimal import Decimal
    from typing import Any, TypeAlias

    Loader: TypeAlias = Callable[[Any], Any]


class Wrong(Exception):  # noqa: N818  (never leaves the package)
    """Hold the errors of a value: pairs of a path (`a.0.b`, "" for the value itself) and a message."""

    def __init__(self, *found: tuple[str, str]) -> None:
        super().__init__(found)
        self.found = found

    def under(self, key: object) -> "Iterable[tuple[str, str]]":
        """Return the pairs with `key` before their paths."""
        return [(f"{key}.{path}" if path else str(key), message) for path, message in self.found]


def optional(annotation: "Any") -> "tuple[Any, bool]":
    """Return an annotation without `| None`, and whether it had that."""
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        kinds = typing.get_args(annotation)
        others = [kind for kind in kinds if kind is not NoneType]
        if len(others) == 1 and len(kinds) == 2:
            return others[0], True
    return annotation, False


def bare(annotation: "Any") -> "Any":
    """Return an annotation without Annotated, Required and NotRequired around it."""
    while typing.get_origin(annotation) in (typing.Annotated, typing.Required, typing.NotRequired):
        annotation = typing.get_args(annotation)[0]
    return annotation


def is_decimal(annotation: "Any") -> bool:
    """Tell whether the annotation is Decimal, which need not be loaded for that."""
    return isinstance(annotation, type) and _known(annotation) is _OF_TEXT["decimal.Decimal"]


def text_loader(annotation: "Any") -> "Loader | None":
    """Return the loader of one text, None if the annotation is nothing that a text can be."""
    annotation = bare(annotation)
    if annotation is str or annotation is typing.Any:
        return _same
    if typing.get_origin(annotation) is typing.Literal:
        return _choice({str(value): value for value in typing.get_args(annotation)})
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice({str(member.value): member for member in annotation})
    known = _known(annotation) if isinstance(annotation, type) else None
    return _guarded(*known) if known else None


def scalar_loader(annotation: "Any") -> "Loader | None":
    """Return the loader of a JSON value that is neither an object nor a list, None for other annotations."""
    if annotation in (typing.Any, object):
        return _same
    if annotation in (None, NoneType):
        return _exactly(NoneType, "must be null")
    if typing.get_origin(annotation) is typing.Literal:
        return _choice({(type(value), value): value for value in typing.get_args(annotation)}, typed=True)
    if not isinstance(annotation, type):
        return None
    if issubclass(annotation, Enum):
        return _choice({(type(member.value), member.value): member for member in annotation}, typed=True)
    if annotation in _OF_JSON:
        return _exactly(annotation, _OF_JSON[annotation])
    if annotation is float:
        return _float
    if is_decimal(annotation):
        return _decimal_of_json
    known = _known(annotation)
    if known is None:
        return None
    load = _guarded(*known)

    def load_string(value: "Any") -> "Any":
        if not isinstance(value, str):
            raise Wrong(("", known[1]))
        return load(value)

    return load_string


def foreign_loader(kind: "Any") -> "Loader":
    """Return the loader of a class with `.load()`, whose validation errors look like marshmallow's."""

    def load(value: "Any") -> "Any":
        try:
            return kind.load(value)
        except Exception as error:
            from kit_handler.binding.validation import flat, is_validation_error

            if is_validation_error(error):
                raise Wrong(*flat(error)) from error
            raise

    return load


def _same(value: "Any") -> "Any":
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


def _datetime(text: str) -> "datetime":
    from datetime import datetime

    if len(text) <= 10:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _time(text: str) -> "time":
    from datetime import time

    return time.fromisoformat(text)


def _known(kind: type) -> "tuple[Loader, str] | None":
    """Return the reader of a text as `kind`, told by name: an annotation has loaded the module, others need not."""
    name = kind.__qualname__
    return _OF_TEXT.get(name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}")


_A_NUMBER = "must be a number"
_LARGEST_EXPONENT = 6144  # decimal128's; 1e999999999 is short, and its digits would fill the memory
_OF_JSON: "dict[type, str]" = {
    str: "must be a string",
    int: "must be an integer",
    bool: "must be true or false",
}
_OF_TEXT: "dict[str, tuple[Loader, str]]" = {
    "int": (CONVERTERS["int"], "must be an integer"),
    "float": (lambda text: _number(text, float), _A_NUMBER),
    "bool": (_bool, "must be true or false"),
    "decimal.Decimal": (_number, _A_NUMBER),
    "uuid.UUID": (CONVERTERS["uuid"], "must be a UUID"),
    "datetime.datetime": (_datetime, "must be a date and time such as 2030-01-31T12:00:00Z"),
    "datetime.date": (CONVERTERS["date"], "must be a date such as 2030-01-31"),
    "datetime.time": (_time, "must be a time such as 12:00:00"),
}
