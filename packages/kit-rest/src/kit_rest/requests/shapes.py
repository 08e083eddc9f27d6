"""The query string as a shape and its values: requests of one shape share one plan.

The shape holds everything that SQL depends on, such as the columns and operators; the values travel as parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kit_rest.errors import RestError, parse_error
from kit_rest.query.columns import column_ref
from kit_rest.query.filters import OPERATORS, head_of, leaf, tree
from kit_rest.query.select import ALL, order_terms, select_items
from kit_rest.query.text import split_top, unquoted
from kit_rest.query.tree import Condition, Item, OrderTerm, Tree

MOST_CONDITIONS = 100
MOST_DIGITS = 18

Path = tuple[str, ...]
Entry = tuple[str, str | None, str | None]
"""A name, the operator of its value, and the text that belongs to the shape where there is no value."""

_FAST = OPERATORS - {"is"}
_WHOLE = ("select", "order", "columns", "on_conflict")
_PAGING = ("limit", "offset")


class Shape(NamedTuple):
    """The shape of a query, the values of its conditions in order, and the last limit, offset and cursor."""

    entries: tuple[Entry, ...]
    values: list[str]
    limit: int | None = None
    offset: int = 0
    cursor: str | None = None
    arguments: dict[str, str] | None = None


class Query(NamedTuple):
    """A parsed query: conditions, orders and limits by the path of the embed that they are about."""

    select: tuple[Item, ...]
    conditions: dict[Path, list[Condition]]
    orders: dict[Path, tuple[OrderTerm, ...]]
    limits: dict[Path, int]
    offsets: dict[Path, int]
    columns: tuple[str, ...] | None
    on_conflict: tuple[str, ...] | None
    selects: bool


def shape_of(query: Mapping[str, list[str]], parameters: frozenset[str] | None = None) -> Shape:
    """Take a query string apart. `parameters` are a function's, whose arguments stand among the conditions."""
    entries: list[Entry] = []
    values: list[str] = []
    limit: int | None = None
    offset = 0
    cursor: str | None = None
    arguments: dict[str, str] | None = None if parameters is None else {}
    for name, texts in query.items():
        if name in _WHOLE:
            entries.append((name, None, ",".join(texts) if name == "order" else texts[-1]))
        elif name == "limit":
            limit = _number(name, texts[-1])
        elif name == "offset":
            offset = _number(name, texts[-1])
        elif name == "cursor":
            cursor = texts[-1]
        else:
            for text in texts:
                head, dot, value = text.partition(".")
                if dot and head in _FAST:
                    entries.append((name, head, None))
                    values.append(value)
                    continue
                found = None if _is_tree(name) or _is_paging(name) else head_of(text)
                if found is not None and not found[0].endswith("is"):
                    entries.append((name, found[0], None))
                    values.append(found[1])
                elif arguments is not None and parameters is not None and found is None and name in parameters:
                    arguments[name] = text
                else:
                    entries.append((name, None if found is None else found[0], text if found is None else found[1]))
    if len(entries) > MOST_CONDITIONS:
        raise RestError(400, "PGRST100", f"a query has at most {MOST_CONDITIONS} parameters")
    return Shape(tuple(entries), values, limit, offset, cursor, arguments)


def _is_tree(name: str) -> bool:
    return name in ("or", "and") or name.endswith((".or", ".and"))


def _is_paging(name: str) -> bool:
    return name.endswith((".limit", ".offset", ".order"))


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > MOST_DIGITS:
        raise parse_error(f"{name}: a number, 0 or more", text)
    return int(text)


def parse_shape(entries: tuple[Entry, ...]) -> Query:
    """Parse a shape; the conditions hold the numbers of their values."""
    query = Query(ALL, {}, {}, {}, {}, None, None, selects=any(name == "select" for name, _, _ in entries))
    slot = 0
    for name, head, text in entries:
        if head is not None and text is None:
            path, column = _path_and_column(name)
            query.conditions.setdefault(path, []).append(leaf(column, head, slot))
            slot += 1
        elif head is not None:
            path, column = _path_and_column(name)
            query.conditions.setdefault(path, []).append(leaf(column, head, text or ""))
        else:
            query = _taken(query, name, text or "")
    if sum(_leaves(each) for conditions in query.conditions.values() for each in conditions) > MOST_CONDITIONS:
        raise RestError(400, "PGRST100", f"a query has at most {MOST_CONDITIONS} conditions")
    return query


def _leaves(condition: Condition) -> int:
    return sum(map(_leaves, condition.children)) if isinstance(condition, Tree) else 1


def _taken(query: Query, name: str, text: str) -> Query:
    """Take a parameter that is no condition of one column."""
    if name == "select":
        return query._replace(select=select_items(text))
    if name == "columns":
        return query._replace(columns=_names(text))
    if name == "on_conflict":
        return query._replace(on_conflict=_names(text))
    *path, last = _parts(name)
    place = tuple(path)
    if last in ("or", "and"):
        negated = place[-1:] == ("not",)
        place = place[:-1] if negated else place
        query.conditions.setdefault(place, []).append(tree(last, text, negated=negated))
    elif last == "order":
        if text:
            query.orders[place] = order_terms(text)
    elif last in _PAGING and place:
        (query.limits if last == "limit" else query.offsets)[place] = _number(last, text)
    else:
        raise parse_error(f"filter of {name[:60]!r}", text)
    return query


def _names(text: str) -> tuple[str, ...]:
    names = tuple(unquoted(each.strip()) for each in split_top(text))
    return () if names == ("",) else names


def _path_and_column(name: str) -> tuple[Path, str]:
    """Split `a.b.column`; a dot in a JSON path or in quotes splits nothing."""
    if "." not in name:
        return (), name
    parts = split_top(name, ".")
    for at, each in enumerate(parts):
        if "->" in each:
            parts = [*parts[:at], ".".join(parts[at:])]
            break
    return tuple(unquoted(each) for each in parts[:-1]), parts[-1]


def _parts(name: str) -> list[str]:
    return [unquoted(each) for each in split_top(name, ".")]


def column_name(text: str) -> str:
    """Return the name of a column without its quotes."""
    return column_ref(text).name
