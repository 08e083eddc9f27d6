"""Running a store's statements: with types that are learned on the way, and errors that name columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from kit_db.driver.reading import left_as_text
from kit_db.errors import InvalidValueError, KeyNotUniqueError, StatementError, StoreDefinitionError, UnreadableRowError
from kit_db.stores.statements import Statement, Statements

if TYPE_CHECKING:
    from kit_db.database import Database
    from kit_db.driver.results import Result, Row
    from kit_db.entities.shape import Shape
    from kit_db.stores.statements import Statement, Statements

T = TypeVar("T")
Build = Callable[[], Statement]
Portion = tuple[list[Any], list[Sequence[Any]]]
Given = Callable[[], Iterable[Mapping[str, Any]]]

# A text that its column can't read, a type that it can't take, an operator that there isn't for it.
_MISFITS = ("22P02", "42804", "42883")
# The driver refuses a text, the server a character in JSON, or the text of JSON as a whole.
_TEXTS = (None, "22P05", "22021", "22P02")
# A number out of range; or one in the text of an array, that is no number to the type.
_NUMBERS, _NO_NUMBER = ("22003", "0A000", "22P02"), "22P02"
# A subquery, here the guard of a write by key, has more than one row.
_SEVERAL_ROWS = "21000"


class Access:
    """The statements of a store, and the ways to run them.

    Most methods take a function that builds the statement, and one that returns the values which go into it: how these
    are written may depend on the columns' types, which are then asked for, and the statement is built anew.
    """

    def __init__(self, shape: Shape, statements: Statements) -> None:
        self.shape = shape
        self.statements = statements
        self._unique = False
        """Whether an index makes the key unique, so that a write by key needs no guard."""

    def key(self, key: Any) -> list[Any]:
        """Return a key as parameters: of one column a value, of several a tuple or a mapping."""
        names = self.statements.keys
        if len(names) == 1:
            return [self.shape.parameter(names[0], key)]
        if isinstance(key, Mapping) and set(key) == set(names):
            key = [key[name] for name in names]
        if not isinstance(key, (tuple, list)) or len(key) != len(names):
            raise TypeError(f"a key of {self.statements.table!r} is a tuple of {', '.join(names)}")
        return [self.shape.parameter(name, value) for name, value in zip(names, key, strict=True)]

    def rows(self, database: Database, statement: Statement, *, repeatable: bool = True) -> list[Row]:
        """Run a statement that returns the columns of the store, and maybe more after them; return its rows."""
        query, parameters = statement
        if self.shape.plain:
            return database.run(query, parameters, repeatable=repeatable).rows
        return self.shape.values(self._learned(database, query, parameters, repeatable=repeatable))

    def by_key(self, database: Database, statement: Statement, key: Sequence[Any], *, repeatable: bool) -> list[Row]:
        """Run a SELECT by key, given as parameters, and return its rows."""
        try:
            return self.rows(database, statement, repeatable=repeatable)
        except InvalidValueError as error:
            raise self.named(error, [dict(zip(self.statements.keys, key, strict=True))]) from None

    def read(self, database: Database, build: Build, given: Given) -> list[Row]:
        """Run a SELECT of the columns of the store and return its rows."""
        return self._fitted(database, given, lambda: self.rows(database, build()))

    def ask(self, database: Database, build: Build, given: Given) -> Any:
        """Run a SELECT of one value and return it."""
        return self._fitted(database, given, lambda: database.run(*build(), repeatable=True).rows[0][0])

    def write(self, database: Database, build: Build, given: Given) -> list[Any]:
        """Run a statement that writes rows and returns them; return them as entities."""
        return self._written(
            database, lambda: self._fitted(database, given, lambda: self.rows(database, build(), repeatable=False))
        )

    def portions(self, database: Database, entities: Iterable[Any]) -> Iterator[Portion]:
        """Yield entities and their rows in portions that one INSERT may hold."""
        from kit_db.stores.portions import batches, divided

        for batch in batches(entities):
            room = self.statements.room if database.proxied else None
            self.settle(database, partial(self.shape.given, *batch))
            at = 0
            for rows in divided([self.shape.row(each) for each in batch], room):
                yield batch[at : at + len(rows)], rows
                at += len(rows)

    def insert(self, database: Database, portion: Portion) -> list[Any]:
        """Insert a portion and return it as entities."""
        entities, rows = portion
        made = [rows]

        def build() -> Statement:
            return self.statements.insert(made.pop() if made else [self.shape.row(each) for each in entities])

        return self.write(database, build, lambda: self.shape.given(*entities))

    def update(self, database: Database, key: Any, build: Callable[[bool], Statement], given: Given) -> list[Any]:
        """Run an UPDATE by key, which `build` makes with a guard against several rows or without; return entities.

        KeyNotUniqueError if several rows would have been changed: none is.
        """
        width = len(self.shape.columns)

        def run() -> list[Row]:
            guarded = not self._unique
            rows = self._guarded(key, lambda: self.rows(database, build(guarded), repeatable=False))
            self._unique = self._unique or any(row[-1] for row in rows)
            return [row[:width] for row in rows] if guarded else rows

        return self._written(database, lambda: self._fitted(database, given, run, key=key))

    def delete(self, database: Database, key: Any, build: Callable[[bool], Statement], given: Given) -> bool:
        """Run a DELETE by key as `update` does, and tell whether there was a row."""

        def run() -> bool:
            result = self._guarded(key, lambda: database.run(*build(not self._unique)))
            self._unique = self._unique or any(row[-1] for row in result.rows)
            return result.count > 0

        return self._fitted(database, given, run, key=key)

    def not_unique(self, key: Any) -> KeyNotUniqueError:
        """Return the error of a key that more than one row has."""
        return KeyNotUniqueError(table=self.statements.table, columns=self.statements.keys, key=key)

    def settle(self, database: Database, given: Given) -> None:
        """Ask for the columns' types if they are not known, and the way to write these values depends on them."""
        if self.shape.types is None and self.shape.doubts(given()):
            self._look(database)

    def named(self, error: InvalidValueError, given: Iterable[Mapping[str, Any]]) -> InvalidValueError:
        """Return an error about a character or an infinite number with the column that it was given for."""
        if error.column is not None:
            return error
        code = error.sqlstate
        for name, value in (item for each in given for item in each.items()):
            if name not in self.shape.columns:
                continue
            if code in _TEXTS and self.shape.is_unstorable(name, value):
                return InvalidValueError.of_text(column=name, sqlstate=code)
            if code in _NUMBERS and self.shape.is_infinite(name, value, listed=code == _NO_NUMBER):
                return InvalidValueError.of_number(column=name, sqlstate=code)
        return error

    def _fitted(self, database: Database, given: Given, run: Callable[[], T], *, key: Any = None) -> T:
        """Call `run`; once more with the columns' types, if the server refuses a value and these are not known."""
        shape = self.shape
        self.settle(database, given)
        try:
            return run()
        except StatementError as error:
            if isinstance(error, InvalidValueError):
                keyed = [] if key is None else [dict(zip(self.statements.keys, self.key(key), strict=True))]
                named = self.named(error, [*given(), *keyed])
                if named is not error:
                    raise named from None
            if error.sqlstate not in _MISFITS or shape.types is not None:
                raise
            if not database.restart():
                # Nothing can be sent after an error in a transaction.
                error.add_note("If the column is json or jsonb, name it in the store's json.")
                raise
            self._look(database)
            if not shape.is_special:
                raise
        return run()

    def _look(self, database: Database) -> None:
        """Learn the columns' types from a SELECT that finds nothing."""
        self._learned(database, self.statements.find, [None] * len(self.statements.keys), repeatable=True)

    def _learned(self, database: Database, query: str, parameters: Sequence[Any], *, repeatable: bool) -> Result:
        with left_as_text():
            result = database.run(query, parameters, repeatable=repeatable)
        try:
            self.shape.learn(database, result)
        except StoreDefinitionError as error:
            if repeatable:
                raise
            raise UnreadableRowError(f"the statement was done, but its rows can't be read: {error}") from error
        return result

    def _written(self, database: Database, run: Callable[[], list[Row]]) -> list[Any]:
        try:
            return [self.shape.entity(row) for row in run()]
        except UnreadableRowError as error:
            if not database.in_transaction:
                error.note_write()
            raise

    def _guarded(self, key: Any, run: Callable[[], T]) -> T:
        try:
            return run()
        except StatementError as error:
            if error.sqlstate != _SEVERAL_ROWS or self._unique:
                raise
            raise self.not_unique(key) from None
