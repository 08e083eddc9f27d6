"""The parts of a parsed query."""

from __future__ import annotations

from typing import NamedTuple


class ColumnRef(NamedTuple):
    """A column, with the steps of a JSON path: `data->a->>b` is `("data", (("->", "a"), ("->>", "b")))`."""

    name: str
    path: tuple[tuple[str, str], ...] = ()


class Leaf(NamedTuple):
    """A condition: `value` is the text, or the number of the value's slot, so that equal shapes are one plan.

    modifier: `any` or `all`, or the configuration of a full text search
    """

    column: ColumnRef
    operator: str
    value: str | int
    negated: bool = False
    modifier: str | None = None


class Tree(NamedTuple):
    """Several conditions under `and` or `or`."""

    operator: str
    children: tuple[Leaf | Tree, ...]
    negated: bool = False


class ColumnItem(NamedTuple):
    """A selected column; `name` is `*` for all, empty for `count()`."""

    column: ColumnRef
    alias: str | None = None
    cast: str | None = None
    aggregate: str | None = None
    aggregate_cast: str | None = None


class EmbedItem(NamedTuple):
    """A selected relation; a spread one puts its columns into the row around it."""

    name: str
    items: tuple[ColumnItem | EmbedItem, ...]
    alias: str | None = None
    hints: tuple[str, ...] = ()
    inner: bool = False
    spread: bool = False

    @property
    def label(self) -> str:
        """The name under which the request speaks of it."""
        return self.alias or self.name


class OrderTerm(NamedTuple):
    """A term of `order=`; `relation` is set for `order=author(name)`."""

    column: ColumnRef
    descending: bool = False
    nulls_first: bool | None = None
    relation: str | None = None


Item = ColumnItem | EmbedItem
Condition = Leaf | Tree
