"""Conditions other than equality, for a store's `where`, `first`, `page`, `count`, `exists` and `update(where=…)`.

loans.where(created_at=ge(yesterday), status=ne("rejected"))
"""

from __future__ import annotations

from typing import Any, Literal

_FORMS = {
    "gt": "{0} > {1}",
    "ge": "{0} >= {1}",
    "lt": "{0} < {1}",
    "le": "{0} <= {1}",
    "between": "{0} BETWEEN {1} AND {1}",
    "ne": "{0} IS DISTINCT FROM {1}",
}

Operator = Literal["gt", "ge", "lt", "le", "between", "ne"]


class Condition:
    """A condition on a column's value; made by the functions of this module."""

    __slots__ = ("operator", "values")

    def __init__(self, operator: Operator, *values: Any) -> None:
        if operator != "ne" and None in values:
            raise ValueError(f"{operator} needs a value to compare with: nothing is greater or less than NULL")
        self.operator = operator
        self.values = values

    def sql(self, column: str, cast: str = "") -> str:
        """Return the condition on a quoted column, with a placeholder for each value, and a cast after it."""
        return _FORMS[self.operator].format(column, f"%s{cast}")


def gt(value: Any) -> Condition:
    """Match greater values."""
    return Condition("gt", value)


def ge(value: Any) -> Condition:
    """Match values that are greater or equal."""
    return Condition("ge", value)


def lt(value: Any) -> Condition:
    """Match lesser values."""
    return Condition("lt", value)


def le(value: Any) -> Condition:
    """Match values that are less or equal."""
    return Condition("le", value)


def between(low: Any, high: Any) -> Condition:
    """Match values from `low` to `high`, both included, as SQL's BETWEEN does."""
    return Condition("between", low, high)


def ne(value: Any) -> Condition:
    """Match different values; NULL is different from every value, and `ne(None)` matches all but NULL.

    Of a list it has to be different from all of its values.
    """
    return Condition("ne", value)
