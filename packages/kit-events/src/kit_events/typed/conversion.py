"""Values of JSON as an annotation wants them: what `kit_core.json` has written of such a value, the other way round."""

from collections import abc
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import UUID

from kit_core.json import dumps, loads

from kit_events.records.fields import kind_of

# Takes a value and returns the converted one; raises MismatchError.
Converter = Callable[[Any], Any]
# Makes the converter of a class that is none of those below, None if there is none.
ForClass = Callable[[Any], Converter | None]


class MismatchError(ValueError):
    """Say that a value is not as its annotation wants it, at a path inside of it."""

    def __init__(self, reason: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def below(self, name: object) -> "MismatchError":
        """Return the error as seen from the object or array that the value is a member of."""
        return MismatchError(self.reason, (str(name), *self.path))


def converter_of(annotation: Any, for_class: ForClass) -> Converter:
    """Return the converter to an annotation. Raise TypeError for one that there is no way to.

    Scalars of the payload contract, enums, Literal, unions, lists, tuples, sets, mappings, TypedDicts and, by
    `for_class`, other classes; `Any` and `object` take everything.
    """
    annotation = _plain(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in (Any, object):
        return lambda value: value
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if origin is Literal:
        return _literal(arguments)
    if origin in (Union, UnionType):
        return _union([converter_of(each, for_class) for each in arguments])
    kind = origin or annotation
    if not isinstance(kind, type):
        raise TypeError(f"there is no way from JSON to {annotation!r}")
    if issubclass(kind, Enum):
        return _enum(kind)
    if is_typeddict(kind):
        return _typed_dict(kind, for_class)
    if found := for_class(kind):
        return found
    return _collection(kind, arguments, for_class)


def _plain(annotation: Any) -> Any:
    """Return an annotation without Annotated, NewType and the names of aliases."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation


def _exactly(kind: type, name: str) -> Converter:
    def convert(value: Any) -> Any:
        if type(value) is not kind:
            raise MismatchError(f"has to be {name}, not {kind_of(value)}")
        return value

    return convert


def _of_text(parse: Callable[[str], Any], name: str) -> Converter:
    def convert(value: Any) -> Any:
        try:
            if isinstance(value, str):
                return parse(value)
        except (ValueError, InvalidOperation):
            pass
        raise MismatchError(f"is not {name}")

    return convert


def _float(value: Any) -> float:
    if type(value) not in (int, float):
        raise MismatchError(f"has to be a number, not {kind_of(value)}")
    try:
        return float(value)
    except OverflowError:
        raise MismatchError("is beyond the range of a float") from None


def _decimal(value: Any) -> Decimal:
    try:
        number = Decimal(str(value)) if type(value) in (str, int, float) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise MismatchError("is not a number")
    return number


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or "T24" in text or " 24" in text:  # an hour that Python knows from 3.14 on, and RFC 3339 not
        raise ValueError
    return at


def _time(text: str) -> time:
    if text.lstrip("T").startswith("24"):  # as above
        raise ValueError
    return time.fromisoformat(text)


def _date(text: str) -> date:
    day = date.fromisoformat(text)
    if text != day.isoformat():  # the forms of ISO 8601 that RFC 3339 leaves out
        raise ValueError
    return day


def _uuid(text: str) -> UUID:
    if len(text) != 36:
        raise ValueError
    return UUID(text)


_SCALARS: dict[Any, Converter] = {
    str: _exactly(str, "a string"),
    bool: _exactly(bool, "true or false"),
    int: _exactly(int, "an integer"),
    NoneType: _exactly(NoneType, "null"),
    float: _float,
    Decimal: _decimal,
    UUID: _of_text(_uuid, "a UUID"),
    datetime: _of_text(_moment, "a time with an offset from UTC (RFC 3339)"),
    date: _of_text(_date, "a date (RFC 3339)"),
    time: _of_text(_time, "a time of day (RFC 3339)"),
}
_SCALARS[None] = _SCALARS[NoneType]


def _literal(values: tuple[Any, ...]) -> Converter:
    by_json = {dumps(value): value for value in values}
    return _known(by_json)


def _enum(kind: type[Enum]) -> Converter:
    return _known({dumps(member.value): member for member in kind})


def _known(by_json: Mapping[str, Any]) -> Converter:
    def convert(value: Any) -> Any:
        text = dumps(value)
        if text not in by_json:
            raise MismatchError(f"has to be one of {', '.join(by_json)}")
        return by_json[text]

    return convert


def _union(converters: list[Converter]) -> Converter:
    def convert(value: Any) -> Any:
        errors = []
        for each in converters:
            try:
                return each(value)
            except MismatchError as error:
                errors.append(error)
        raise next((error for error in errors if error.path), errors[0])

    return convert


def _collection(kind: type, arguments: tuple[Any, ...], for_class: ForClass) -> Converter:
    if kind in _MAPPINGS:
        key, member = (converter_of(each, for_class) for each in arguments or (Any, Any))
        return _mapping(key, member)
    if kind not in _ARRAYS:
        raise TypeError(f"there is no way from JSON to {kind.__qualname__}")
    if kind is tuple and arguments and arguments[-1] is not ...:
        return _tuple([converter_of(each, for_class) for each in arguments])
    return _array(converter_of(arguments[0] if arguments else Any, for_class), _ARRAYS[kind])


_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
_ARRAYS: dict[Any, Callable[[list[Any]], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Collection: list,
    abc.Iterable: list,
    abc.MutableSequence: list,
    abc.MutableSet: set,
    abc.Sequence: list,
    abc.Set: frozenset,
}


def _array(item: Converter, make: Callable[[list[Any]], Any]) -> Converter:
    def convert(value: Any) -> Any:
        if not isinstance(value, list):
            raise MismatchError(f"has to be a JSON array, not {kind_of(value)}")
        return make([_inside(item, each, place) for place, each in enumerate(value)])

    return convert


def _tuple(items: list[Converter]) -> Converter:
    def convert(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(items):
            raise MismatchError(f"has to be a JSON array of {len(items)}")
        return tuple(_inside(item, each, place) for place, (item, each) in enumerate(zip(items, value, strict=True)))

    return convert


def _mapping(key: Converter, member: Converter) -> Converter:
    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            raise MismatchError(f"has to be a JSON object, not {kind_of(value)}")
        return {_inside(_as_key(key), name, name): _inside(member, each, name) for name, each in value.items()}

    return convert


def _as_key(convert: Converter) -> Converter:
    """Let the text of a key be a number, too, which JSON has no keys of."""

    def key(name: str) -> Any:
        try:
            return convert(name)
        except MismatchError:
            try:
                return convert(loads(name))
            except ValueError:
                pass
            raise

    return key


def _typed_dict(kind: Any, for_class: ForClass) -> Converter:
    hints = get_type_hints(kind)
    members = {name: converter_of(hint, for_class) for name, hint in hints.items()}

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            raise MismatchError(f"has to be a JSON object, not {kind_of(value)}")
        for name in kind.__required_keys__:
            if name not in value:
                raise MismatchError("is missing", (name,))
        return {name: _inside(members[name], each, name) for name, each in value.items() if name in members}

    return convert


def _inside(convert: Converter, value: Any, name: object) -> Any:
    try:
        return convert(value)
    except MismatchError as error:
        raise error.below(name) from None
