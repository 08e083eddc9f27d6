"""All SQL of a store: names from what it declares, values as parameters, nothing else."""

# Building SQL is what this module is for: names come quoted from `column` and `quoted`, values never enter the text.
# ruff: noqa: S608

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kit_db.errors import UnknownColumnError

Statement = tuple[str, list[Any]]
Adapt = Callable[[str, Any], Any]

DEFAULT: Any = object()
"""In a row to insert: leave this column to the database."""


def quoted(name: str) -> str:
    """Quote an identifier, `schema.table` as two.

    This is what libpq's PQescapeIdentifier does, plus doubling `%`, which would be a placeholder to the driver.
    """
    return ".".join(_quoted(part) for part in name.split("."))


def _quoted(name: str) -> str:
    if not name or "\x00" in name:
        raise ValueError(f"{name!r} can't be a name in PostgreSQL")
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


class Statements:
    """The statements on one table; `adapt` turns a column's value into what the driver takes."""

    def __init__(self, table: str, columns: Iterable[str], key: str, adapt: Adapt) -> None:
        self.table = table
        self._columns = {column: _quoted(column) for column in columns}
        self._adapt = adapt
        self._key = self.column(key)
        self._name = quoted(table)
        self._all = ", ".join(self._columns.values())
        self._by_key = f"SELECT {self._all} FROM {self._name} WHERE {self._key} = %s"

    def column(self, name: str) -> str:
        """Return a declared column, quoted; UnknownColumnError names any other."""
        try:
            return self._columns[name]
        except (KeyError, TypeError):
            raise UnknownColumnError(name, table=self.table) from None

    def find(self, key: Any) -> Statement:
        """Select by key."""
        return self._by_key, [key]

    def select(
        self, where: Mapping[str, Any], order_by: str | Sequence[str] | None = None, limit: int | None = None
    ) -> Statement:
        """Select the rows that match, at most `limit`."""
        condition, parameters = self._where(where)
        query = f"SELECT {self._all} FROM {self._name}{condition}{self._order(order_by)}"
        if limit is not None:
            query += " LIMIT %s"
            parameters.append(limit)
        return query, parameters

    def count(self, where: Mapping[str, Any]) -> Statement:
        """Count the rows that match."""
        condition, parameters = self._where(where)
        return f"SELECT count(*) FROM {self._name}{condition}", parameters

    def exists(self, where: Mapping[str, Any]) -> Statement:
        """Ask whether a row matches."""
        condition, parameters = self._where(where)
        return f"SELECT EXISTS (SELECT FROM {self._name}{condition})", parameters

    def insert(self, rows: Sequence[Mapping[str, Any]]) -> Statement:
        """Insert rows, each with a value or DEFAULT for every column."""
        parameters: list[Any] = []
        tuples = []
        for row in rows:
            cells = ["DEFAULT" if row[column] is DEFAULT else "%s" for column in self._columns]
            parameters += [self._adapt(column, row[column]) for column in self._columns if row[column] is not DEFAULT]
            tuples.append(f"({', '.join(cells)})")
        return f"INSERT INTO {self._name} ({self._all}) VALUES {', '.join(tuples)} RETURNING {self._all}", parameters

    def update(self, key: Any, changes: Mapping[str, Any], where: Mapping[str, Any]) -> Statement:
        """Change the row of that key, if it also matches `where`."""
        assignments = ", ".join(f"{self.column(name)} = %s" for name in changes)
        parameters = [self._adapt(name, value) for name, value in changes.items()]
        condition, found = self._where(where, key=key)
        return f"UPDATE {self._name} SET {assignments}{condition} RETURNING {self._all}", parameters + found

    def delete(self, key: Any) -> Statement:
        """Delete the row of that key."""
        condition, parameters = self._where({}, key=key)
        return f"DELETE FROM {self._name}{condition}", parameters

    def _where(self, where: Mapping[str, Any], *, key: Any = DEFAULT) -> Statement:
        conditions: list[str] = []
        parameters: list[Any] = []
        if key is not DEFAULT:
            conditions.append(f"{self._key} = %s")
            parameters.append(key)
        for name, value in where.items():
            condition, found = self._matches(name, value)
            conditions.append(condition)
            parameters += found
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), parameters

    def _matches(self, name: str, value: Any) -> Statement:
        column = self.column(name)
        if value is None:
            return f"{column} IS NULL", []
        if not isinstance(value, (list, tuple, set, frozenset)):
            return f"{column} = %s", [self._adapt(name, value)]
        # Placeholders rather than an array: an array of strings is text[], which no uuid or enum can be compared to.
        known = [self._adapt(name, each) for each in value if each is not None]
        alternatives = []
        if known:
            alternatives.append(f"{column} IN ({', '.join(['%s'] * len(known))})")
        if len(known) < len(value):
            alternatives.append(f"{column} IS NULL")
        return (f"({' OR '.join(alternatives)})" if alternatives else "FALSE"), known

    def _order(self, order_by: str | Sequence[str] | None) -> str:
        if not order_by:
            return ""
        names = [order_by] if isinstance(order_by, str) else order_by
        terms = [f"{self.column(name.removeprefix('-'))}{' DESC' if name.startswith('-') else ''}" for name in names]
        return f" ORDER BY {', '.join(terms)}"
