"""The resource mapper: names of a request become declared columns and relations, or an error; no SQL is made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kit_rest.declaring.columns import Column
from kit_rest.declaring.tables import Join, Table
from kit_rest.errors import RestError, unknown_column
from kit_rest.query.tree import ColumnItem, ColumnRef, Condition, EmbedItem, Item, Leaf, OrderTerm, Tree
from kit_rest.requests.shapes import Path, Query

CASTS = {
    **{name: name for name in ("text", "varchar", "smallint", "integer", "bigint", "numeric", "real", "boolean")},
    **{name: name for name in ("date", "time", "timestamp", "timestamptz", "uuid", "json", "jsonb", "interval")},
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "decimal": "numeric",
    "float": "double precision",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "double precision": "double precision",
    "character varying": "varchar",
}
MOST_EMBEDS = 20


class Output(NamedTuple):
    """A member of the answer's objects: a column with its JSON path, cast and aggregate."""

    label: str
    column: Column | None
    path: tuple[tuple[str, str], ...] = ()
    cast: str | None = None
    aggregate: str | None = None
    aggregate_cast: str | None = None


class Test(NamedTuple):
    """A condition of a declared column."""

    column: Column
    leaf: Leaf


class Presence(NamedTuple):
    """A condition on whether an embedded relation has rows: `author=is.null`."""

    node: Node
    present: bool


class Group(NamedTuple):
    """Conditions under `and` or `or`."""

    operator: str
    children: tuple[Resolved, ...]
    negated: bool


Resolved = Test | Presence | Group


class Sort(NamedTuple):
    """A term of the order; `join` and `target` are set where a related row decides."""

    column: Column
    term: OrderTerm
    join: Join | None = None
    target: Table | None = None


class Node:
    """A table in a request: the requested one, or an embedded one by its `join`."""

    def __init__(self, table: Table, join: Join | None = None, item: EmbedItem | None = None) -> None:
        self.table = table
        self.join = join
        self.label = "" if item is None else item.label
        self.inner = item is not None and item.inner
        self.spread = item is not None and item.spread
        self.outputs: list[Output] = []
        self.embeds: list[Node] = []
        self.members: list[Output | Node] = []
        self.conditions: list[Resolved] = []
        self.order: list[Sort] = []
        self.limit: int | None = None
        self.offset = 0

    @property
    def aggregates(self) -> bool:
        """Whether rows are grouped."""
        return any(each.aggregate for each in self.outputs)


class ResourceMapper:
    """Looks names up among the tables of an Api, by the schema's profile."""

    def __init__(self, tables: Mapping[tuple[str, str], Table], default: str) -> None:
        self.tables = dict(tables)
        self.default = default

    def table(self, profile: str, name: str) -> Table:
        """Return a table by its name; PGRST205 (404) if there is none."""
        found = self.tables.get((profile, name))
        if found is None:
            message = f"Could not find the table '{profile}.{_shown(name)}' in the schema cache"
            raise RestError(404, "PGRST205", message)
        return found

    def resolve(self, table: Table, query: Query) -> Node:
        """Return the requested node with everything that the query says about it and its embeds."""
        node = Node(table)
        count = [0]
        self._select(node, query.select, count)
        nodes: dict[Path, Node] = {}
        _place(node, (), nodes)
        for path, conditions in query.conditions.items():
            place = _at(nodes, path)
            place.conditions = [self._condition(place, each) for each in conditions]
        for path, terms in query.orders.items():
            place = _at(nodes, path)
            place.order = [self._sort(place, each) for each in terms]
        for path, limit in query.limits.items():
            _at(nodes, path).limit = limit
        for path, offset in query.offsets.items():
            _at(nodes, path).offset = offset
        _check_aggregates(node)
        return node

    def _select(self, node: Node, items: Iterable[Item], count: list[int]) -> None:
        for item in items:
            if isinstance(item, EmbedItem):
                count[0] += 1
                if count[0] > MOST_EMBEDS:
                    raise RestError(400, "PGRST100", f"a request embeds at most {MOST_EMBEDS} relations")
                join = _join(node.table, item)
                child = Node(self._target(node.table, join), join, item)
                self._select(child, item.items, count)
                node.embeds.append(child)
                node.members.append(child)
            elif item.column.name == "*" and not item.column.path:
                for name in node.table.all_columns:
                    _add(node, Output(name, node.table.columns[name]))
            else:
                _add(node, _output(node.table, item))

    def _target(self, table: Table, join: Join) -> Table:
        for profile in (table.schema or self.default, self.default):
            found = self.tables.get((profile, join.target))
            if found is not None and "GET" in found.methods:
                return found
        raise _no_relation(table, join.name)

    def _condition(self, node: Node, condition: Condition) -> Resolved:
        if isinstance(condition, Tree):
            children = tuple(self._condition(node, each) for each in condition.children)
            return Group(condition.operator, children, condition.negated)
        column = node.table.columns.get(condition.column.name)
        if column is None:
            for child in node.embeds:
                if child.label == condition.column.name and not child.spread:
                    return _presence(child, condition)
            column = _twice_quoted(node.table, condition.column.name)
        if column is None or not column.filterable or not column.readable:
            raise unknown_column(node.table.name, _shown(condition.column.name))
        if condition.column.path and not column.json:
            raise unknown_column(node.table.name, _shown(condition.column.name))
        if condition.operator in ("match", "imatch") and not node.table.patterns:
            raise RestError(400, "PGRST100", f"{condition.operator} is not enabled for {node.table.name}")
        return Test(column, condition)

    def _sort(self, node: Node, term: OrderTerm) -> Sort:
        if term.relation is None:
            return Sort(_sortable(node.table, term.column), term)
        for child in node.embeds:
            if term.relation in (child.label, child.join.name if child.join else None):
                join = child.join
                if join is None or join.to_many:
                    message = f"A related order on '{child.label}' is not possible"
                    raise RestError(400, "PGRST118", message, details="It is no to-one relation")
                return Sort(_sortable(child.table, term.column), term, join, child.table)
        raise _not_embedded(term.relation)


def _place(node: Node, path: Path, nodes: dict[Path, Node]) -> None:
    nodes[path] = node
    for child in node.embeds:
        _place(child, (*path, child.label), nodes)


def _at(nodes: Mapping[Path, Node], path: Path) -> Node:
    found = nodes.get(path)
    if found is None:
        raise _not_embedded(path[-1])
    return found


def _not_embedded(name: str) -> RestError:
    message = f"'{_shown(name)}' is not an embedded resource in this request"
    return RestError(
        400, "PGRST108", message, hint=f"Verify that '{_shown(name)}' is included in the 'select' parameter."
    )


def _shown(name: str) -> str:
    return name if len(name) <= 63 else name[:63] + "…"


def _add(node: Node, output: Output) -> None:
    node.outputs.append(output)
    node.members.append(output)


def _join(table: Table, item: EmbedItem) -> Join:
    """Return the relation that an embed names: by its name, or by the target's if only one leads there."""
    named = table.joins.get(item.name)
    found = [named] if named else [each for each in table.joins.values() if each.target == item.name]
    if not found:
        found = [each for each in table.joins.values() if item.name in each.aliases]
    if item.hints and named is None:
        found = [each for each in found if all(hint in each.names for hint in item.hints)]
    elif item.hints and named is not None and not all(hint in named.names for hint in item.hints):
        found = [
            each
            for each in table.joins.values()
            if each.target == named.target and all(hint in each.names for hint in item.hints)
        ]
    if not found:
        raise _no_relation(table, item.name)
    if len(found) > 1:
        names = ", ".join(sorted(each.name for each in found))
        message = f"Could not embed because more than one relationship was found for '{table.name}' and '{item.name}'"
        raise RestError(300, "PGRST201", message, hint=f"Name one of the relations: {names}")
    return found[0]


def _no_relation(table: Table, name: str) -> RestError:
    message = f"Could not find a relationship between '{table.name}' and '{_shown(name)}' in the schema cache"
    return RestError(400, "PGRST200", message)


def readable(table: Table, name: str) -> Column:
    """Return a column that may be read; the error for a hidden one is that for one which is not there."""
    column = table.columns.get(name) or _twice_quoted(table, name)
    if column is None or not column.readable:
        raise unknown_column(table.name, _shown(name))
    return column


def _twice_quoted(table: Table, name: str) -> Column | None:
    """Return the column of a name that its caller had quoted before the client quoted it again."""
    return table.columns.get(name[1:-1]) if len(name) > 2 and name[0] == name[-1] == '"' else None


def _sortable(table: Table, reference: ColumnRef) -> Column:
    column = readable(table, reference.name)
    if not column.sortable or (reference.path and not column.json):
        raise unknown_column(table.name, _shown(reference.name))
    return column


def _output(table: Table, item: ColumnItem) -> Output:
    if not item.column.name:
        return Output(item.alias or "count", None, aggregate="count", aggregate_cast=_cast(item.aggregate_cast))
    column = readable(table, item.column.name)
    if item.column.path and not column.json:
        raise unknown_column(table.name, _shown(item.column.name))
    label = item.alias or item.aggregate or _path_label(item.column)
    return Output(label, column, item.column.path, _cast(item.cast), item.aggregate, _cast(item.aggregate_cast))


def _path_label(reference: ColumnRef) -> str:
    for _, step in reversed(reference.path):
        if step and not step.lstrip("-").isdecimal():
            return step
    return reference.name


def _cast(name: str | None) -> str | None:
    if name is None:
        return None
    found = CASTS.get(name.lower())
    if found is None:
        raise RestError(400, "42704", f'type "{_shown(name)}" does not exist')
    return found


def _presence(node: Node, leaf: Leaf) -> Presence:
    if leaf.operator != "is" or leaf.value not in ("null", "not_null") or leaf.column.path:
        message = f"Bad operator on the '{node.label}' embedded resource"
        raise RestError(400, "PGRST120", message, details="Only is null or not is null filters are allowed")
    return Presence(node, (leaf.value == "not_null") != leaf.negated)


def _check_aggregates(node: Node) -> None:
    # Not by label: two embeds may have the same one.
    for child in node.embeds:
        _check_aggregates(child)
    if not node.aggregates:
        return
    if not node.table.aggregates:
        raise RestError(400, "PGRST123", "Use of aggregate functions is not allowed")
    if node.embeds:
        raise RestError(400, "PGRST127", "Feature not implemented", details="Aggregates beside embedded relations")


def changeable(table: Table, names: Iterable[str]) -> list[str]:
    """Return columns that a PATCH may set: those that are writable, but for the automatic identifier."""
    checked = writable(table, names)
    if table.automatic.get("uid") in checked:
        writable(table, ["uid is set by the server"])
    return checked


def writable(table: Table, names: Iterable[str]) -> list[str]:
    """Return columns that a body may set; PGRST204 (400) for any other, hidden or not there at all."""
    checked = list(names)
    for name in checked:
        column = table.columns.get(name)
        if column is None or not column.writable:
            message = f"Could not find the '{_shown(name)}' column of '{table.name}' in the schema cache"
            raise RestError(400, "PGRST204", message)
    return checked
