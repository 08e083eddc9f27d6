"""All SQL of a store: declared names, values as parameters, nothing else."""

# Building SQL is what this module is for: names come quoted from `column` and `quoted`, values never enter the text.
# ruff: noqa: S608

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

from kit_db.errors import StoreDefinitionError, UnknownColumnError
from kit_db.filters import Condition
from kit_db.stores.keyset import Term, after, order_by
from kit_db.stores.values import COLLECTIONS, array, parameter

Statement = tuple[str, list[Any]]
Order = str | Sequence[str] | None

DEFAULT: Any = object()
"""In a row to insert: leave this column to the database."""

MOST_ROWS, MOST_CHARACTERS = 1000, 4_000_000
"""What one INSERT may hold: more would gain no time, and is held several times over in memory while it is sent."""

_PINNING = 16_000
"""Characters from which on a statement pins a connection of RDS Proxy: 16 KB, less a BEGIN in front of it."""


class Columns(Protocol):
    """The properties of the columns that statements need."""

    @property
    def columns(self) -> Sequence[str]:
        """Their names."""

    @property
    def nullable(self) -> Collection[str]:
        """The columns that may hold NULL."""

    @property
    def generated(self) -> Collection[str]:
        """The columns that are never written."""

    def parameter(self, column: str, value: Any) -> Any:
        """Return a value as the driver takes it."""

    def holds_lists(self, column: str) -> bool:
        """Tell whether a list is one value of the column, not several."""


def quoted(name: str) -> str:
    """Quote an identifier, `schema.table` as two.

    As libpq's PQescapeIdentifier, plus doubling `%`, which would be a placeholder to the driver.
    """
    return ".".join(_quoted(part) for part in name.split("."))


def _quoted(name: str) -> str:
    if not name or "\x00" in name:
        raise ValueError(f"{name!r} can't be a name in PostgreSQL")
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


class Statements:
    """The statements on one table."""

    def __init__(self, table: str, shape: Columns, key: str) -> None:
        self.table = table
        self._shape = shape
        self._columns = {column: _quoted(column) for column in shape.columns}
        self._key_name = key
        if key not in self._columns:
            raise StoreDefinitionError(f"{table!r} has no column {key!r} for its key: say which it is with key")
        self._key = self.column(key)
        self._name = quoted(table)
        self._all = ", ".join(self._columns.values())
        self._row = f"({', '.join(['%s'] * len(self._columns))})"
        self.find = f"SELECT {self._all} FROM {self._name} WHERE {self._key} = %s"
        """Select by key."""

    def column(self, name: str) -> str:
        """Return a declared column, quoted; UnknownColumnError names any other."""
        try:
            return self._columns[name]
        except (KeyError, TypeError):
            raise UnknownColumnError(name, table=self.table) from None

    def terms(self, order: Order) -> list[Term]:
        """Return the columns to order by, each a name with a minus in front if it descends."""
        names = [order] if isinstance(order, str) else order or ()
        terms = []
        for name in names:
            plain = name.removeprefix("-")
            nullable = plain != self._key_name and plain in self._shape.nullable
            terms.append(Term(self.column(plain), name.startswith("-"), nullable))
        return terms

    def total(self, order: Order) -> list[Term]:
        """Return the columns to order by with the key at their end, in their direction, so that no two rows are equal.

        In their direction since an index on all of them can then be read from either end.
        """
        terms = self.terms(order)
        if not any(term.column == self._key for term in terms):
            descending = bool(terms) and terms[-1].descending
            terms.append(Term(self._key, descending, nullable=False))
        return terms

    def select(self, where: Mapping[str, Any], terms: Sequence[Term] = (), limit: int | None = None) -> Statement:
        """Select the rows that match, at most `limit`."""
        return self._select(self.where(where), terms, limit)

    def page(
        self, where: Mapping[str, Any], terms: Sequence[Term], position: Sequence[Any] | None, limit: int
    ) -> Statement:
        """Select the rows that match and come after a position in the order of the terms, then their own position."""
        condition, parameters = self.where(where)
        if position is not None:
            beyond, known = after(terms, position)
            condition += f"{' AND ' if condition else ' WHERE '}{beyond}"
            parameters += known
        # The position of the last row is what the server calls it: what Python holds may be less exact. ORDER BY has
        # the table's name, or it would find two results of one name.
        texts = "".join(f", {term.column}::text" for term in terms)
        query = f"SELECT {self._all}{texts} FROM {self._name}{condition}{order_by(terms, self._name)} LIMIT %s"
        return query, [*parameters, limit]

    def count(self, where: Mapping[str, Any]) -> Statement:
        """Count the rows that match."""
        condition, parameters = self.where(where)
        return f"SELECT count(*) FROM {self._name}{condition}", parameters

    def exists(self, where: Mapping[str, Any]) -> Statement:
        """Ask whether a row matches."""
        condition, parameters = self.where(where)
        return f"SELECT EXISTS (SELECT FROM {self._name}{condition})", parameters

    def insert(self, rows: Iterable[Sequence[Any]]) -> Statement:
        """Insert rows, each with a value or DEFAULT for every column."""
        query, parameters = self._insert(rows)
        return f"{query} RETURNING {self._all}", parameters

    @property
    def room(self) -> int:
        """How long the rows of an INSERT may be, as text, for one that pins no connection of RDS Proxy."""
        return _PINNING - 2 * len(self._all.encode()) - len(self._name.encode()) - 64

    def insert_absent(self, row: Sequence[Any], on: Sequence[str]) -> Statement:
        """Insert a row, unless there is one with the same values in the columns `on`."""
        query, parameters = self._insert([row])
        return f"{query} ON CONFLICT {self._conflict(on)} DO NOTHING RETURNING {self._all}", parameters

    def upsert(self, row: Sequence[Any], on: Sequence[str], changed: Sequence[str] | None) -> Statement:
        """Insert a row, or change the one with the same values in the columns `on`.

        Changed are the columns that are named, otherwise all that have a value, without the key and those of `on`. One
        that is named and has none becomes NULL, which EXCLUDED would have as the column's default.
        """
        query, parameters = self._insert([row])
        self._refuse_generated(changed or ())
        given = [name for name, value in zip(self._columns, row, strict=True) if value is not DEFAULT]
        if changed is None:
            changed = [name for name in given if name not in on and name != self._key_name]
        assignments = ", ".join(
            f"{self.column(name)} = " + (f"EXCLUDED.{self.column(name)}" if name in given else "NULL")
            for name in changed
        )
        if not assignments:
            raise ValueError("upsert needs a column to change")
        return f"{query} ON CONFLICT {self._conflict(on)} DO UPDATE SET {assignments} RETURNING {self._all}", parameters

    def update(self, key: Any, changes: Mapping[str, Any], where: Mapping[str, Any]) -> Statement:
        """Change the row of that key, if it also matches `where`."""
        self._refuse_generated(changes)
        assignments = ", ".join(f"{self.column(name)} = %s" for name in changes)
        parameters = [self._shape.parameter(name, value) for name, value in changes.items()]
        condition, found = self._of_key(key, where)
        return f"UPDATE {self._name} SET {assignments}{condition} RETURNING {self._all}", parameters + found

    def delete(self, key: Any, where: Mapping[str, Any]) -> Statement:
        """Delete the row of that key, if it also matches `where`."""
        condition, parameters = self._of_key(key, where)
        return f"DELETE FROM {self._name}{condition}", parameters

    def lock(self, key: Any, *, nowait: bool, skip_locked: bool, milliseconds: int | None) -> Statement:
        """Select by key and lock the row; `milliseconds` bound the waiting, of this lock alone."""
        mode = " NOWAIT" if nowait else " SKIP LOCKED" if skip_locked else ""
        if milliseconds is None:
            return f"{self.find} FOR UPDATE{mode}", [key]
        # One message. The setting is put back as it was, which only the server knows; the last SELECT is what is
        # answered, and sees the row as it is since the lock was had.
        return (
            "SELECT set_config('kit_db.lock_timeout', current_setting('lock_timeout'), true); "
            "SELECT set_config('lock_timeout', %s, true); "
            f"SELECT FROM {self._name} WHERE {self._key} = %s FOR UPDATE; "
            "SELECT set_config('lock_timeout', current_setting('kit_db.lock_timeout'), true); "
            f"{self.find}"
        ), [str(milliseconds), key, key]

    def where(self, where: Mapping[str, Any], *first: str) -> Statement:
        """Return the WHERE clause of a match, after the conditions that come `first`."""
        conditions = list(first)
        parameters: list[Any] = []
        for name, value in where.items():
            condition, found = self._matches(name, value)
            conditions.append(condition)
            parameters += found
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), parameters

    def _refuse_generated(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._shape.generated:
                raise ValueError(f"{name!r} of {self.table!r} is generated: it is never written")

    def _of_key(self, key: Any, where: Mapping[str, Any]) -> Statement:
        condition, parameters = self.where(where, f"{self._key} = %s")
        return condition, [key, *parameters]

    def _select(self, where: Statement, terms: Sequence[Term], limit: int | None) -> Statement:
        condition, parameters = where
        query = f"SELECT {self._all} FROM {self._name}{condition}{order_by(terms)}"
        return (query, parameters) if limit is None else (f"{query} LIMIT %s", [*parameters, limit])

    def _insert(self, rows: Iterable[Sequence[Any]]) -> Statement:
        parameters: list[Any] = []
        tuples = []
        for row in rows:
            if DEFAULT in row:
                tuples.append(f"({', '.join(['DEFAULT' if value is DEFAULT else '%s' for value in row])})")
                parameters += [value for value in row if value is not DEFAULT]
            else:
                tuples.append(self._row)
                parameters += row
        return f"INSERT INTO {self._name} ({self._all}) VALUES {', '.join(tuples)}", parameters

    def _conflict(self, on: Sequence[str]) -> str:
        if not on:
            raise ValueError("on needs a column, those of a unique index")
        return f"({', '.join(self.column(name) for name in on)})"

    def _matches(self, name: str, value: Any) -> Statement:
        column = self.column(name)
        if value is None:
            return f"{column} IS NULL", []
        if isinstance(value, Condition):
            if value.values == (None,):
                return f"{column} IS NOT NULL", []
            return self._compared(name, column, value)
        if isinstance(value, COLLECTIONS) and any(isinstance(each, Condition) for each in value):
            return self._all_of(name, value)
        if not isinstance(value, COLLECTIONS) or self._shape.holds_lists(name):
            return f"{column} = %s", [self._shape.parameter(name, value)]
        known, null = _divide(value)
        condition = f"({column} = ANY(%s) OR {column} IS NULL)" if null else f"{column} = ANY(%s)"
        return condition, [known]

    def _all_of(self, name: str, conditions: Collection[Any]) -> Statement:
        if not all(isinstance(each, Condition) for each in conditions):
            raise ValueError(f"{name!r} is matched with values or with conditions, not with both in one list")
        made = [self._matches(name, each) for each in conditions]
        if isinstance(conditions, (set, frozenset)):
            # In one order: the listing of a page's cursor is the text.
            made.sort(key=repr)
        return f"({' AND '.join(text for text, _ in made)})", [value for _, values in made for value in values]

    def _compared(self, name: str, column: str, condition: Condition) -> Statement:
        several = next((each for each in condition.values if isinstance(each, COLLECTIONS)), None)
        if several is None or self._shape.holds_lists(name):
            return condition.sql(column), [self._shape.parameter(name, each) for each in condition.values]
        if condition.operator != "ne":
            raise ValueError(
                f"{condition.operator} compares {name!r} with one value, not with {type(several).__name__}"
            )
        known, null = _divide(several)
        # NULL is different from every value, as it is for a single one; unless it is among them.
        return f"({column} <> ALL(%s) {'AND' if null else 'OR'} {column} IS {'NOT ' if null else ''}NULL)", [known]


def _divide(values: Collection[Any]) -> tuple[Any, bool]:
    """Return the values of a collection that are not None as one parameter, and whether there is a None.

    They become the column's type, as text does; but times are times, whose zone a text might lose.
    """
    known = [parameter(each) if each.__class__ is datetime else each for each in values if each is not None]
    times = bool(known) and all(each.__class__ is datetime for each in known)
    listed = frozenset(known) if isinstance(values, (set, frozenset)) else known
    return known if times else array(listed), len(known) < len(values)


def portions(rows: Iterable[Sequence[Any]], *, room: int | None = None) -> Iterator[list[Sequence[Any]]]:
    """Yield the rows in portions that one INSERT may hold, or with `room` in portions whose text is not longer."""
    waiting = iter(rows)
    while portion := list(islice(waiting, MOST_ROWS)):
        yield from _divided(portion, room)


def _divided(rows: list[Sequence[Any]], room: int | None) -> Iterator[list[Sequence[Any]]]:
    if room is None:
        size = sum([len(value) for row in rows for value in row if value.__class__ is str or value.__class__ is bytes])
    else:
        size = sum([_length(value) for row in rows for value in row])
    if size <= (MOST_CHARACTERS if room is None else room) or len(rows) == 1:
        yield rows
    else:
        half = len(rows) // 2
        yield from _divided(rows[:half], room)
        yield from _divided(rows[half:], room)


def _length(value: Any) -> int:
    """Return about how long a value is in a statement's text, not less than it is."""
    if isinstance(value, str):
        return len(value.encode(errors="replace")) + value.count("'") + value.count("\\") + 6
    if isinstance(value, (bytes, bytearray, memoryview)):
        return 2 * memoryview(value).nbytes + 16
    return 56 if isinstance(value, timedelta) else len(str(value)) + 24
