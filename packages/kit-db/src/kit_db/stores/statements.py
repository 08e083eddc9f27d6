"""All SQL of a store: declared names, values as parameters, nothing else."""

# Building SQL is what this module is for: names come quoted from `Names` and `quoted`, values never enter the text.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kit_db.entities.values import DEFAULT
from kit_db.errors import StoreDefinitionError
from kit_db.stores.conditions import Conditions
from kit_db.stores.keyset import Term, after, order_by
from kit_db.stores.names import Names, quoted

if TYPE_CHECKING:
    from kit_db.entities.shape import Shape

Statement = tuple[str, list[Any]]
Order = str | Sequence[str] | None

_PINNING = 16_000
"""Characters from which on a statement pins a connection of RDS Proxy: 16 KB, less a BEGIN in front of it."""

# Whether an index makes the columns of the key unique, or some of them.
_UNIQUE = (
    "EXISTS (SELECT FROM pg_catalog.pg_index AS kit_index WHERE indrelid = %s::pg_catalog.regclass AND indisunique "
    "AND indisvalid AND indimmediate AND indpred IS NULL AND indexprs IS NULL AND (SELECT array_agg(attname::text) "
    "FROM pg_catalog.pg_attribute WHERE attrelid = indrelid AND attnum = ANY "
    "((indkey::int2[])[0:kit_index.indnkeyatts - 1])) <@ %s::text[])"
)


class Statements:
    """The statements on one table."""

    def __init__(self, table: str, shape: Shape, key: str | Sequence[str], *, version: str | None = None) -> None:
        self.table = table
        self._shape = shape
        self._names = Names(table, shape.columns)
        self._conditions = Conditions(self._names, shape)
        self.keys = (key,) if isinstance(key, str) else tuple(key)
        """The columns of the key."""
        self._version = version
        roles = dict.fromkeys(self.keys, "key") | ({version: "version"} if version else {})
        for name, role in roles.items():
            if name not in self._names.quoted:
                raise StoreDefinitionError(
                    f"{table!r} has no column {name!r} for its {role}: say which it is with {role}"
                )
        if not self.keys or len(set(self.keys)) < len(self.keys):
            raise StoreDefinitionError(f"the key of {table!r} is a column, or several that differ")
        self._name = quoted(table)
        self._all = ", ".join(self._names.quoted.values())
        self._row = f"({', '.join(['%s'] * len(shape.columns))})"
        self._of_key = " AND ".join(f"{self._names.column(name)} = %s" for name in self.keys)
        self.find = f"SELECT {self._all} FROM {self._name} WHERE {self._of_key}"
        """Select by key."""

    def column(self, name: str) -> str:
        """Return a declared column, quoted; UnknownColumnError names any other."""
        return self._names.column(name)

    def terms(self, order: Order) -> list[Term]:
        """Return the columns to order by, each a name with a minus in front if it descends."""
        names = [order] if isinstance(order, str) else order or ()
        terms = []
        for name in names:
            plain = name.removeprefix("-")
            nullable = plain not in self.keys and plain in self._shape.nullable
            terms.append(Term(self.column(plain), name.startswith("-"), nullable))
        return terms

    def total(self, order: Order) -> list[Term]:
        """Return the columns to order by with the key at their end, in their direction, so that no two rows are equal.

        In their direction since an index on all of them can then be read from either end.
        """
        terms = self.terms(order)
        descending = bool(terms) and terms[-1].descending
        for key in map(self.column, self.keys):
            if not any(term.column == key for term in terms):
                terms.append(Term(key, descending, nullable=False))
        return terms

    def select(self, where: Mapping[str, Any], terms: Sequence[Term] = (), limit: int | None = None) -> Statement:
        """Select the rows that match, at most `limit`."""
        condition, parameters = self.where(where)
        query = f"SELECT {self._all} FROM {self._name}{condition}{order_by(terms)}"
        return (query, parameters) if limit is None else (f"{query} LIMIT %s", [*parameters, limit])

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

        One that is named in `changed` and has no value becomes NULL, which EXCLUDED would have as the column's default.
        """
        query, parameters = self._insert([row])
        given = self._given(row)
        assignments = [
            f"{self.column(name)} = " + (f"EXCLUDED.{self.column(name)}" if name in given else "NULL")
            for name in self.changed(row, on, changed)
        ]
        if self._version:
            version = self.column(self._version)
            assignments.append(f"{version} = {self._name}.{version} + 1")
        return (
            f"{query} ON CONFLICT {self._conflict(on)} DO UPDATE SET {', '.join(assignments)} RETURNING {self._all}"
        ), parameters

    def changed(self, row: Sequence[Any], on: Sequence[str], named: Sequence[str] | None) -> Sequence[str]:
        """Return the columns that an upsert changes: the named ones, or all that have a value, but `on` and the key."""
        if named is None:
            kept = {*on, *self.keys, self._version}
            named = [name for name in self._given(row) if name not in kept]
        self._refuse_unwritten(named)
        if not named:
            raise ValueError("upsert needs a column to change")
        return named

    def update(
        self, key: Sequence[Any], changes: Mapping[str, Any], where: Mapping[str, Any], *, guarded: bool
    ) -> Statement:
        """Change the row of that key, if it also matches `where`; `guarded` as below."""
        condition, found = self._keyed(key, where)
        assignments, parameters = self._assignments(changes)
        query = f"UPDATE {self._name} SET {assignments}{condition}"
        if guarded:
            return self._guarded(query, [*parameters, *found], (condition, found), self._all)
        return f"{query} RETURNING {self._all}", parameters + found

    def delete(self, key: Sequence[Any], where: Mapping[str, Any], *, guarded: bool) -> Statement:
        """Delete the row of that key, if it also matches `where`; `guarded` as below."""
        condition, parameters = self._keyed(key, where)
        query = f"DELETE FROM {self._name}{condition}"
        return self._guarded(query, parameters, (condition, parameters), "true") if guarded else (query, parameters)

    def _guarded(self, query: str, parameters: list[Any], keyed: Statement, returning: str) -> Statement:
        """Return a write that fails with 21000 (a subquery has more than one row) if its key is that of several rows.

        It returns one more column: whether an index makes the key unique, so that no further write needs a guard.
        """
        condition, found = keyed
        guard = f" AND (SELECT true FROM {self._name}{condition})"
        table = self._name.replace("%%", "%")
        return f"{query}{guard} RETURNING {returning}, {_UNIQUE}", [*parameters, *found, table, list(self.keys)]

    def lock(self, key: Sequence[Any], *, nowait: bool, skip_locked: bool, milliseconds: int | None) -> Statement:
        """Select by key and lock the row; `milliseconds` bound the waiting, of this lock alone."""
        mode = " NOWAIT" if nowait else " SKIP LOCKED" if skip_locked else ""
        if milliseconds is None:
            return f"{self.find} FOR UPDATE{mode}", list(key)
        # One message. The setting is put back as it was, which only the server knows; the last SELECT is what is
        # answered, and sees the row as it is since the lock was had.
        return (
            "SELECT set_config('kit_db.lock_timeout', current_setting('lock_timeout'), true); "
            "SELECT set_config('lock_timeout', %s, true); "
            f"SELECT FROM {self._name} WHERE {self._of_key} FOR UPDATE; "
            "SELECT set_config('lock_timeout', current_setting('kit_db.lock_timeout'), true); "
            f"{self.find}"
        ), [str(milliseconds), *key, *key]

    def where(self, where: Mapping[str, Any]) -> Statement:
        """Return the WHERE clause of a match."""
        conditions, parameters = self._conditions.of(where)
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), parameters

    def _keyed(self, key: Sequence[Any], where: Mapping[str, Any]) -> Statement:
        conditions, parameters = self._conditions.of(where)
        return f" WHERE {' AND '.join([self._of_key, *conditions])}", [*key, *parameters]

    def _assignments(self, changes: Mapping[str, Any]) -> Statement:
        self._refuse_unwritten(changes)
        assignments = [f"{self.column(name)} = %s" for name in changes]
        if self._version:
            assignments.append(f"{self.column(self._version)} = {self.column(self._version)} + 1")
        return ", ".join(assignments), [self._shape.parameter(name, value) for name, value in changes.items()]

    def _refuse_unwritten(self, names: Iterable[str]) -> None:
        for name in names:
            self.column(name)
            if name in self._shape.generated:
                raise ValueError(f"{name!r} of {self.table!r} is generated: it is never written")
            if self._version is not None and name == self._version:
                raise ValueError(f"{name!r} of {self.table!r} is its version, which the store counts by itself")

    def _given(self, row: Sequence[Any]) -> list[str]:
        return [name for name, value in zip(self._names.quoted, row, strict=True) if value is not DEFAULT]

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
        return f"({self._names.columns(on)})"
