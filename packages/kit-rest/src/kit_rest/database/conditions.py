"""Conditions of one column as SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from kit_rest.database.parameters import Parameters, Transform
from kit_rest.declaring.columns import Column
from kit_rest.errors import RestError
from kit_rest.query.text import array_literal, array_text, list_elements
from kit_rest.query.tree import Leaf

MOST_ELEMENTS = 1000

_SIGNS = {
    "eq": "=",
    "neq": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "like": "LIKE",
    "ilike": "ILIKE",
    "match": "~",
    "imatch": "~*",
    "cs": "@>",
    "cd": "<@",
    "ov": "&&",
    "sl": "<<",
    "sr": ">>",
    "nxr": "&<",
    "nxl": "&>",
    "adj": "-|-",
    "isdistinct": "IS DISTINCT FROM",
}
_IS = {"null": "NULL", "not_null": "NOT NULL", "true": "TRUE", "false": "FALSE", "unknown": "UNKNOWN"}
_QUERIES = {
    "fts": "to_tsquery",
    "plfts": "plainto_tsquery",
    "phfts": "phraseto_tsquery",
    "wfts": "websearch_to_tsquery",
}
_ARRAYS = ("cs", "cd", "ov")
_PATTERNS = ("like", "ilike")
_PLACE = re.compile(r"-?[0-9]{1,9}")


def condition(column: Column, leaf: Leaf, alias: str, parameters: Parameters) -> str:
    """Return the SQL of a condition."""
    left = json_path(column.sql.format(alias), leaf.column.path, parameters)
    if leaf.operator == "is":
        expression = f"{left} IS {_IS[str(leaf.value)]}"
    elif leaf.operator == "in":
        expression = f"{left} = ANY({_placeholder(leaf, parameters, _list)})"
    elif leaf.operator in _QUERIES:
        expression = _search(column, left, leaf, parameters)
    elif leaf.modifier:
        placeholder = _placeholder(leaf, parameters, _pattern_array if leaf.operator in _PATTERNS else _array)
        expression = f"{left} {_SIGNS[leaf.operator]} {leaf.modifier.upper()}({placeholder})"
    else:
        expression = f"{left} {_SIGNS[leaf.operator]} {_placeholder(leaf, parameters, _transform(column, leaf))}"
    return f"NOT ({expression})" if leaf.negated else expression


def json_path(sql: str, path: Sequence[tuple[str, str]], parameters: Parameters) -> str:
    """Return a place in a JSON column; its steps are parameters, numbers are places in an array."""
    for operator, step in path:
        # As a number, never as the client's text: `--1` would be a comment.
        key = str(int(step)) if _PLACE.fullmatch(step) else parameters.constant(step)
        sql = f"{sql}{operator}{key}"
    return f"({sql})" if path else sql


def _placeholder(leaf: Leaf, parameters: Parameters, transform: Transform | None) -> str:
    if isinstance(leaf.value, int):
        return parameters.slot(leaf.value, transform)
    return parameters.constant(leaf.value if transform is None else transform(leaf.value))


def _transform(column: Column, leaf: Leaf) -> Callable[[str], Any] | None:
    if leaf.operator in _PATTERNS:
        return _pattern
    if leaf.operator == "isdistinct":
        return _distinct
    return array_text if leaf.operator in _ARRAYS and column.array else None


def _search(column: Column, left: str, leaf: Leaf, parameters: Parameters) -> str:
    config = f"{parameters.constant(leaf.modifier)}::regconfig, " if leaf.modifier else ""
    vector = left if column.vector and not leaf.column.path else f"to_tsvector({config}{left})"
    return f"{vector} @@ {_QUERIES[leaf.operator]}({config}{_placeholder(leaf, parameters, None)})"


def _pattern(value: str) -> str:
    return value.replace("*", "%")


def _distinct(value: str) -> str | None:
    return None if value == "null" else value


def _list(value: str) -> str:
    elements = list_elements(value)
    _check_length(len(elements))
    return array_literal(elements)


def _array(value: str) -> str:
    if len(value) < 2 or value[0] != "{" or value[-1] != "}":
        raise RestError(400, "PGRST100", "any and all take a list in braces")
    _check_length(value.count(","))
    return array_text(value)


def _pattern_array(value: str) -> str:
    return _array(value).replace("*", "%")


def _check_length(length: int) -> None:
    if length > MOST_ELEMENTS:
        raise RestError(400, "PGRST100", f"a list has at most {MOST_ELEMENTS} elements")
