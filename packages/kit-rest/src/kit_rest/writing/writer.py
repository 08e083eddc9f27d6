"""The parts that all writes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kit_handler import Response

from kit_rest.database.mapper import DatabaseMapper, Written
from kit_rest.database.writing import (
    Answer,
    WritePlan,
)
from kit_rest.declaring.tables import Table, check_embedded
from kit_rest.errors import RestError
from kit_rest.keys import add_key, key_values
from kit_rest.query.tree import ColumnItem, ColumnRef
from kit_rest.requests.bodies import Body, parse_body, parse_json, rewritten
from kit_rest.requests.mapper import Asked
from kit_rest.requests.shapes import Query, parse_shape
from kit_rest.resource_mapper import Node, ResourceMapper
from kit_rest.responses.mapper import Found, of_write, versions_of
from kit_rest.responses.preferred import applied

if TYPE_CHECKING:
    from kit_rest.settings import Settings

Row = dict[str, Any]


class Precondition(NamedTuple):
    """If-Match: whether there is one, and the versions in it, None for `*`."""

    given: bool
    versions: list[str] | None


class Writer:
    """Runs writes: a transaction where one is needed, hooks, events, and the answer."""

    def __init__(self, resources: ResourceMapper, database: DatabaseMapper, settings: Settings) -> None:
        self.resources = resources
        self.database = database
        self.settings = settings

    def query(self, asked: Asked) -> Query:
        """Return the parsed query, which is kept by its shape."""
        entries = asked.shape.entries
        return self.database.plans.get(("query", entries), lambda: parse_shape(entries))

    def body(self, asked: Asked, table: Table, hook: str) -> Body:
        """Return the rows of the body, as the hook before a creation leaves them."""
        hooked = hook in table.hooks
        body = parse_body(
            asked.request,
            most_bytes=self.settings.most_bytes,
            most_rows=self.settings.most_rows,
            exact=hooked
            or bool(table.validators)
            or asked.prefer.missing == "default"
            or asked.method in ("PUT", "PATCH"),
        )
        if hook == "before_create" and hooked:
            rows = table.resource.before_create(body.rows, asked.request)
            many = body.many or len(rows) != 1
            body = Body(rewritten(rows if many else rows[0]), rows, many)
        return body

    def node(self, asked: Asked, table: Table, query: Query) -> Node:
        """Return the resolved request; without a representation nothing is selected."""
        if asked.prefer.representation == "headers-only":
            query = query._replace(select=tuple(ColumnItem(ColumnRef(name)) for name in table.key))
        elif asked.prefer.representation != "representation":
            query = query._replace(select=())
        node = self.resources.resolve(table, query)
        if node.aggregates:
            raise RestError(400, "PGRST123", "Use of aggregate functions is not allowed")
        if asked.method == "POST":
            # As PostgREST has it: the filters of an upsert have no effect.
            node.conditions = []
        elif asked.key is not None:
            add_key(node, table)
        return node

    def check_filtered(self, asked: Asked, node: Node) -> None:
        """Refuse a write to the whole table (KIT400), unless the resource allows it."""
        if not node.conditions and not node.table.unfiltered_writes:
            message = f"{asked.method} without a filter would touch the whole table"
            raise RestError(400, "KIT400", message, hint="Add a filter")

    def precondition(self, asked: Asked, table: Table) -> Precondition:
        """Read If-Match; 428 if the resource demands it and it is missing."""
        given = asked.request.headers.get("if-match")
        if given is None:
            if table.if_match == "required":
                raise RestError(
                    428, "KIT428", "This resource is changed with If-Match", hint="Read the row, send its ETag"
                )
            return Precondition(False, None)
        versions = versions_of(given)
        if versions is not None and table.version is None:
            raise RestError(412, "KIT412", f"{table.name} has no versions")
        return Precondition(True, versions)

    def bind(self, plan: WritePlan, asked: Asked, table: Table, match: Precondition, **more: Any) -> Row:
        """Return the parameters of a statement."""
        values = asked.shape.values
        if asked.key is not None:
            values = [*values, *key_values(table, asked.key)]
        if match.versions is not None:
            more["versions"] = match.versions
        limit, offset = asked.shape.limit, asked.shape.offset
        return plan.parameters.bind(values, asked.request.authorizer, limit=limit, offset=offset, **more)

    def answer(self, asked: Asked, table: Table, hook: str) -> Answer:
        """Return the parts that the statement has to return."""
        wanted = asked.prefer.representation in ("representation", "headers-only")
        return Answer(wanted, asked.media.stripped, hook in table.hooks or table.announces)

    def may_undo(self, asked: Asked, body: Body) -> bool:
        """Tell whether an insert may have to be undone when its rows are known."""
        single = asked.media.singular and asked.prefer.representation == "representation"
        return (single and len(body.rows) != 1) or self._limits_rows(asked) or asked.prefer.tx == "rollback"

    def may_undo_change(self, asked: Asked, match: Precondition, *, one: bool) -> bool:
        """Tell whether a change may have to be undone; one of a single row either happens or does not."""
        if asked.prefer.tx == "rollback":
            return True
        single = asked.media.singular and asked.prefer.representation == "representation"
        return not one and (single or self._limits_rows(asked) or match.given)

    def _limits_rows(self, asked: Asked) -> bool:
        return asked.prefer.max_affected is not None and asked.prefer.strict

    def transaction(self, asked: Asked, table: Table, hook: str, *, wanted: bool) -> Any:
        """Return a context manager: a transaction where it is wanted, or a hook or events need it."""
        hooked = hook in table.hooks or table.announces
        return self.database.transaction(wanted=wanted or hooked, keeps=asked.prefer.tx != "rollback")

    def run(self, plan: WritePlan, parameters: Row, asked: Asked, table: Table) -> Written:
        """Run the statement, and refuse more rows than the request allows (PGRST124)."""
        check_embedded(plan.embedded, asked.request)
        claims = asked.request.authorizer
        written = self.database.write(plan, parameters, table.settings, claims, timezone=asked.prefer.timezone)
        most = asked.prefer.max_affected
        if most is not None and asked.prefer.strict and written.found.number > most and asked.method != "POST":
            message = "Query result exceeds max-affected preference constraint"
            raise RestError(400, "PGRST124", message, details=f"The query affects {written.found.number} rows")
        return written

    def check_written(self, asked: Asked, written: Written, match: Precondition) -> None:
        """Raise 412 for rows of another version, 404 for a key that no row has."""
        count = written.found.number
        short = written.matched is not None and count < written.matched
        if match.given and (short or not count):
            raise RestError(412, "KIT412", "The row has another version than If-Match, or is not there")
        if asked.key is not None and not count:
            raise RestError(404, "PGRST116", "There is no such row")

    def after(self, asked: Asked, table: Table, hook: str, written: Written) -> None:
        """Call the hook and publish the events."""
        if written.whole is None:
            return
        rows: list[Row] = parse_json(written.whole, exact=True)
        if hook in table.hooks:
            getattr(table.resource, hook)(rows, asked.request)
        if table.announces and rows:
            action = {"after_create": "created", "after_update": "updated", "after_delete": "deleted"}[hook]
            self.settings.announce(table, action, rows, asked.request)

    def finished(self, asked: Asked, table: Table, written: Written, *, status: int) -> Response:
        """Return the answer."""
        location = None
        if asked.prefer.representation == "headers-only" and written.found.number == 1 and asked.method == "POST":
            from urllib.parse import quote

            (row,) = parse_json(f"[{written.found.body}]", exact=True)
            pairs = [f"{quote(name)}=eq.{quote(plain_text(row[name]), safe='')}" for name in table.key]
            location = f"/{quote(table.name)}?{'&'.join(pairs)}"
        return of_write(asked, written.found, applied(asked), status=status, location=location)


def nothing() -> Written:
    """Return the answer of a write of no rows."""
    return Written(Found("", 0), 0, None, None)


def plain_text(value: Any) -> str:
    """Return a value of JSON as PostgreSQL reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
