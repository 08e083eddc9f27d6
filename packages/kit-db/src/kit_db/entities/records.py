"""Values that the driver leaves as text, as annotated: arrays of the database's own types, and composite types."""

from __future__ import annotations

import enum
import typing
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from kit_db.driver.documents import parse_exact_json, parse_json
from kit_db.driver.reading import JSON, JSON_ARRAYS, PARSERS
from kit_db.entities.conversions import (
    CONCRETE,
    Convert,
    annotated,
    converter,
    finite_float,
    has_fields,
    holds_decimal,
    json_str,
    unwrapped,
)
from kit_db.entities.texts import parse_array, parse_record, record_text
from kit_db.entities.types import Attributes, UserTypes
from kit_db.entities.values import COLLECTIONS, array_element, json_text, text
from kit_db.errors import StoreDefinitionError

_SCALARS: dict[Any, Callable[[str], Any]] = {
    bool: lambda text: text in ("t", "true"),
    int: int,
    float: lambda text: finite_float(Decimal(text)),
    Decimal: Decimal,
    UUID: UUID,
    bytes: lambda text: bytes.fromhex(text.removeprefix("\\x")),
    datetime: PARSERS[1184],
    date: PARSERS[1082],
    time: PARSERS[1083],
    timedelta: PARSERS[1186],
}
# Of json[] and jsonb[], whose numbers are the same in every database.
_ELEMENTS = dict(zip(JSON_ARRAYS, JSON, strict=True))


def reader(hint: Any, code: int, types: UserTypes) -> Callable[[str], Any]:
    """Return the function from the text of a value to the annotated type; `code` is the type's number, or 0."""
    origin, items = unwrapped(hint)
    origin = CONCRETE.get(origin, origin)
    if code in JSON:
        parse = parse_exact_json if holds_decimal(hint) else parse_json
        convert = json_str if origin is str else converter(hint, json=True)
        return lambda text: _converted(convert, parse(text))
    if origin in (str, None, Any, object):
        return str
    if origin in COLLECTIONS:
        return _array_reader(origin, items, types.element(code) or 0, types)
    attributes = types.attributes(code)
    if attributes is not None and has_fields(origin):
        return _record_reader(origin, attributes, types)
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return {str(member.value): member for member in origin}.__getitem__
    return _SCALARS.get(origin) or _json_reader(hint)


def _converted(convert: Convert | None, value: Any) -> Any:
    return value if convert is None or value is None else convert(value)


def _json_reader(hint: Any) -> Callable[[str], Any]:
    convert = converter(hint, json=True)
    return (lambda text: _converted(convert, parse_exact_json(text))) if convert is not None else str


def _array_reader(kind: Any, items: tuple[Any, ...], element: int, types: UserTypes) -> Callable[[str], Any]:
    positions = bool(items) and kind is tuple and items[-1] is not ...
    hints = items if positions else items[:1]
    readers = [reader(_innermost(each), element, types) for each in hints]

    def read(text: str) -> Any:
        return _nested(kind, parse_array(text), readers, several=positions)

    return read


def _innermost(hint: Any) -> Any:
    """Return the annotation of the elements: the text of an array has all of its dimensions."""
    while True:
        origin, items = unwrapped(hint)
        if CONCRETE.get(origin, origin) not in COLLECTIONS or not items:
            return hint
        hint = items[0]


def _nested(kind: Any, values: list[Any], readers: list[Callable[[str], Any]], *, several: bool) -> Any:
    if several and len(values) != len(readers):
        raise ValueError("not an array of that length")
    if not readers:
        return kind(values)
    found = []
    for each, read in zip(values, readers if several else readers * len(values), strict=True):
        if isinstance(each, list):
            found.append(_nested(list, each, readers, several=False))
        else:
            found.append(None if each is None else read(each))
    return kind(found)


def _record_reader(kind: Any, attributes: Attributes, types: UserTypes) -> Callable[[str], Any]:
    hints = annotated(kind)
    names = [name for name, _ in attributes]
    if sorted(names) != sorted(hints):
        raise StoreDefinitionError(
            f"{kind.__qualname__} stands for a composite type with the attributes {', '.join(names)}, "
            f"and has the fields {', '.join(hints)}"
        )
    readers = [(name, reader(hints[name], code, types)) for name, code in attributes]

    def read(text: str) -> Any:
        fields = zip(readers, parse_record(text), strict=True)
        return kind(**{name: field if field is None else read_field(field) for (name, read_field), field in fields})

    return read


def writer(code: int, types: UserTypes, *, exact: bool) -> Callable[[Any], str | None]:
    """Return the function from a value to its text, for a type with this number."""
    element, attributes = _ELEMENTS.get(code) or types.element(code), types.attributes(code)
    if code in JSON:
        return lambda value: None if value is None else json_text(value, exact=exact)
    if attributes is not None:
        return _record_writer(attributes, types, exact=exact)
    if element is None:
        return lambda value: None if value is None else text(value, exact=exact)
    write = writer(element, types, exact=exact)

    def write_array(value: Any) -> str | None:
        if not isinstance(value, COLLECTIONS):
            return None if value is None else text(value, exact=exact)
        return "{" + ",".join(_array_part(each, write, write_array) for each in value) + "}"

    return write_array


def _array_part(value: Any, write: Callable[[Any], str | None], nested: Callable[[Any], str | None]) -> str:
    # A named tuple is a row, another list or tuple one more dimension.
    if isinstance(value, COLLECTIONS) and not hasattr(value, "_fields"):
        return nested(value) or "NULL"
    return array_element(write(value))


def _record_writer(attributes: Attributes, types: UserTypes, *, exact: bool) -> Callable[[Any], str | None]:
    writers = [(name, writer(code, types, exact=exact)) for name, code in attributes]

    def write(value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, typing.Mapping):
            return record_text(write_field(value[name]) for name, write_field in writers)
        return record_text(write_field(getattr(value, name)) for name, write_field in writers)

    return write
