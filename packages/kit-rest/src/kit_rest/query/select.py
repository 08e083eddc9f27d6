"""`select=` and `order=`.

Source: PostgREST's documentation, "Tables and Views", "Resource Embedding" and "Aggregate Functions".
"""

from __future__ import annotations

from kit_rest.errors import RestError, parse_error
from kit_rest.query.columns import column_ref
from kit_rest.query.text import split_top, unquoted
from kit_rest.query.tree import ColumnItem, ColumnRef, EmbedItem, Item, OrderTerm

AGGREGATES = ("avg", "count", "max", "min", "sum")
DEEPEST_EMBED = 5
_LONGEST_NAME = 63  # bytes, PostgreSQL's own limit
ALL = (ColumnItem(ColumnRef("*")),)


def select_items(text: str, depth: int = 1) -> tuple[Item, ...]:
    """Parse the value of `select=`; an empty one selects nothing."""
    if not text.strip():
        return ()
    return tuple(_item(each.strip(), depth) for each in split_top(text))


def _item(text: str, depth: int) -> Item:
    if not text:
        raise parse_error("select parameter", text)
    if text.isidentifier():
        return ColumnItem(ColumnRef(text))
    spread = text.startswith("...")
    body = text[3:].lstrip() if spread else text
    if body.endswith(")") and not _is_aggregate(body):
        return _embed(body, depth, spread=spread)
    if spread:
        raise parse_error("select parameter", text)
    return _column(body)


def _is_aggregate(text: str) -> bool:
    if not text.endswith("()"):
        return False
    name = text[:-2].rpartition(".")[2].rpartition(":")[2].strip()
    return name in AGGREGATES and ("." in text or name == text[:-2].rpartition(":")[2].strip())


def _embed(text: str, depth: int, *, spread: bool) -> EmbedItem:
    if depth > DEEPEST_EMBED:
        raise RestError(400, "PGRST100", f"relations are embedded more than {DEEPEST_EMBED} deep")
    opening = _opening(text)
    if opening < 1:
        raise parse_error("select parameter", text)
    head, inside = text[:opening].strip(), text[opening + 1 : -1]
    alias, name = _aliased(head)
    name, *hints = [unquoted(each.strip()) for each in split_top(name, "!")]
    joins = [each for each in hints if each in ("inner", "left")]
    if not name or len(joins) > 1:
        raise parse_error("select parameter", text)
    rest = tuple(each for each in hints if each not in joins)
    return EmbedItem(name, select_items(inside, depth + 1), alias, rest, "inner" in joins, spread)


def _opening(text: str) -> int:
    """Return the place of the parenthesis that opens the list of an embedded relation."""
    if '"' not in text:
        return text.find("(")
    at, quoted = 0, False
    while at < len(text):
        if text[at] == "\\" and quoted:
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif text[at] == "(" and not quoted:
            return at
        at += 1
    return -1


def _column(text: str) -> ColumnItem:
    if text == "*":
        return ALL[0]
    text, cast = _split_cast(text)
    alias, body = _aliased(text)
    if not body.endswith("()"):
        return ColumnItem(column_ref(body), alias, cast)
    name, _, aggregate = body[:-2].rpartition(".")
    if aggregate not in AGGREGATES or (not name and aggregate != "count"):
        raise parse_error("select parameter", text)
    if not name:
        return ColumnItem(ColumnRef(""), alias, None, "count", cast)
    name, inner = _split_cast(name)
    return ColumnItem(column_ref(name), alias, inner, aggregate, cast)


def _split_cast(text: str) -> tuple[str, str | None]:
    """Split at the last `::` that stands in no quotes."""
    at = text.rfind("::")
    if at < 0 or text.count('"', 0, at) % 2:
        return text, None
    return text[:at].strip(), text[at + 2 :].strip() or None


def _aliased(text: str) -> tuple[str | None, str]:
    """Split `alias:rest`, but not at the colons of a cast."""
    if ":" not in text:
        return None, text
    parts = split_top(text, ":")
    if len(parts) > 1 and parts[0].strip() and parts[1]:
        alias = unquoted(parts[0].strip())
        if not alias or "\0" in alias or len(alias.encode(errors="replace")) > _LONGEST_NAME:
            raise parse_error("an alias: 1 to 63 bytes without NUL", text)
        return alias, text[len(parts[0]) + 1 :].strip()
    return None, text.strip()


def order_terms(text: str) -> tuple[OrderTerm, ...]:
    """Parse the value of `order=`."""
    return tuple(_term(each.strip()) for each in split_top(text))


def _term(text: str) -> OrderTerm:
    parts = split_top(text, ".")
    descending, nulls_first = False, None
    for each in parts[1:]:
        word = each.strip().lower()
        if word in ("asc", "desc"):
            descending = word == "desc"
        elif word in ("nullsfirst", "nullslast"):
            nulls_first = word == "nullsfirst"
        else:
            raise parse_error("order", text)
    if not parts[0] or len(parts) > 3:
        raise parse_error("order", text)
    if parts[0].endswith(")"):
        relation, _, column = parts[0][:-1].partition("(")
        return OrderTerm(column_ref(column), descending, nulls_first, unquoted(relation.strip()))
    return OrderTerm(column_ref(parts[0]), descending, nulls_first)
