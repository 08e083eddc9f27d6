"""Store: one table, typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kit_core.loading import load_early

from kit_db.database import Database, load_driver
from kit_db.defaults import default_database
from kit_db.entities.shape import Shape
from kit_db.errors import (
    InvalidLimitError,
    KeyNotUniqueError,
    RowNotFoundError,
    StaleRowError,
    StatementError,
    StoreDefinitionError,
    TooManyRowsError,
    TransactionRequiredError,
)
from kit_db.stores.access import Access
from kit_db.stores.keyset import Term
from kit_db.stores.statements import Order, Statements

if TYPE_CHECKING:
    from kit_db.stores.pages import Page

E = TypeVar("E")

Match = Mapping[str, Any] | None
Names = str | Sequence[str]

UNASKED_LIMIT = 1000
LARGEST_PAGE = 1000
LARGEST_LIMIT = 2**63 - 1


class Store(Generic[E]):
    """The rows of a table as entities: subclass it with an `entity` class and a `table`.

    key: the column of the primary key, "id" by default, or its columns in their order: then a key is a tuple
    columns: the columns, by default the annotated fields of the entity
    arrays: the PostgreSQL arrays among them; other lists and dicts are JSON
    json: the JSON columns among them that may hold a single text or number, which is written as JSON then
    generated: the columns that the database computes, which are read but never written
    version: an integer column that counts a row's changes, for `version=` of `update` and `delete`
    database: the default one unless it is given here or to the constructor
    cursor_key: signs the cursors of `page`; KIT_DB_CURSOR_KEY unless given

    Every name in SQL is one of these, every value a parameter. Each call runs in the open transaction, or as a unit of
    its own. Matches are given by keyword, or as a mapping in front: a value is equal, None is null, a list has the
    column's value in it, and `kit_db.filters` has the other comparisons.

    Example:
        class LoanStore(Store[Loan]):
            entity = Loan
            table = "app.loans"

        LoanStore().find(loan_id)
    """

    entity: type[E]
    table: str
    key: Names = "id"
    columns: Sequence[str] | None = None
    arrays: Sequence[str] = ()
    json: Sequence[str] = ()
    generated: Sequence[str] = ()
    version: str | None = None
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
        self._access: Access | None = None
        load_early(load_driver)
        load_early(self._load_early)

    def add(self, entity: E) -> E:
        """Insert an entity and return it as it was stored, with the values that the database has added.

        A field that is None, and is None by default, is left to the column's default.
        """
        access = self._prepare()
        shape, statements = access.shape, access.statements
        build = lambda: statements.insert([shape.row(entity)])  # noqa: E731
        return self._one(access.write(self._database, build, lambda: shape.given(entity)))

    def add_all(self, entities: Iterable[E]) -> list[E]:
        """Insert entities, all of them or none, and return them as `add` does.

        A thousand go in one statement, fewer if they are large, and behind RDS Proxy, where a long text would pin the
        connection; more are several statements in one transaction.
        """
        access, database = self._prepare(), self._database
        portions = access.portions(database, entities)
        first, second = next(portions, None), next(portions, None)
        if first is None:
            return []
        if second is None:
            return access.insert(database, first)
        with database.transaction():
            added: list[E] = access.insert(database, first) + access.insert(database, second)
            for portion in portions:
                added += access.insert(database, portion)
        return added

    def add_if_absent(self, entity: E, *, on: Names | None = None) -> E | None:
        """Insert an entity and return it as `add` does; None if there is a row with the same values in `on`.

        `on` are the columns of a unique index, the key by default. Of several that try at once, one gets the row.
        """
        access = self._prepare()
        shape, statements = access.shape, access.statements
        build = lambda: statements.insert_absent(shape.row(entity), self._names(on))  # noqa: E731
        return _first(access.write(self._database, build, lambda: shape.given(entity)))

    def upsert(self, entity: E, *, on: Names | None = None, update: Names | None = None) -> E:
        """Insert an entity, or change the row that has the same values in `on`; returned as it is stored then.

        `on` are the columns of a unique index, the key by default. `update` are the columns to change: all by default
        that the entity has a value for, but `on` and the key; one that is named becomes NULL if the entity has None.
        ValueError if that leaves none. If the key is `generated` and the entity has one, the row of that key is
        changed; if there is none, the entity is inserted and gets another key.
        """
        access = self._prepare()
        shape, statements = access.shape, access.statements
        names, changed = self._names(on), None if update is None else self._names(update)
        if set(names) == set(statements.keys) and not shape.generated.isdisjoint(names):
            key = [getattr(entity, name) for name in statements.keys]
            if None not in key:
                chosen = statements.changed(shape.row(entity), names, changed)
                found = self.update(key[0] if len(key) == 1 else key, {name: getattr(entity, name) for name in chosen})
                if found is not None:
                    return found
        build = lambda: statements.upsert(shape.row(entity), names, changed)  # noqa: E731
        return self._one(access.write(self._database, build, lambda: shape.given(entity)))

    def get(self, key: Any) -> E:
        """Return the row of that key; RowNotFoundError if there is none."""
        found = self.find(key)
        if found is None:
            raise RowNotFoundError(table=self.table, key=key)
        return found

    def find(self, key: Any) -> E | None:
        """Return the row of that key, or None. KeyNotUniqueError if there are several."""
        access = self._access or self._prepare()
        parameters = access.key(key)
        statement = access.statements.find, parameters
        rows = access.by_key(self.database or default_database(), statement, parameters, repeatable=True)
        if len(rows) > 1:
            raise access.not_unique(key)
        entity: E | None = access.shape.entity(rows[0]) if rows else None
        return entity

    def find_by(self, match: Match = None, /, **columns: Any) -> E | None:
        """Return a row that matches, or None; which one of several is not said."""
        columns = _matching(match, columns)
        if not columns:
            raise TypeError("find_by needs a column to find by")
        return _first(self._select(columns, (), 1))

    def first(self, match: Match = None, /, *, order_by: Order = None, **columns: Any) -> E | None:
        """Return the first row that matches in an order (as in `where`), then in that of the key; None if none does."""
        terms = self._prepare().statements.total(order_by)
        return _first(self._select(_matching(match, columns), terms, 1))

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
        noticed before it fills the memory. InvalidLimitError if the limit is no number of rows.
        """
        asked = UNASKED_LIMIT + 1 if isinstance(limit, EllipsisType) else limit
        if asked is not None and (type(asked) is not int or not 0 <= asked <= LARGEST_LIMIT):
            raise InvalidLimitError(limit, least=0, most=LARGEST_LIMIT if type(asked) is int and asked > 0 else None)
        terms = self._prepare().statements.terms(order_by)
        found = self._select(_matching(match, columns), terms, asked)
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
        comes or goes in between neither repeats nor hides another. `limit` is 1000 at most, else it is an
        InvalidLimitError. InvalidCursorError if the cursor was altered, or belongs to another table, order or match.
        KeyNotUniqueError if two rows have the same key, since a cursor between them would hide one.
        """
        if type(limit) is not int or not 0 < limit <= LARGEST_PAGE:
            raise InvalidLimitError(limit, least=1, most=LARGEST_PAGE)
        from kit_db.stores.pages import Cursors, Page

        access = self._prepare()
        statements, width = access.statements, len(access.shape.columns)
        columns = _matching(match, columns)
        terms = statements.total(order_by)
        cursors = Cursors(self.cursor_key, self.table, [term.sql for term in terms], columns)
        position = None if after is None else cursors.read(after)
        # One more than asked for tells whether there is a next page.
        build = lambda: statements.page(columns, terms, position, limit + 1)  # noqa: E731
        rows = access.read(self._database, build, lambda: [columns])
        positions = [row[width:] for row in rows]
        if len(set(positions)) < len(rows):
            raise KeyNotUniqueError(table=self.table, columns=statements.keys)
        items = [access.shape.entity(row[:width]) for row in rows[:limit]]
        return Page(items, cursors.write(positions[limit - 1]) if len(rows) > limit else None)

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
            raise ValueError("wait is a setting, which would pin a connection of RDS Proxy: use nowait, or ALTER ROLE")
        access = self._prepare()
        parameters = access.key(key)
        statement = access.statements.lock(
            parameters,
            nowait=nowait,
            skip_locked=skip_locked,
            milliseconds=None if wait is None else max(1, round(wait * 1000)),
        )
        rows = access.by_key(self._database, statement, parameters, repeatable=False)
        if len(rows) > 1:
            raise access.not_unique(key)
        return access.shape.entity(rows[0]) if rows else None

    def update(
        self, key: Any, changes: Mapping[str, Any], *, where: Match = None, version: int | None = None
    ) -> E | None:
        """Change the row of that key and return it; None if there is none, or if it does not match `where`.

        `where` makes it a compare-and-set: `update(id, {"status": "paid"}, where={"status": "open"})`. With `version`,
        that of the row as it was read, a row that was changed meanwhile is a StaleRowError. KeyNotUniqueError if there
        are several rows, of which none is changed then.
        """
        if not isinstance(changes, Mapping):
            raise TypeError(f"changes are a mapping of columns to values, not a {type(changes).__qualname__}")
        if not changes:
            raise ValueError("update needs a column to change")
        access = self._prepare()
        parameters, match = access.key(key), self._versioned(where, version)
        updated = access.update(
            self._database,
            key,
            lambda guarded: access.statements.update(parameters, changes, match, guarded=guarded),
            lambda: [changes, match],
        )
        if not updated:
            self._refuse_stale(key, version)
        return _first(updated)

    def delete(self, key: Any, *, where: Match = None, version: int | None = None) -> bool:
        """Delete the row of that key, if it also matches `where`; tell whether there was one.

        `version` and KeyNotUniqueError are as in `update`.
        """
        access = self._prepare()
        parameters, match = access.key(key), self._versioned(where, version)
        deleted = access.delete(
            self._database,
            key,
            lambda guarded: access.statements.delete(parameters, match, guarded=guarded),
            lambda: [match],
        )
        if not deleted:
            self._refuse_stale(key, version)
        return deleted

    def count(self, match: Match = None, /, **columns: Any) -> int:
        """Return how many rows match."""
        access, match = self._prepare(), _matching(match, columns)
        count: int = access.ask(self._database, lambda: access.statements.count(match), lambda: [match])
        return count

    def exists(self, match: Match = None, /, **columns: Any) -> bool:
        """Tell whether a row matches."""
        access, match = self._prepare(), _matching(match, columns)
        found: bool = access.ask(self._database, lambda: access.statements.exists(match), lambda: [match])
        return found

    @property
    def _database(self) -> Database:
        return default_database() if self.database is None else self.database

    def _prepare(self) -> Access:
        # When first used, not when declared: the entity's annotations may name classes that come later.
        if self._access is None:
            shape = Shape(
                self.entity, columns=self.columns, arrays=self.arrays, generated=self.generated, json=self.json
            )
            self._access = Access(shape, Statements(self.table, shape, self.key, version=self.version))
        return self._access

    def _load_early(self) -> None:
        """Read the entity's annotations; compile its code, if it can do that (`__kit_preload__`)."""
        self._prepare()
        prepare = getattr(self.entity, "__kit_preload__", None)
        if prepare is not None:
            prepare()

    def _names(self, names: Names | None) -> Sequence[str]:
        if names is None:
            return self._prepare().statements.keys
        return (names,) if isinstance(names, str) else names

    def _select(self, match: Mapping[str, Any], terms: Sequence[Term], limit: int | None) -> list[E]:
        access = self._prepare()
        build = lambda: access.statements.select(match, terms, limit)  # noqa: E731
        return [access.shape.entity(row) for row in access.read(self._database, build, lambda: [match])]

    def _versioned(self, where: Match, version: int | None) -> Mapping[str, Any]:
        if version is None:
            return where or {}
        if self.version is None:
            raise TypeError(f"{type(self).__qualname__} declares no version column")
        return {**(where or {}), self.version: version}

    def _refuse_stale(self, key: Any, version: int | None) -> None:
        """Raise StaleRowError if the row is there with another version; one that is gone is no rival's change."""
        found = self.find(key) if version is not None and self.version is not None else None
        if found is not None and getattr(found, self.version or "") != version:
            raise StaleRowError(table=self.table, key=key, version=version)

    def _one(self, written: list[E]) -> E:
        if not written:
            raise StatementError(f"{self.table!r} took no row: a trigger has left it out", table=self.table)
        return written[0]


def _first(found: list[E]) -> E | None:
    return found[0] if found else None


def _matching(match: Match, columns: dict[str, Any]) -> dict[str, Any]:
    if match is None:
        return columns
    if not isinstance(match, Mapping):
        raise TypeError(f"what has to match is a mapping of columns to values, not a {type(match).__qualname__}")
    return {**match, **columns}


BaseStore = Store
