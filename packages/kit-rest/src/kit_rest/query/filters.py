"""Conditions: `column=op.value`, and the trees of `and=` and `or=`.

Source: PostgREST's documentation, "Tables and Views", on horizontal filtering.
"""

from __future__ import annotations

import re

from kit_rest.errors import RestError, parse_error
from kit_rest.query.columns import column_ref
from kit_rest.query.text import split_top, unquoted
from kit_rest.query.tree import Condition, Leaf, Tree

COMPARISONS = ("eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch")
QUANTIFIED = ("eq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch")
SEARCHES = ("fts", "plfts", "phfts", "wfts")
OTHERS = ("in", "is", "isdistinct", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj")
OPERATORS = frozenset((*COMPARISONS, *SEARCHES, *OTHERS))

IS_VALUES = ("null", "not_null", "true", "false", "unknown")
DEEPEST_TREE = 8
_CONFIGURATION = re.compile(r"[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?")


def head_of(value: str) -> tuple[str, str] | None:
    """Split `not.like(any).{a}` into `not.like(any)` and the value; None if it does not begin with an operator."""
    head, dot, rest = value.partition(".")
    if not dot:
        return None
    if head == "not":
        inner = None if rest.startswith("not.") else head_of(rest)
        return None if inner is None else (f"not.{inner[0]}", inner[1])
    if head in OPERATORS or _is_modified(head):
        return head, rest
    return None


def _is_modified(head: str) -> bool:
    name, found, modifier = head.partition("(")
    if not found or modifier[-1:] != ")":
        return False
    if name in QUANTIFIED:
        return modifier in ("any)", "all)")
    return name in SEARCHES and _CONFIGURATION.fullmatch(modifier[:-1]) is not None


def leaf(column: str, head: str, value: str | int) -> Leaf:
    """Make a condition of a column, an operator as `head_of` returns it, and a value or its slot."""
    negated = head.startswith("not.")
    name, _, modifier = (head[4:] if negated else head).partition("(")
    if name == "is":
        value = str(value).lower()
        if value not in IS_VALUES:
            raise parse_error("the value of is: null, not_null, true, false or unknown", str(value))
    return Leaf(column_ref(column), name, value, negated, modifier[:-1] or None)


def tree(operator: str, text: str, *, negated: bool = False, depth: int = 1) -> Tree:
    """Parse the value of `and=` or `or=`: `(a.eq.1,and(b.gt.2,c.is.null))`."""
    if depth > DEEPEST_TREE:
        raise RestError(400, "PGRST100", f"conditions are nested more than {DEEPEST_TREE} deep")
    text = text.strip()
    if len(text) < 3 or text[0] != "(" or text[-1] != ")":
        raise parse_error("logic tree", text)
    children = tuple(_child(each.strip(), depth) for each in split_top(text[1:-1]))
    return Tree(operator, children, negated)


def _child(text: str, depth: int) -> Condition:
    negated = text.startswith("not.")
    inner = text[4:] if negated else text
    for operator in ("and", "or"):
        if inner.startswith(f"{operator}("):
            return tree(operator, inner[len(operator) :], negated=negated, depth=depth + 1)
    column, rest = _column_and_rest(text)
    found = head_of(rest)
    if found is None:
        raise parse_error("logic tree", text)
    head, value = found
    return leaf(column, head, value if head in ("in", "not.in") else unquoted(value))


def _column_and_rest(text: str) -> tuple[str, str]:
    if text.startswith('"'):
        end = text.find('"', 1)
        while end > 0 and text[end - 1] == "\\":
            end = text.find('"', end + 1)
        dot = text.find(".", end)
    else:
        dot = text.find(".")
    if dot < 1:
        raise parse_error("logic tree", text)
    return text[:dot], text[dot + 1 :]
