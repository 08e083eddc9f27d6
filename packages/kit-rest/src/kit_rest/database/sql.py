"""SQL: the one module that builds it.

Every identifier comes from a compiled declaration (`Table`, `Join`, `Column`), where it was quoted, or is an alias made
here. A name that a client chooses, the label of an output, is quoted here. Every value is a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kit_db.stores.keyset import Term, after

from kit_rest.database.conditions import condition, json_path
from kit_rest.database.parameters import Parameters
from kit_rest.declaring.columns import Column
from kit_rest.declaring.tables import Join, Table, quoted_name
from kit_rest.errors import RestError
from kit_rest.resource_mapper import Node, Output, Presence, Resolved, Sort, Test


class Rows(NamedTuple):
    """Where rows come from: `source` with the alias `alias`."""

    source: str
    alias: str


class Builder:
    """Builds the SQL of one plan."""

    def __init__(self, *, stripped: bool = False) -> None:
        self.parameters = Parameters()
        self._stripped = stripped
        self._count = 0

    def alias(self, letter: str) -> str:
        """Return a new alias."""
        self._count += 1
        return f"{letter}{self._count}"

    # ---- conditions

    def where(self, node: Node, alias: str, more: Sequence[str] = ()) -> str:
        """Return the WHERE clause of a node: its filters, the row filters of its table, and its inner embeds."""
        parts = [*more, *self.row_filters(node.table, alias)]
        parts += [self.resolved(each, alias) for each in node.conditions]
        parts += [self.exists(each, alias) for each in node.embeds if each.inner]
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def row_filters(self, table: Table, alias: str) -> list[str]:
        """Return the conditions that every row of a table has to fulfil for this caller."""
        return [
            f"{table.columns[name].sql.format(alias)} = {self.parameters.claim(claim)}"
            for name, claim in table.row_filters.items()
        ]

    def resolved(self, part: Resolved, alias: str) -> str:
        """Return one condition."""
        if isinstance(part, Test):
            return condition(part.column, part.leaf, alias, self.parameters)
        if isinstance(part, Presence):
            return ("" if part.present else "NOT ") + self.exists(part.node, alias)
        joined = f" {part.operator.upper()} ".join(self.resolved(each, alias) for each in part.children)
        return f"NOT ({joined})" if part.negated else f"({joined})"

    def exists(self, node: Node, parent: str) -> str:
        """Return the condition that an embedded relation has a row."""
        alias = self.alias("t")
        source, joined = self.joined(node.table, node.join, alias, parent)
        return f"EXISTS (SELECT 1 FROM {source}{self.where(node, alias, joined)})"

    def joined(self, table: Table, join: Join | None, alias: str, parent: str) -> tuple[str, list[str]]:
        """Return the FROM of a joined table, and the conditions that tie it to its parent."""
        source = f"{table.source} {alias}"
        if join is None:
            return source, []
        if join.through is None:
            pairs = [(f"{alias}.{quoted_name(there)}", f"{parent}.{quoted_name(here)}") for here, there in join.on]
            return source, [f"{there} = {here}" for there, here in pairs]
        between = self.alias("x")
        ties = [f"{between}.{quoted_name(near)} = {alias}.{quoted_name(far)}" for near, far in join.then]
        source = f"{source} JOIN {join.through} {between} ON {' AND '.join(ties)}"
        return source, [f"{between}.{quoted_name(near)} = {parent}.{quoted_name(here)}" for here, near in join.on]

    # ---- order and pages

    def order(self, sorts: Sequence[Sort], alias: str) -> str:
        """Return the ORDER BY clause."""
        return f" ORDER BY {', '.join(self._term(each, alias) for each in sorts)}" if sorts else ""

    def _term(self, sort: Sort, alias: str) -> str:
        term = sort.term
        if sort.join is not None and sort.target is not None:
            there = self.alias("t")
            source, joined = self.joined(sort.target, sort.join, there, alias)
            parts = " AND ".join([*joined, *self.row_filters(sort.target, there)])
            value = self.path(sort.column, term.column.path, there)
            expression = f"(SELECT {value} FROM {source} WHERE {parts} LIMIT 1)"
        else:
            expression = self.path(sort.column, term.column.path, alias)
        nulls = "" if term.nulls_first is None else f" NULLS {'FIRST' if term.nulls_first else 'LAST'}"
        return f"{expression}{' DESC' if term.descending else ''}{nulls}"

    def path(self, column: Column, path: Sequence[tuple[str, str]], alias: str) -> str:
        """Return a column, or a place in its JSON."""
        return json_path(column.sql.format(alias), path, self.parameters)

    def position(self, sorts: Sequence[Sort], alias: str, position: Sequence[str | None]) -> str:
        """Return the condition for the rows after a position, whose values are the parameters k0, k1, …"""
        terms = self.terms(sorts, alias)
        sql, used = after(terms, [None if value is None else f"k{at}" for at, value in enumerate(position)])
        for name in used:
            sql = sql.replace("%s", f"%({name})s", 1)
        return sql

    def terms(self, sorts: Sequence[Sort], alias: str) -> list[Term]:
        """Return an order as kit-db's keyset has it; PGRST100 for one that a cursor can't follow."""
        terms = []
        for sort in sorts:
            usual = sort.term.nulls_first is None or sort.term.nulls_first == sort.term.descending
            if sort.join is not None or sort.term.column.path or not usual:
                message = "A cursor follows an order by columns of the resource, with NULL last, or first in descending"
                raise RestError(400, "PGRST100", message)
            terms.append(Term(sort.column.sql.format(alias), sort.term.descending, sort.column.nullable))
        return terms

    # ---- rows and their JSON

    def inner(self, node: Node, rows: Rows, where: str, needed: Sequence[str], tail: str) -> str:
        """Return the SELECT of the rows of a page, with the columns that their JSON needs."""
        return f"SELECT {', '.join(needed) or '1'} FROM {rows.source}{where}{tail}"

    def needed(self, node: Node, alias: str) -> list[str]:
        """Return the columns of a node that its outputs and the joins of its embeds need."""
        names = {each.column.name: each.column for each in node.outputs if each.column is not None}
        found = [f"{each.sql.format(alias)} AS {quoted_name(name)}" for name, each in names.items()]
        more = {here: None for child in node.embeds if child.join for here, _ in child.join.on if here not in names}
        return found + [f"{alias}.{quoted_name(name)} AS {quoted_name(name)}" for name in more]

    def objects(self, node: Node, page: str, *, direct: bool = False) -> str:
        """Return the SELECT, without rows of its own, of the members of one object of the page.

        direct: the page is the table itself, where computed columns are calls
        """
        members: list[str] = []
        laterals: list[str] = []
        for each in node.members:
            if isinstance(each, Output):
                members.append(f"{self.output(each, page, direct=direct)} AS {quoted_name(each.label)}")
            elif each.spread:
                alias = self.alias("s")
                laterals.append(f" LEFT JOIN LATERAL ({self.spread(each, page)}) {alias} ON true")
                members += [f"{alias}.{quoted_name(label)} AS {quoted_name(label)}" for label in labels(each)]
            else:
                members.append(f"{self.embedded(each, page)} AS {quoted_name(each.label)}")
        source = f" FROM (SELECT) {self.alias('o')}{''.join(laterals)}" if laterals else ""
        return f"SELECT {', '.join(members)}{source}"

    def output(self, output: Output, page: str, *, direct: bool = False) -> str:
        """Return one output of a row of the page."""
        if output.column is None:
            raise RestError(400, "PGRST123", "Use of aggregate functions is not allowed")
        column = output.column.sql.format(page) if direct else f"{page}.{quoted_name(output.column.name)}"
        value = json_path(column, output.path, self.parameters)
        return f"CAST({value} AS {output.cast})" if output.cast else value

    def related(self, node: Node, page: str) -> str:
        """Return the SELECT of the objects of an embedded relation, for one row of the page around it."""
        alias = self.alias("t")
        source, joined = self.joined(node.table, node.join, alias, page)
        where = self.where(node, alias, joined)
        if node.aggregates:
            return self.grouped(node, alias, f" FROM {source}{where}")
        many = node.join is None or node.join.to_many
        most = node.table.max_rows if many else 1
        limit = most if node.limit is None else min(most, node.limit)
        tail = f"{self.order(node.order, alias)} LIMIT {limit}"
        if node.offset:
            tail += f" OFFSET {node.offset}"
        inside = self.inner(node, Rows(source, alias), where, self.needed(node, alias), tail)
        return self.objects_of(node, inside)

    def objects_of(self, node: Node, inside: str) -> str:
        """Return the SELECT of the objects of the rows of `inside`."""
        page, row = self.alias("p"), self.alias("r")
        return f"SELECT {row}.* FROM ({inside}) {page}, LATERAL ({self.objects(node, page)}) {row}"

    def embedded(self, node: Node, page: str) -> str:
        """Return the JSON of an embedded relation: an object or null, or an array."""
        rows = self.alias("j")
        related = self.related(node, page)
        if node.join is not None and not node.join.to_many:
            return f"(SELECT row_to_json({rows}) FROM ({related}) {rows})"
        return f"(SELECT {array_of(f'row_to_json({rows})::text')} FROM ({related}) {rows})::json"

    def spread(self, node: Node, page: str) -> str:
        """Return the SELECT of the columns of a spread relation; of one to many, each column is an array."""
        related = self.related(node, page)
        if node.join is not None and not node.join.to_many:
            return related
        rows = self.alias("j")
        arrays = [
            f"coalesce(json_agg({rows}.{quoted_name(label)}), '[]') AS {quoted_name(label)}" for label in labels(node)
        ]
        return f"SELECT {', '.join(arrays) or '1'} FROM ({related}) {rows}"

    def grouped(self, node: Node, alias: str, rest: str) -> str:
        """Return the SELECT of aggregates, grouped by the other outputs."""
        members, groups = [], []
        for each in node.outputs:
            value = "*" if each.column is None else self.path(each.column, each.path, alias)
            if each.cast:
                value = f"CAST({value} AS {each.cast})"
            if each.aggregate is None:
                groups.append(value)
            else:
                value = f"{each.aggregate}({value})"
                value = f"CAST({value} AS {each.aggregate_cast})" if each.aggregate_cast else value
            members.append(f"{value} AS {quoted_name(each.label)}")
        grouping = f" GROUP BY {', '.join(str(at + 1) for at in _grouped_places(node))}" if groups else ""
        order = self.order(node.order, alias)
        return f"SELECT {', '.join(members)}{rest}{grouping}{order}"

    def json(self, row: str) -> str:
        """Return the text of a row's JSON."""
        return f"json_strip_nulls(row_to_json({row}))::text" if self._stripped else f"row_to_json({row})::text"


def _grouped_places(node: Node) -> list[int]:
    return [at for at, each in enumerate(node.outputs) if each.aggregate is None]


def array_of(text: str) -> str:
    """Return the aggregate that joins JSON texts to an array."""
    return f"'[' || coalesce(string_agg({text}, ','), '') || ']'"


def labels(node: Node) -> list[str]:
    """Return the labels of a node's members, those of spread relations included."""
    found: list[str] = []
    for each in node.members:
        if isinstance(each, Output):
            found.append(each.label)
        elif each.spread:
            found += labels(each)
        else:
            found.append(each.label)
    return found


def are_columns(node: Node) -> bool:
    """Tell whether the objects of a node are its rows: columns under their own names, each once."""
    names = [
        each.label
        for each in node.members
        if isinstance(each, Output)
        and each.column is not None
        and each.label == each.column.name
        and not (each.path or each.cast)
    ]
    return bool(names) and len(names) == len(node.members) == len(set(names))


def embedded(node: Node) -> tuple[Table, ...]:
    """Return the tables of all embedded relations, which are read as well."""
    found: dict[int, Table] = {}
    for child in node.embeds:
        found.update({id(each): each for each in (child.table, *embedded(child))})
    return tuple(found.values())
