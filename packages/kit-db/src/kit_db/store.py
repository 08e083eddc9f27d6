"""Store: one table, typed."""

from collections.abc import Iterable, Mapping, Sequence
from types import EllipsisType
from typing import Any, Generic, TypeVar

from kit_db.database import Database
from kit_db.entities import Shape
from kit_db.errors import StoreDefinitionError, TooManyRowsError
from kit_db.statements import Statements
from kit_db.transactional import default_database

E = TypeVar("E")

UNASKED_LIMIT = 1000


class Store(Generic[E]):
    """The rows of a table as entities: subclass it with an `entity` class and a `table`.

    `key` is the primary key's column, "id" by default. `columns` are the entity's annotated fields unless named
    here; `arrays` are those of them that are PostgreSQL arrays (other lists and dicts are JSON). Every name in SQL is
    one of these, every value a parameter.

    Each call runs in the open transaction, or as a unit of its own. `database` is the default one unless given here
    or to the constructor.
    """

    entity: type[E]
    table: str
    key: str = "id"
    columns: Sequence[str] | None = None
    arrays: Sequence[str] = ()
    database: Database | None = None

    def __init__(self, database: Database | None = None) -> None:
        for name in ("entity", "table"):
            if not hasattr(self, name):
                raise StoreDefinitionError(f"{type(self).__qualname__} has no {name!r}")
        if database is not None:
            self.database = database
        self._prepared: tuple[Shape, Statements] | None = None

    def add(self, entity: E) -> E:
        """Insert an entity and return it as it was stored, with the values that the database has added.

        A field that is None, and is None by default, is left to the column's default.
        """
        return self.add_all([entity])[0]

    def add_all(self, entities: Iterable[E]) -> list[E]:
        """Insert entities with one statement: all of them, or none; returned as by `add`."""
        shape, statements = self._prepare()
        rows = [shape.row(entity) for entity in entities]
        return self._entities(statements.insert(rows)) if rows else []

    def find(self, key: Any) -> E | None:
        """Return the row of that key, or None."""
        shape, statements = self._prepare()
        return self._first(statements.find(shape.parameter(self.key, key)), repeatable=True)

    def find_by(self, /, **columns: Any) -> E | None:
        """Return a row that matches, or None; which one of several is not said. Values are as in `where`."""
        if not columns:
            raise TypeError("find_by needs a column to find by")
        _, statements = self._prepare()
        return self._first(statements.select(columns, limit=1), repeatable=True)

    def where(
        self, /, *, order_by: str | Sequence[str] | None = None, limit: int | EllipsisType | None = ..., **columns: Any
    ) -> list[E]:
        """Return the rows that match all columns: a value is equal, None is null, a list has it among its values.

        `order_by` is a column or several, each descending with a minus in front. An explicit `limit` cuts off, None
        means all rows; without either, more than 1000 rows are a TooManyRowsError, so that a table that grows is
        noticed before it fills the memory.
        """
        _, statements = self._prepare()
        asked = UNASKED_LIMIT + 1 if isinstance(limit, EllipsisType) else limit
        if asked is not None and (type(asked) is not int or asked < 0):
            raise ValueError(f"limit has to be a number of rows, not {limit!r}")
        found = self._entities(statements.select(columns, order_by, asked), repeatable=True)
        if isinstance(limit, EllipsisType) and len(found) > UNASKED_LIMIT:
            raise TooManyRowsError(table=self.table, limit=UNASKED_LIMIT)
        return found

    def update(self, key: Any, changes: Mapping[str, Any], *, where: Mapping[str, Any] | None = None) -> E | None:
        """Change the row of that key and return it; None if there is none, or if it does not match `where`.

        `where` makes it a compare-and-set: `update(id, {"status": "paid"}, where={"status": "open"})`.
        """
        if not changes:
            raise ValueError("update needs a column to change")
        shape, statements = self._prepare()
        return self._first(statements.update(shape.parameter(self.key, key), changes, where or {}))

    def delete(self, key: Any) -> bool:
        """Delete the row of that key; tell whether there was one."""
        shape, statements = self._prepare()
        query, parameters = statements.delete(shape.parameter(self.key, key))
        return self._database.run(query, parameters).count > 0

    def count(self, /, **columns: Any) -> int:
        """Return how many rows match; values are as in `where`."""
        _, statements = self._prepare()
        count: int = self._database.run(*statements.count(columns), repeatable=True).rows[0][0]
        return count

    def exists(self, /, **columns: Any) -> bool:
        """Tell whether a row matches; values are as in `where`."""
        _, statements = self._prepare()
        found: bool = self._database.run(*statements.exists(columns), repeatable=True).rows[0][0]
        return found

    @property
    def _database(self) -> Database:
        return default_database() if self.database is None else self.database

    def _prepare(self) -> tuple[Shape, Statements]:
        # When first used, not when declared: the entity's annotations may name classes that come later.
        if self._prepared is None:
            shape = Shape(self.entity, columns=self.columns, arrays=self.arrays)
            self._prepared = shape, Statements(self.table, shape.columns, self.key, shape.parameter)
        return self._prepared

    def _entities(self, statement: tuple[str, list[Any]], *, repeatable: bool = False) -> list[E]:
        shape, _ = self._prepare()
        result = self._database.run(*statement, repeatable=repeatable)
        return [shape.entity(row) for row in result.rows]

    def _first(self, statement: tuple[str, list[Any]], *, repeatable: bool = False) -> E | None:
        found = self._entities(statement, repeatable=repeatable)
        return found[0] if found else None
