"""One column of a store: how its values are read and written, by its annotation and by its type in the database."""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from kit_core.errors import InvalidJsonError
from kit_core.json import loads

from kit_db.driver.documents import parse_exact_json, parse_json
from kit_db.driver.reading import FIRST_OF_USERS, JSON, JSON_ARRAYS, PARSERS, Parse
from kit_db.entities.conversions import CONCRETE, Convert, converter, has_fields, holds_decimal, json_str, unwrapped
from kit_db.entities.values import COLLECTIONS, array, json_text, parameter
from kit_db.filters import Condition

if TYPE_CHECKING:
    from kit_db.entities.types import UserTypes

UNKNOWN = 0
"""Stands for a type in pg_type, before a result has told it."""

Write = Callable[[Any], Any]


class Column:
    """A column: its name, its annotation, and whether it was declared as an array or as JSON."""

    __slots__ = ("array", "exact", "hint", "json", "name")

    def __init__(self, name: str, hint: Any, *, array: bool, json: bool) -> None:
        self.name = name
        self.hint = hint
        self.array = array
        self.json = json
        self.exact = holds_decimal(hint)
        """Whether numbers keep their digits if it is JSON."""

    def is_plain(self, code: int) -> bool:
        """Tell whether the driver itself reads the column as its annotation wants it."""
        return code not in PARSERS or self.parser(code) is PARSERS[code]

    def parser(self, code: int) -> Parse | None:
        """Return the function for a value that was left as text, None if it is to stay one."""
        if code in (*JSON, *JSON_ARRAYS):
            return parse_exact_json if self.exact else parse_json
        origin, items = unwrapped(self.hint)
        wanted = unwrapped(items[0])[0] if self.array and items else origin
        return None if wanted is str else PARSERS.get(code)

    def reader(self, code: int, types: UserTypes | None) -> Convert | None:
        """Return the function from the driver's value to the annotated type, None if there is nothing to do."""
        if code in JSON:
            return json_str if unwrapped(self.hint)[0] is str else converter(self.hint, json=True)
        if code in JSON_ARRAYS and self.array:
            return converter(self.hint)
        convert = converter(self.hint, array=self.array)
        origin = CONCRETE.get(unwrapped(self.hint)[0], unwrapped(self.hint)[0])
        if not (origin in COLLECTIONS or (types is not None and types.attributes(code))) or code in JSON_ARRAYS:
            return convert
        # The driver leaves types that were made in the database, and their arrays, as text.
        made: list[Callable[[str], Any]] = []

        def read(value: Any) -> Any:
            if not isinstance(value, str):
                return value if convert is None else convert(value)
            if not made:
                from kit_db.entities import records
                from kit_db.entities.types import UserTypes

                made.append(records.reader(self.hint, code, types or UserTypes()))
            return made[0](value)

        return read

    def check(self, code: int, types: UserTypes | None) -> None:
        """Raise StoreDefinitionError if the annotated class has other fields than a composite type has attributes."""
        if types is not None and types.holds_record(code):
            from kit_db.entities import records

            records.reader(self.hint, code, types)

    def writer(self, code: int, types: UserTypes | None) -> Write | None:
        """Return the function from a value to the driver's parameter, None if that is `parameter` for this type."""
        if code in JSON or self.json:
            return partial(json_text, exact=self.exact)
        if (code in JSON_ARRAYS and self.array) or (types is not None and types.holds_record(code)):
            from kit_db.entities import records
            from kit_db.entities.types import UserTypes

            return records.writer(code, types or UserTypes(), exact=self.exact)
        return None

    def parameter(self, value: Any) -> Any:
        """Return a value as the driver takes it, if the type has no function of its own."""
        if self.array and isinstance(value, COLLECTIONS):
            return array(value, exact=self.exact)
        return parameter(value, exact=self.exact)

    def may_be_record(self, code: int) -> bool:
        """Tell whether a type may be composite, and matters as such."""
        origin, items = unwrapped(self.hint)
        return code >= FIRST_OF_USERS and (has_fields(origin) or any(has_fields(unwrapped(each)[0]) for each in items))

    def is_doubtful(self, value: Any) -> bool:
        """Tell whether the way to write a value depends on the column's type, so that it has to be asked for.

        A text that is JSON as it stands would be stored as another value, if the column is JSON. Where an annotation
        allows several types, any scalar may be meant for JSON, and an object with fields for a composite type.
        """
        if self.json or value is None:
            return False
        if isinstance(value, Condition):
            return any(map(self.is_doubtful, value.values))
        if isinstance(value, COLLECTIONS) and not hasattr(value, "_fields"):
            return any(map(self.is_doubtful, value))
        if isinstance(value, enum.Enum):
            return self.is_doubtful(value.value)
        if isinstance(value, str) and _is_json(value):
            return True
        several = unwrapped(self.hint)[0] in (None, Any, object)
        return _is_record(value) or (several and isinstance(value, (str, int, float)))


def _is_record(value: Any) -> bool:
    return has_fields(type(value)) and not callable(getattr(value, "dump", None))


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in tuple('{["-0123456789tfn'):
        return False
    try:
        loads(text)
    except InvalidJsonError:
        return False
    return True
