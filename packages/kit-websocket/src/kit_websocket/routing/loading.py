"""Bodies and their fields by annotation.

Known are JSON's own types, lists, tuples, sets, mappings, unions, `Literal`, enums, dataclasses, TypedDicts, UUID,
datetime, date, time and Decimal (from text), classes with `.load()` whose errors carry `messages`, as kit-schemas' do,
and pydantic models. Any other annotation takes every value.
"""

import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, TypeAlias

from kit_websocket.errors import InvalidMessageError

Loader: TypeAlias = Callable[[Any], Any]

_AN_OBJECT, _A_LIST, _REQUIRED = "must be an object", "must be a list", "is required"
_MOST_ERRORS = 100
_MISSING: Any = object()


class WrongError(Exception):
    """Carry the wrong fields of a value, as pairs of a path and a text."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__()
        self.errors = errors


def load(loader: Loader, value: Any, field: str = "") -> Any:
    """Return the loaded value. Raise InvalidMessageError with the fields that are wrong."""
    try:
        return loader(value)
    except WrongError as error:
        raise invalid(error.errors, field) from None


def invalid(errors: Iterable[tuple[str, str]], field: str = "") -> InvalidMessageError:
    """Return the error of wrong fields below `field`."""
    entries = [
        {"field": _joined(field, path), "message": text} if _joined(field, path) else {"message": text}
        for path, text in errors
    ]
    return InvalidMessageError(errors=entries[:_MOST_ERRORS])


def loader_of(annotation: Any, around: Sequence[str] = ()) -> Loader | None:
    """Return the loader of an annotation, None where every value is taken as it is.

    around: members of the message that belong to its route (`action`, `id`) and not to a class that forbids others
    """
    origin = typing.get_origin(annotation)
    while origin is typing.Annotated or hasattr(annotation, "__supertype__"):
        annotation = (
            annotation.__supertype__ if hasattr(annotation, "__supertype__") else typing.get_args(annotation)[0]
        )
        origin = typing.get_origin(annotation)
    if origin in (typing.Union, UnionType):
        return _union(typing.get_args(annotation), around)
    if origin is typing.Literal:
        return _literal(typing.get_args(annotation))
    if origin is not None:
        return _generic(origin, typing.get_args(annotation))
    if annotation is None:
        annotation = NoneType
    return _class(annotation, around) if isinstance(annotation, type) else None


def _class(kind: Any, around: Sequence[str]) -> Loader | None:
    scalar = _SCALARS.get(kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}")
    if scalar is not None:
        return scalar
    if callable(getattr(kind, "load", None)):
        return _foreign(kind, kind.load, around)
    if callable(getattr(kind, "model_validate", None)):
        return _foreign(kind, kind.model_validate, around)
    if hasattr(kind, "__required_keys__"):
        return _fields(kind, dict, lambda name: name in kind.__required_keys__)
    if hasattr(kind, "__dataclass_fields__"):
        import dataclasses

        fields = {each.name: each for each in dataclasses.fields(kind) if each.init}
        missing = dataclasses.MISSING
        required = {name for name, each in fields.items() if each.default is each.default_factory is missing}
        return _fields(kind, kind, lambda name: name in required, only=fields)
    if kind in (list, tuple, set, frozenset):
        return _generic(kind, ())
    if kind is dict or (isinstance(kind, type) and issubclass(kind, Mapping)):
        return _generic(dict, ())
    import enum

    return _enum(kind) if issubclass(kind, enum.Enum) else None


def _fields(kind: Any, make: Callable[..., Any], is_required: Callable[[str], bool], only: Any = None) -> Loader:
    loaders: dict[str, Loader | None] = {}

    def load_fields(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise WrongError(("", _AN_OBJECT))
        if not loaders:
            hints = typing.get_type_hints(kind, include_extras=True)
            loaders.update(
                {name: loader_of(_plain(hint)) for name, hint in hints.items() if only is None or name in only}
            )
        given: dict[str, Any] = {}
        errors: list[tuple[str, str]] = []
        for name, loader in loaders.items():
            member = value.get(name, _MISSING)
            if member is _MISSING:
                if is_required(name):
                    errors.append((name, _REQUIRED))
                continue
            _collect(given, errors, name, loader, member)
        if errors:
            raise WrongError(*errors)
        try:
            return make(**given)
        except (TypeError, ValueError) as error:  # of a __post_init__, whose text is for the log alone
            raise WrongError(("", "is not valid")) from error

    return load_fields


def _plain(hint: Any) -> Any:
    """Take `Required`, `NotRequired` and `ReadOnly` off."""
    while getattr(typing.get_origin(hint), "_name", None) in ("Required", "NotRequired", "ReadOnly"):
        hint = typing.get_args(hint)[0]
    return hint


def _generic(origin: Any, arguments: tuple[Any, ...]) -> Loader | None:
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(loader_of(arguments[1]) if len(arguments) == 2 else None)
    if origin in (list, set, frozenset) or (isinstance(origin, type) and origin.__module__ == "collections.abc"):
        make = origin if origin in (set, frozenset) else list
        return _items(loader_of(arguments[0]) if arguments else None, make)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is ...:
            return _items(loader_of(arguments[0]), tuple)
        return _items(None, tuple) if not arguments else _tuple([loader_of(each) for each in arguments])
    return _class(origin, ()) if isinstance(origin, type) else None


def _items(loader: Loader | None, make: Callable[[list[Any]], Any]) -> Loader:
    def load_items(value: Any) -> Any:
        if not isinstance(value, list):
            raise WrongError(("", _A_LIST))
        found: dict[Any, Any] = {}
        errors: list[tuple[str, str]] = []
        for place, member in enumerate(value):
            _collect(found, errors, place, loader, member)
        if errors:
            raise WrongError(*errors)
        try:
            return make(list(found.values()))
        except TypeError:  # a list in a set
            raise WrongError(("", "must be a list of texts or numbers")) from None

    return load_items


def _tuple(loaders: list[Loader | None]) -> Loader:
    def load_tuple(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(loaders):
            raise WrongError(("", f"must be a list of {len(loaders)} items"))
        found: dict[Any, Any] = {}
        errors: list[tuple[str, str]] = []
        for place, (loader, member) in enumerate(zip(loaders, value, strict=True)):
            _collect(found, errors, place, loader, member)
        if errors:
            raise WrongError(*errors)
        return tuple(found.values())

    return load_tuple


def _mapping(loader: Loader | None) -> Loader:
    def load_mapping(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise WrongError(("", _AN_OBJECT))
        if loader is None:
            return value
        found: dict[Any, Any] = {}
        errors: list[tuple[str, str]] = []
        for name, member in value.items():
            _collect(found, errors, name, loader, member)
        if errors:
            raise WrongError(*errors)
        return found

    return load_mapping


def _union(members: tuple[Any, ...], around: Sequence[str]) -> Loader | None:
    loaders = [loader_of(each, around) for each in members]
    if None in loaders:
        return None

    def load_union(value: Any) -> Any:
        failed: list[WrongError] = []
        for loader in loaders:
            assert loader is not None
            try:
                return loader(value)
            except WrongError as error:
                failed.append(error)
        # The member that came furthest says most.
        raise max(failed, key=lambda error: max(path.count(".") + bool(path) for path, _ in error.errors))

    return load_union


def _literal(values: tuple[Any, ...]) -> Loader:
    def load_literal(value: Any) -> Any:
        for each in values:
            if type(each) is type(value) and each == value:
                return each
        raise WrongError(("", f"must be one of {', '.join(map(repr, values))}"))

    return load_literal


def _enum(kind: Any) -> Loader:
    def load_enum(value: Any) -> Any:
        for each in kind:
            if type(each.value) is type(value) and each.value == value:
                return each
        raise WrongError(("", f"must be one of {', '.join(repr(each.value) for each in kind)}"))

    return load_enum


def _foreign(kind: type, load_foreign: Loader, around: Sequence[str]) -> Loader:
    own: set[str] = set()
    for each in kind.__mro__:
        own.update(vars(each).get("__annotations__", ()))
    dropped = [name for name in around if name not in own]

    def load_class(value: Any) -> Any:
        if isinstance(value, dict) and dropped:
            value = {name: member for name, member in value.items() if name not in dropped}
        try:
            return load_foreign(value)
        except Exception as error:
            errors = list(_messages(error))
            if not errors:
                raise
            raise WrongError(*errors) from error

    return load_class


def _messages(error: Any) -> "Iterable[tuple[str, str]]":
    """Yield the wrong fields of a validation error, which is known by its shape."""
    listed = getattr(error, "errors", None)
    if callable(listed) and type(error).__module__.startswith("pydantic"):
        for each in listed():
            yield ".".join(map(str, each["loc"])), each["msg"]
        return
    yield from _flat(getattr(error, "messages", None), "")


def _flat(messages: Any, path: str) -> "Iterable[tuple[str, str]]":
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(inner, path if name == "_schema" else _joined(path, str(name)[:100]))
    elif isinstance(messages, list | tuple):
        yield from _flat(messages[0], path) if messages else ()
    elif isinstance(messages, str):
        yield path, messages


def _collect(found: Any, errors: list[tuple[str, str]], name: Any, loader: Loader | None, member: Any) -> None:
    try:
        found[name] = member if loader is None else loader(member)
    except WrongError as error:
        errors += [(_joined(str(name), path), text) for path, text in error.errors]


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _of_type(kinds: type | tuple[type, ...], text: str) -> Loader:
    def load_scalar(value: Any) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise WrongError(("", text))
        return value

    return load_scalar


def _from_text(read: Callable[[str], Any], text: str) -> Loader:
    def load_text(value: Any) -> Any:
        if not isinstance(value, str):
            raise WrongError(("", text))
        try:
            return read(value)
        except (ValueError, ArithmeticError):
            raise WrongError(("", text)) from None

    return load_text


def _datetime(text: str) -> Any:
    from datetime import UTC, datetime

    read = datetime.fromisoformat(text)
    return read if read.utcoffset() is not None else read.replace(tzinfo=UTC)


def _date(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def _time(text: str) -> Any:
    from datetime import time

    return time.fromisoformat(text)


def _uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


def _decimal(value: Any) -> Any:
    from decimal import Decimal, InvalidOperation

    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise WrongError(("", "must be a number"))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise WrongError(("", "must be a number")) from None
    if not number.is_finite():
        raise WrongError(("", "must be a number"))
    return number


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongError(("", "must be a number"))
    try:
        return float(value)
    except OverflowError:
        raise WrongError(("", "must be a number")) from None


def _null(value: Any) -> None:
    if value is not None:
        raise WrongError(("", "must be null"))


_SCALARS: dict[str, Loader] = {
    "str": _of_type(str, "must be a string"),
    "int": _of_type(int, "must be an integer"),
    "bool": _of_type(bool, "must be true or false"),
    "float": _float,
    "NoneType": _null,
    "decimal.Decimal": _decimal,
    "uuid.UUID": _from_text(_uuid, "must be a UUID"),
    "datetime.datetime": _from_text(_datetime, "must be a date and time such as 2030-01-31T12:00:00Z"),
    "datetime.date": _from_text(_date, "must be a date such as 2030-01-31"),
    "datetime.time": _from_text(_time, "must be a time such as 12:00:00"),
}
