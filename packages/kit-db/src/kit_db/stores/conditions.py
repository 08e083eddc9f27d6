"""The WHERE clause of a match."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from kit_db.entities.values import is_list
from kit_db.filters import Condition
from kit_db.stores.names import Names

if TYPE_CHECKING:
    from kit_db.entities.shape import Shape

Part = tuple[str, list[Any]]


class Conditions:
    """The conditions on the columns of a table: equality, None as NULL, lists, and those of kit_db.filters."""

    def __init__(self, names: Names, shape: Shape) -> None:
        self._names = names
        self._shape = shape

    def of(self, match: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
        """Return the conditions of a match, which have to hold together, and their parameters."""
        conditions: list[str] = []
        parameters: list[Any] = []
        for name, value in match.items():
            condition, found = self._matches(name, value)
            conditions.append(condition)
            parameters += found
        return conditions, parameters

    def _matches(self, name: str, value: Any) -> Part:
        column = self._names.column(name)
        if value is None:
            return f"{column} IS NULL", []
        if isinstance(value, Condition):
            if value.values == (None,):
                return f"{column} IS NOT NULL", []
            return self._compared(name, column, value)
        if is_list(value) and any(isinstance(each, Condition) for each in value):
            return self._all_of(name, value)
        if not is_list(value) or self._shape.holds_lists(name):
            return f"{column} = %s{self._shape.cast(name)}", [self._shape.parameter(name, value)]
        known, null = self._divide(name, value)
        equal = f"{column} = ANY(%s{self._array_cast(name)})"
        return (f"({equal} OR {column} IS NULL)" if null else equal), [known]

    def _all_of(self, name: str, conditions: Collection[Any]) -> Part:
        if not all(isinstance(each, Condition) for each in conditions):
            raise ValueError(f"{name!r} is matched with values or with conditions, not with both in one list")
        made = [self._matches(name, each) for each in conditions]
        if isinstance(conditions, (set, frozenset)):
            # In one order: the listing of a page's cursor is the text.
            made.sort(key=repr)
        return f"({' AND '.join(text for text, _ in made)})", [value for _, values in made for value in values]

    def _compared(self, name: str, column: str, condition: Condition) -> Part:
        several = next((each for each in condition.values if is_list(each)), None)
        if several is None or self._shape.holds_lists(name):
            sql = condition.sql(column, self._shape.cast(name))
            return sql, [self._shape.parameter(name, each) for each in condition.values]
        if condition.operator != "ne":
            raise ValueError(
                f"{condition.operator} compares {name!r} with one value, not with {type(several).__name__}"
            )
        known, null = self._divide(name, several)
        # NULL is different from every value, as it is for a single one; unless it is among them.
        different = f"{column} <> ALL(%s{self._array_cast(name)})"
        return f"({different} {'AND' if null else 'OR'} {column} IS {'NOT ' if null else ''}NULL)", [known]

    def _array_cast(self, name: str) -> str:
        cast = self._shape.cast(name)
        return f"{cast}[]" if cast else ""

    def _divide(self, name: str, values: Collection[Any]) -> tuple[Any, bool]:
        """Return the values of a collection that are not None as one parameter, and whether there is a None."""
        known = [each for each in values if each is not None]
        listed = frozenset(known) if isinstance(values, (set, frozenset)) else known
        return self._shape.elements(name, listed), len(known) < len(values)
