"""Store: one table, typed."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from types import EllipsisType
from typing import Any, Generic, TypeVar

from kit_db.database import Database
from kit_db.defaults import default_database
from kit_db.driver.results import Row, json_columns, json_left_as_text, with_json
from kit_db.errors import (
    RowNotFoundError,
    StatementError,
    StoreDefinitionError,
    TooManyRowsError,
    TransactionRequiredError,
)
from kit_db.stores.pages import Cursors, Page
from kit_db.stores.shape import Shape
from kit_db.stores.statements import Order, Statement, Statements, portions

E = TypeVar("E")

Match = Mapping[str, Any] | None

UNASKED_LIMIT = 1000
LARGEST_PAGE = 1000


class Store(Generic[E]):
    """The rows of a table as entities: subclass it with an `entity` class and a `table`.

    `key` is the primary key's column, "id" by default. `columns` are the entity's annotated fields unless named
    here; `arrays` are the PostgreSQL arrays among them (other lists and dicts are JSON), `generated` the columns that
    the database computes, which are read but never written. Every name in SQL is one of these, every value a parameter.

    Matches are given by keyword, or as a mapping in front: a value is equal, None is null, a list has
    the column's value in it, and `kit_db.filters` has the other comparisons.

    Each call runs in the open transaction, or as a unit of its own. `database` is the default one unless given here
    or to the constructor. `cursor_key` signs the cursors of `page`; it is KIT_DB_CURSOR_KEY unless given.
    """

    entity: type[E]
    table: str
    key: str = "id"
    columns: Sequence[str] | None = None
    arrays: Sequence[str] = ()
    generated: Sequence[str] = ()
    database: Database | None = None
    cursor_key: str | bytes | None = None

    def __init__(self, database: Database | None = None, *, cursor_key: str | bytes | None = None) -> None:
        for name in ("entity", "table"):
            if not hasattr(self, name):
                raise StoreDefinitionError(f"{type(self).__qualname__} has no {name!r}")
        if database is not None:
            self.database = database
        if cursor_key is not None:
            self.cursor_key = cursor_key
        self._prepared: tuple[Shape, Statements] | None = None

    def add(self, entity: E) -> E:
        """Insert an entity and return it as it was stored, with the values that the database has added.

        A field that is None, and is None by default, is left to the column's default.
        """
        shape, statements = self._prepare()
        return self._one(statements.insert([shape.row(entity)]))

    def add_all(self, entities: Iterable[E]) -> list[E]:
        """Insert entities, all of them or none, and return them as `add` does.

        A thousand go in one statement, fewer if they are large, and behind RDS Proxy, where a long text would pin the
        connection; more are several statements in one transaction.
        """
        shape, statements = self._prepare()
        rows = map(shape.row, entities)
        begin = [*islice(rows, 1)]
        if not begin:
            return []
        batches = portions(chain(begin, rows), room=statements.room if self._database.proxied else None)
        first, second = next(batches), next(batches, None)
        if second is None:
            return self._entities(statements.insert(first))
        with self._database.transaction():
            added = self._entities(statements.insert(first)) + self._entities(statements.insert(second))
            for batch in batches:
                added += self._entities(statements.insert(batch))
        return added

    def add_if_absent(self, entity: E, *, on: str | Sequence[str] | None = None) -> E | None:
        """Insert an entity and return it as `add` does; None if there is a row with the same values in `on`.

        `on` are the columns of a unique index, the key by default. Of several that try at once, one gets the row.
        """
        shape, statements = self._prepare()
        return self._first(statements.insert_absent(shape.row(entity), self._names(on)))

    def upsert(
        self, entity: E, *, on: str | Sequence[str] | None = None, update: str | Sequence[str] | None = None
    ) -> E:
        """Insert an entity, or change the row that has the same values in `on`; returned as it is stored then.

        `on` are the columns of a unique index, the key by default. `update` are the columns to change: all by default
        that the entity has a value for, but `on` and the key; one that is named becomes NULL if the entity has None.
        ValueError if that leaves none.
        """
        shape, statements = self._prepare()
        changed = None if update is None else self._names(update)
        return self._one(statements.upsert(shape.row(entity), self._names(on), changed))

    def get(self, key: Any) -> E:
        """Return the row of that key; RowNotFoundError if there is none."""
        found = self.find(key)
        if found is None:
            raise RowNotFoundError(table=self.table, key=key)
        return found

    def find(self, key: Any) -> E | None:
        """Return the row of that key, or None."""
        shape, statements = self._prepared or self._prepare()
        rows = self._rows(shape, statements.find, (shape.parameter(self.key, key),))
        entity: E | None = shape.entity(rows[0]) if rows else None
        return entity

    def find_by(self, match: Match = None, /, **columns: Any) -> E | None:
        """Return a row that matches, or None; which one of several is not said."""
        columns = _matching(match, columns)
        if not columns:
            raise TypeError("find_by needs a column to find by")
        _, statements = self._prepare()
        return self._first(statements.select(columns, limit=1), repeatable=True)

    def first(self, match: Match = None, /, *, order_by: Order = None, **columns: Any) -> E | None:
        """Return the first row that matches in an order (as in `where`), then in that of the key; None if none does."""
        _, statements = self._prepare()
        columns = _matching(match, columns)
        return self._first(statements.select(columns, statements.total(order_by), 1), repeatable=True)

    def where(
        self,
        match: Match = None,
        /,
        *,
        order_by: Order = None,
        limit: int | EllipsisType | None = ...,
        **columns: Any,
    ) -> list[E]:
        """Return the rows that match.

        `order_by` is a column or several, each descending with a minus in front. An explicit `limit` cuts off, None
        means all rows; without either, more than 1000 rows are a TooManyRowsError, so that a table that grows is
        noticed before it fills the memory.
        """
        _, statements = self._prepare()
        asked = UNASKED_LIMIT + 1 if isinstance(limit, EllipsisType) else limit
        if asked is not None and (type(asked) is not int or asked < 0):
            raise ValueError(f"limit has to be a number of rows, not {limit!r}")
        columns = _matching(match, columns)
        found = self._entities(statements.select(columns, statements.terms(order_by), asked), repeatable=True)
        if isinstance(limit, EllipsisType) and len(found) > UNASKED_LIMIT:
            raise TooManyRowsError(table=self.table, limit=UNASKED_LIMIT)
        return found

    def page(
        self,
        match: Match = None,
        /,
        *,
        order_by: Order = None,
        limit: int = 50,
        after: str | None = None,
        **columns: Any,
    ) -> Page[E]:
        """Return some of the rows that match, in an order (as in `where`, then that of the key).

        The rows after them are another call with `after` set to the page's `next`, and the rest the same. A row that
        comes or goes in between neither repeats nor hides another. `limit` is 1000 at most. InvalidCursorError if the
        cursor was altered, or belongs to another table, order or match.
        """
        if type(limit) is not int or not 0 < limit <= LARGEST_PAGE:
            raise ValueError(f"limit has to be from 1 to {LARGEST_PAGE} rows, not {limit!r}")
        shape, statements = self._prepare()
        columns = dict(sorted(_matching(match, columns).items()))
        terms = statements.total(order_by)
        cursors = Cursors(self.cursor_key, [self.table, [term.sql for term in terms], *statements.where(columns)])
        position = None if after is None else cursors.read(after)
        # One more than asked for tells whether there is a next page.
        statement = statements.page(columns, terms, position, limit + 1)
        rows = self._rows(shape, *statement)
        width = len(shape.columns)
        items = [shape.entity(row[:width]) for row in rows[:limit]]
        return Page(items, cursors.write(rows[limit - 1][width:]) if len(rows) > limit else None)

    def lock(self, key: Any, *, nowait: bool = False, skip_locked: bool = False, wait: float | None = None) -> E | None:
        """Return the row of that key and lock it until the transaction ends (FOR UPDATE); None if there is none.

        If somebody else holds it, wait for them; with `nowait` not at all, and with `wait` for so many seconds: then it
        is a StatementTimeoutError. With `skip_locked` a row that is locked is None as well.
        TransactionRequiredError outside of a transaction, where the lock would be gone at once. Behind RDS Proxy, whose
        connection a setting would pin, `wait` is a ValueError.
        """
        if nowait + skip_locked + (wait is not None) > 1:
            raise ValueError("nowait, skip_locked and wait exclude each other")
        if wait is not None and wait <= 0:
            raise ValueError(f"wait has to be a number of seconds, not {wait!r}: nowait is not to wait at all")
        if not self._database.in_transaction:
            raise TransactionRequiredError(f"a lock on {self.table!r} needs an open transaction")
        if wait is not None and self._database.proxied:
            raise ValueError("wait would pin the connection to RDS Proxy: use nowait, or ALTER ROLE … SET lock_timeout")
        shape, statements = self._prepare()
        milliseconds = None if wait is None else max(1, round(wait * 1000))
        parameter = shape.parameter(self.key, key)
        return self._first(
            statements.lock(parameter, nowait=nowait, skip_locked=skip_locked, milliseconds=milliseconds)
        )

    def update(self, key: Any, changes: Mapping[str, Any], *, where: Match = None) -> E | None:
        """Change the row of that key and return it; None if there is none, or if it does not match `where`.

        `where` makes it a compare-and-set: `update(id, {"status": "paid"}, where={"status": "open"})`.
        """
        if not isinstance(changes, Mapping):
            raise TypeError(f"changes are a mapping of columns to values, not a {type(changes).__qualname__}")
        if not changes:
            raise ValueError("update needs a column to change")
        shape, statements = self._prepare()
        return self._first(statements.update(shape.parameter(self.key, key), changes, where or {}))

    def delete(self, key: Any, *, where: Match = None) -> bool:
        """Delete the row of that key, if it also matches `where`; tell whether there was one."""
        shape, statements = self._prepare()
        query, parameters = statements.delete(shape.parameter(self.key, key), where or {})
        return self._database.run(query, parameters).count > 0

    def count(self, match: Match = None, /, **columns: Any) -> int:
        """Return how many rows match."""
        _, statements = self._prepare()
        statement = statements.count(_matching(match, columns))
        count: int = self._database.run(*statement, repeatable=True).rows[0][0]
        return count

    def exists(self, match: Match = None, /, **columns: Any) -> bool:
        """Tell whether a row matches."""
        _, statements = self._prepare()
        statement = statements.exists(_matching(match, columns))
        found: bool = self._database.run(*statement, repeatable=True).rows[0][0]
        return found

    @property
    def _database(self) -> Database:
        return default_database() if self.database is None else self.database

    def _prepare(self) -> tuple[Shape, Statements]:
        # When first used, not when declared: the entity's annotations may name classes that come later.
        if self._prepared is None:
            shape = Shape(self.entity, columns=self.columns, arrays=self.arrays, generated=self.generated)
            self._prepared = shape, Statements(self.table, shape, self.key)
        return self._prepared

    def _names(self, names: str | Sequence[str] | None) -> Sequence[str]:
        if names is None:
            return [self.key]
        return [names] if isinstance(names, str) else names

    def _entities(self, statement: Statement, *, repeatable: bool = False) -> list[E]:
        shape, _ = self._prepare()
        return [shape.entity(row) for row in self._rows(shape, *statement, repeatable=repeatable)]

    def _rows(self, shape: Shape, query: str, parameters: Sequence[Any], *, repeatable: bool = True) -> list[Row]:
        if not shape.exact:
            return self._database.run(query, parameters, repeatable=repeatable).rows
        with json_left_as_text():
            result = self._database.run(query, parameters, repeatable=repeatable)
        # Which columns are JSON only the server knows; usually none of them is, and further rows need no second look.
        shape.exact &= json_columns(result)
        return with_json(result, shape.exact)

    def _one(self, statement: Statement) -> E:
        written = self._first(statement)
        if written is None:
            raise StatementError(f"{self.table!r} took no row: a trigger has left it out", table=self.table)
        return written

    def _first(self, statement: Statement, *, repeatable: bool = False) -> E | None:
        found = self._entities(statement, repeatable=repeatable)
        return found[0] if found else None


def _matching(match: Match, columns: dict[str, Any]) -> dict[str, Any]:
    if match is None:
        return columns
    if not isinstance(match, Mapping):
        raise TypeError(f"what has to match is a mapping of columns to values, not a {type(match).__qualname__}")
    return {**match, **columns}


BaseStore = Store
