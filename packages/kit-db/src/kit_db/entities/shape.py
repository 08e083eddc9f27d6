"""An entity's class, seen as a row of the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kit_db.driver.documents import holds_infinity
from kit_db.driver.reading import PARSERS, Parse
from kit_db.entities.columns import UNKNOWN, Column, Write
from kit_db.entities.conversions import allows_none, annotated, unwrapped
from kit_db.entities.makers import entity_maker, row_reader
from kit_db.entities.values import array, array_element, is_list, parameter
from kit_db.errors import InvalidValueError, StoreDefinitionError, UnreadableRowError
from kit_db.filters import Condition

if TYPE_CHECKING:
    from kit_db.database import Database
    from kit_db.driver.results import Result, Row
    from kit_db.entities.types import UserTypes

_UUID = 2950
_FLOATS = (700, 701)
_MISSING: Any = object()
# As it stands, or escaped in JSON, where kit_core escapes no other surrogate than a lone one.
_UNSTORABLE = "[\\0\ud800-\udfff]|" + r"\\u(?:0000|d[89a-f])"


class Shape:
    """The columns of an entity class, and the functions between entities and rows.

    Columns are the fields of a dataclass or the annotations of any other class, without ClassVars and without names
    that start with an underscore; or the given ones. `nullable` are the columns that may hold None, as far as the
    annotations say. What the columns' types are in the database is learned from the first result.
    """

    entity: Callable[[Sequence[Any]], Any]
    """Makes an entity of a row, with values of the annotated types."""

    row: Callable[[Any], list[Any]]
    """Returns the parameters to insert an entity, a None in a field that is None by default as DEFAULT."""

    def __init__(
        self,
        entity: type[Any],
        *,
        columns: Sequence[str] | None,
        arrays: Sequence[str],
        generated: Sequence[str] = (),
        json: Sequence[str] = (),
    ) -> None:
        hints = {name: hint for name, hint in annotated(entity).items() if not name.startswith("_")}
        self.columns = tuple(hints if columns is None else columns)
        if not self.columns:
            raise StoreDefinitionError(f"{entity.__qualname__} has no annotated fields: name the columns")
        for name in (*arrays, *generated, *json):
            if name not in self.columns:
                raise StoreDefinitionError(f"{entity.__qualname__} has no column {name!r}")
        self._entity = entity
        self._columns = {
            name: Column(name, hints.get(name, Any), array=name in arrays, json=name in json) for name in self.columns
        }
        self.generated = frozenset(generated)
        self.nullable = frozenset(name for name in self.columns if name not in hints or allows_none(hints[name]))
        self.types: tuple[int, ...] | None = None
        """The numbers of the columns' types in pg_type, as soon as they are known."""
        self.plain = False
        """Whether the driver reads all columns as their annotations want them."""
        self._parsers: list[tuple[int, int, Parse]] = []
        self._writers: dict[str, Write] = {}
        self._uuids: set[str] = set()
        self._casts: dict[str, str] = {}
        self._prepare([UNKNOWN] * len(self.columns), None)

    def _prepare(self, codes: Sequence[int], types: UserTypes | None) -> None:
        """Prepare the functions between entities and rows, for columns of these types."""
        known = list(zip(self._columns.values(), codes, strict=True))
        writers = {column.name: column.writer(code, types) for column, code in known}
        self._writers = {name: write for name, write in writers.items() if write is not None}
        self._special = {column.name for column, _ in known if column.array or column.exact or writers[column.name]}

        def make_entity(row: Sequence[Any]) -> Any:
            converters = {column.name: column.reader(code, types) for column, code in known}
            found = {name: convert for name, convert in converters.items() if convert is not None}
            self.entity = entity_maker(self._entity, self.columns, found)
            return self.entity(row)

        def read_entity(entity: Any) -> list[Any]:
            left = frozenset(name for name in self.columns if _default(self._entity, name) is None)
            self.row = row_reader(self.columns, left, self.generated, self._writers, self.parameter)
            return self.row(entity)

        # Compiled when first used: before that the types may have become known.
        self.entity, self.row = make_entity, read_entity

    def learn(self, database: Database, result: Result) -> None:
        """Take note of the columns' types in a result, which has them in front."""
        codes = result.types[: len(self.columns)]
        if codes == self.types or len(codes) < len(self.columns):
            return
        known = list(zip(self._columns.values(), codes, strict=True))
        types = _look_up(database, [code for column, code in known if column.may_be_record(code)])
        for column, code in known:
            column.check(code, types)
        if any(column.writer(code, types) for column, code in known) or self.types is not None:
            self._prepare(codes, types)
        parsers = [(at, code, column.parser(code)) for at, (column, code) in enumerate(known) if code in PARSERS]
        self._parsers = [(at, code, parse) for at, code, parse in parsers if parse is not None]
        self.plain = all(column.is_plain(code) for column, code in known)
        self._uuids = {column.name for column, code in known if code == _UUID}
        rows = [(column.name, code) for column, code in known if types is not None and types.attributes(code)]
        self._casts = {name: "::" + types.name(code).replace("%", "%%") for name, code in rows} if types else {}
        self.types = codes

    def values(self, result: Result) -> list[Row]:
        """Return the rows of a result whose values were left as text."""
        return [self._parsed(row) for row in result.rows] if self._parsers else result.rows

    def _parsed(self, row: Row) -> Row:
        values = list(row)
        for at, code, parse in self._parsers:
            try:
                values[at] = _mapped(parse, values[at])
            except (ValueError, OverflowError) as error:
                from kit_db.driver.unreadable import reason

                column = self.columns[at]
                message = f"the statement was done, but the column {column!r} can't be read: {reason(code, error)}"
                raise UnreadableRowError(message, column=column, row=row) from None
        return tuple(values)

    def parameter(self, column: str, value: Any) -> Any:
        """Return a value as the driver takes it; dicts, lists and objects are JSON, unless the column is an array.

        InvalidValueError names the column if its JSON would hold NaN or a value of a type that JSON has no form for.
        """
        if value.__class__ is UUID and column in self._uuids:
            # Half the time of the text with hyphens, which a column of another type would keep.
            return value.hex
        try:
            if column not in self._special:
                return parameter(value)
            write = self._writers.get(column, self._columns[column].parameter)
            return None if value is None else write(value)
        except InvalidValueError as error:
            message = f"the column {column!r}: {error}"
            if hasattr(error, "messages"):
                raise InvalidValueError.of_number(message, column=column) from None
            raise InvalidValueError(message, column=column) from None

    def elements(self, column: str, values: Collection[Any]) -> Any:
        """Return several values of a column, of which none is None, as one parameter for ANY.

        They become the column's type, as text does; but times are times, whose zone a text might lose.
        """
        write = self._writers.get(column)
        if write is not None:
            elements = [array_element(self.parameter(column, each)) for each in values]
            return "{" + ",".join(sorted(elements) if isinstance(values, frozenset) else elements) + "}"
        if values and all(each.__class__ is datetime for each in values):
            return [parameter(each) for each in values]
        return array(values)

    def holds_lists(self, column: str) -> bool:
        """Tell whether a list is one value of the column, not several."""
        return column in self._columns and self._columns[column].array

    def cast(self, column: str) -> str:
        """Return the cast that a parameter needs to be compared with a column: a row's text has no type by itself."""
        return self._casts.get(column, "")

    def doubts(self, matches: Iterable[Mapping[str, Any]]) -> bool:
        """Tell whether the way to write a value depends on the column's type, and that is not known yet."""
        if self.types is not None:
            return False
        return any(
            name in self._columns and self._columns[name].is_doubtful(value)
            for match in matches
            for name, value in match.items()
        )

    @property
    def is_special(self) -> bool:
        """Whether the type of a column decides how its values are written."""
        return bool(self._writers)

    def is_unstorable(self, column: str, value: Any) -> bool:
        """Tell whether a value is a text, or has one in it, with a character that PostgreSQL can't hold."""
        if isinstance(value, Condition):
            return any(self.is_unstorable(column, each) for each in value.values)
        if is_list(value) and not self.holds_lists(column):
            return any(self.is_unstorable(column, each) for each in value)
        return re.search(_UNSTORABLE, str(self.parameter(column, value))) is not None

    def is_infinite(self, column: str, value: Any, *, listed: bool = False) -> bool:
        """Tell whether a value is, or has in it, an infinite number or NaN that its column may not hold.

        listed: only if it is one of a list, which travels as text
        """
        if isinstance(value, Condition):
            return any(self.is_infinite(column, each, listed=listed) for each in value.values)
        if listed and not is_list(value):
            return False
        if self.types is None:
            holds_any = unwrapped(self._columns[column].hint)[0] is float
        else:
            holds_any = self.types[self.columns.index(column)] in _FLOATS
        return not holds_any and holds_infinity(value)

    def given(self, *entities: Any) -> Iterator[dict[str, Any]]:
        """Yield the values of entities by the names of the columns that are written."""
        names = [name for name in self.columns if name not in self.generated]
        return ({name: getattr(each, name) for name in names} for each in entities)


def _look_up(database: Database, codes: list[int]) -> UserTypes | None:
    """Return the types that may be composite, None if there are none."""
    if not codes:
        return None
    from kit_db.entities.types import UserTypes

    types = UserTypes()
    types.look_up(database, codes)
    return types


def _mapped(parse: Parse, value: Any) -> Any:
    """Return the value of a text, or the values of an array of texts, however deep it is."""
    if isinstance(value, list):
        return [_mapped(parse, each) for each in value]
    return None if value is None else parse(value)


def _default(entity: type[Any], name: str) -> Any:
    described = getattr(entity, "__dataclass_fields__", {}).get(name)
    return getattr(entity, name, _MISSING) if described is None else described.default
