"""POST: rows that are inserted, or merged with existing ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit_handler import Response

from kit_rest.database.writing import (
    InsertOptions,
    WritePlan,
    insert_plan,
)
from kit_rest.declaring.tables import ETAG, Table, check_guards
from kit_rest.errors import RestError
from kit_rest.keys import new_uid
from kit_rest.query.text import array_literal
from kit_rest.requests.bodies import Body, common_names, rewritten
from kit_rest.requests.mapper import Asked
from kit_rest.requests.shapes import Query
from kit_rest.resource_mapper import writable
from kit_rest.validation import validate
from kit_rest.writing.writer import Row, Writer, nothing

if TYPE_CHECKING:
    pass


class Creates(Writer):
    """Answers POST."""

    def create(self, asked: Asked, table: Table) -> Response:
        """Answer POST."""
        query = self.query(asked)
        if asked.key is not None:
            raise RestError(405, "PGRST117", "POST is for a collection", headers={"Allow": "GET, PUT, PATCH, DELETE"})
        body = self.body(asked, table, "before_create")
        conflict = self._conflict(asked, table, query)
        names = _insert_names(asked, table, query, body)
        if conflict is None and table.automatic.get("uid") in names:
            writable(table, ["uid is set by the server"])
        return self.insert(asked, table, query, body, names, conflict)

    def _conflict(self, asked: Asked, table: Table, query: Query) -> tuple[str, ...] | None:
        if asked.prefer.resolution is None:
            return None
        if "PUT" not in table.methods and "PATCH" not in table.methods and asked.prefer.resolution[0] == "m":
            raise RestError(405, "PGRST117", "Upserts change rows, which this resource does not allow")
        if asked.prefer.resolution == "merge-duplicates":
            check_guards(table.guards["PATCH"], asked.request)
            if table.if_match == "required":
                raise RestError(428, "KIT428", "This resource is changed with If-Match, which an upsert does not have")
        for name in query.on_conflict or ():
            column = table.columns.get(name)
            if column is None or not column.readable or name == ETAG:
                raise RestError(400, "42703", f"column {table.name}.{name[:63]} does not exist")
        return query.on_conflict or table.key

    def insert(
        self,
        asked: Asked,
        table: Table,
        query: Query,
        body: Body,
        names: tuple[str, ...],
        conflict: tuple[str, ...] | None,
    ) -> Response:
        """Insert the rows of a body; with `conflict`, the columns by which a row is there already."""
        validate(table, body.rows, names)
        prefer = asked.prefer
        uid = table.automatic.get("uid")
        uids = uid is not None and uid not in names and (bool(names) or bool(body.rows))
        defaults = None
        if prefer.missing == "default":
            present = {name for row in body.rows for name in row}
            names = tuple(name for name in names if name in present)
            given = tuple(tuple(name for name in names if name in row) for row in body.rows)
            if any(each != names for each in given):
                defaults = given
        merges = prefer.resolution == "merge-duplicates" or asked.method == "PUT"
        number = len(body.rows) if not names or defaults is not None else 1
        options = InsertOptions(names, body.many, uids, conflict, merges, number, defaults)
        if not body.rows:
            return self.finished(asked, table, nothing(), status=201)
        answer = self.answer(asked, table, "after_create")
        key = ("insert", table.schema, table.name, asked.shape.entries, options, answer, prefer.representation)
        plan: WritePlan | None = self.database.plans.find(key) if defaults is None else None
        if plan is None:
            plan = insert_plan(self.node(asked, table, query), options, answer)
            if defaults is None:
                self.database.plans.keep(key, plan)
        more = self._insert_parameters(body, options)
        parameters = plan.parameters.bind(asked.shape.values, asked.request.authorizer, **more)
        secured = conflict is not None and merges and bool(table.row_filters)
        with self.transaction(asked, table, "after_create", wanted=secured or self.may_undo(asked, body)):
            written = self.run(plan, parameters, asked, table)
            if secured and written.found.number < len(body.rows):
                message = "duplicate key value violates unique constraint"
                raise RestError(409, "23505", message)
            self.after(asked, table, "after_create", written)
            created = conflict is None or written.inserted > 0 or not written.found.number
            return self.finished(asked, table, written, status=201 if created else 200)

    def _insert_parameters(self, body: Body, options: InsertOptions) -> Row:
        made = [new_uid() for _ in body.rows] if options.uids else []
        if options.defaults is not None:
            more: Row = {f"b{at}": rewritten(row) for at, row in enumerate(body.rows)}
            return {**more, **{f"u{at}": uid for at, uid in enumerate(made)}}
        found: Row = {"body": body.text}
        if made:
            found["uid"] = array_literal(made) if body.many else made[0]
        return found


def _insert_names(asked: Asked, table: Table, query: Query, body: Body) -> tuple[str, ...]:
    if query.columns is not None:
        return tuple(writable(table, query.columns))
    if asked.prefer.missing == "default":
        names = tuple(dict.fromkeys(name for row in body.rows for name in row))
    else:
        names = common_names(body.rows)
    return tuple(writable(table, names))
