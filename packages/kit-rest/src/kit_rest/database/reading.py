"""The statements that read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kit_rest.database.parameters import Parameters
from kit_rest.database.sql import Builder, Rows, are_columns, embedded, labels
from kit_rest.declaring.columns import Column
from kit_rest.declaring.tables import Table, quoted_name
from kit_rest.query.tree import ColumnRef, OrderTerm
from kit_rest.resource_mapper import Node, Sort, Test


class ReadPlan(NamedTuple):
    """A statement with one row: the objects joined with commas, their number, the total, a version, a position.

    Columns at the end that nobody asks for are left out. A `single` one, by the key, has one row or none: the object
    and its version.
    """

    sql: str
    parameters: Parameters
    labels: list[str]
    order: list[Sort]
    explained: str
    """The statement without LIMIT, whose estimated rows are the planned count."""
    embedded: tuple[Table, ...]
    single: bool = False


def pins_key(node: Node) -> bool:
    """Tell whether the filters name one row: each column of the key with one value."""
    pinned = {
        each.column.name
        for each in node.conditions
        if isinstance(each, Test)
        and each.leaf.operator == "eq"
        and not (each.leaf.negated or each.leaf.column.path or each.leaf.modifier)
    }
    return bool(node.table.key) and pinned.issuperset(node.table.key)


def with_key(node: Node) -> list[Sort]:
    """Return the order of a node, made unique by the key."""
    known = {each.column.name for each in node.order if each.join is None}
    missing = [node.table.columns[name] for name in node.table.key if name not in known]
    descending = bool(node.order) and node.order[-1].term.descending
    return [*node.order, *(_by(column, descending) for column in missing)]


def _by(column: Column, descending: bool) -> Sort:
    return Sort(column, OrderTerm(ColumnRef(column.name), descending))


def read_plan(
    node: Node,
    *,
    stripped: bool,
    count: str | None,
    offset: bool,
    position: Sequence[bool] | None = None,
    paged: bool = False,
    source: str | None = None,
) -> ReadPlan:
    """Build the statement of a read.

    count: `exact`, or `estimated` for a count that stops one over the page's maximum
    position: for each term of the order, whether the cursor's value is not null; paged: whether a cursor is to be made
    source: the call of a function whose rows stand for the table's
    """
    builder = Builder(stripped=stripped)
    table = node.table
    alias, page, row = builder.alias("t"), builder.alias("p"), builder.alias("r")
    rows = Rows(f"{source or table.source} {alias}", alias)
    where = builder.where(node, alias)
    order = with_key(node) if paged else node.order
    total = _total(builder, rows, where, count, table.max_rows)
    paging = f" LIMIT %(limit)s{' OFFSET %(offset)s' if offset else ''}"
    explained = f"SELECT 1 FROM {rows.source}{where}"
    if node.aggregates:
        grouped = builder.grouped(node, alias, f" FROM {rows.source}{where}")
        body = _columns(builder, row, total)
        sql = f"SELECT {body} FROM ({grouped}{paging}) {row}"
        return ReadPlan(
            sql, builder.parameters, labels(node), order, f"SELECT 1 FROM {rows.source}{where}", embedded(node)
        )
    if count is None and not paged and source is None and pins_key(node):
        version = table.version_sql(alias) or "NULL"
        sql = f"SELECT {builder.json(row)}, {version} FROM {rows.source}"
        sql += f", LATERAL ({builder.objects(node, alias, direct=True)}) {row}{where}{paging}"
        return ReadPlan(sql, builder.parameters, labels(node), order, explained, embedded(node), single=True)
    here = where
    if position is not None:
        after = builder.position(order, alias, ["" if present else None for present in position])
        here = f"{where} AND {after}" if where else f" WHERE {after}"
    needed = builder.needed(node, alias)
    version, last = "NULL", "NULL"
    if pins_key(node) and source is None and (made := table.version_sql(alias)):
        needed.append(f"{made} AS {quoted_name('kit version')}")
        version = f"min({page}.{quoted_name('kit version')})"
    inside = builder.inner(node, rows, here, needed, f"{builder.order(order, alias)}{paging}")
    if paged:
        columns = builder.terms(order, alias)
        keys = [f"{each.column}::text AS {quoted_name(f'kit {at}')}" for at, each in enumerate(columns)]
        inside = builder.inner(node, rows, here, [*needed, *keys], f"{builder.order(order, alias)}{paging}")
        listed = ", ".join(quoted_name(f"kit {at}") for at in range(len(columns)))
        last = f"(SELECT json_build_array({listed})::text FROM {page} OFFSET greatest(%(limit)s - 1, 0) LIMIT 1)"
    if not paged and version == "NULL" and are_columns(node):
        sql = f"SELECT {_columns(builder, page, total)} FROM ({inside}) {page}"
        return ReadPlan(sql, builder.parameters, labels(node), order, explained, embedded(node))
    body = _columns(builder, row, total, version, last)
    objects = builder.objects(node, page)
    if paged:
        sql = f"WITH {page} AS MATERIALIZED ({inside}) SELECT {body} FROM {page}, LATERAL ({objects}) {row}"
    else:
        sql = f"SELECT {body} FROM ({inside}) {page}, LATERAL ({objects}) {row}"
    return ReadPlan(sql, builder.parameters, labels(node), order, explained, embedded(node))


def _columns(builder: Builder, row: str, *more: str) -> str:
    """Return the columns of a plan; each costs the server and the driver something."""
    columns = [f"coalesce(string_agg({builder.json(row)}, ','), '')", "count(*)", *more]
    while columns[-1] == "NULL":
        columns.pop()
    return ", ".join(columns)


def _total(builder: Builder, rows: Rows, where: str, count: str | None, most: int) -> str:
    if count == "exact":
        return f"(SELECT count(*) FROM {rows.source}{where})"
    if count == "estimated":
        return f"(SELECT count(*) FROM (SELECT 1 FROM {rows.source}{where} LIMIT {most + 1}) {builder.alias('c')})"
    return "NULL"
