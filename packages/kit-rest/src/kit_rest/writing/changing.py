"""PATCH and DELETE: rows that are changed or deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit_handler import Response

from kit_rest.database.reading import pins_key
from kit_rest.database.writing import (
    bulk_update_plan,
    delete_plan,
    update_plan,
)
from kit_rest.declaring.tables import ETAG, Table
from kit_rest.errors import RestError
from kit_rest.requests.bodies import Body, common_names, rewritten
from kit_rest.requests.mapper import Asked
from kit_rest.requests.shapes import Query
from kit_rest.resource_mapper import changeable
from kit_rest.responses.mapper import versions_of
from kit_rest.validation import validate
from kit_rest.writing.writer import Precondition, Row, Writer, nothing, plain_text

if TYPE_CHECKING:
    pass


class Changes(Writer):
    """Answers PATCH and DELETE."""

    def update(self, asked: Asked, table: Table) -> Response:
        """Answer PATCH: one object of changes, or an array of rows."""
        query = self.query(asked)
        body = self.body(asked, table, "before_update")
        if body.many and (len(body.rows) > 1 or _has_key(table, body.rows)) and not query.conditions.get(()):
            return self._update_each(asked, table, query, body)
        if len(body.rows) != 1:
            message = "A PATCH takes one object of changes, or without filters an array of rows with their keys"
            raise RestError(400, "PGRST102", message)
        changes = body.rows[0]
        if "before_update" in table.hooks:
            changes = table.resource.before_update(changes, asked.request)
        names = changeable(table, query.columns if query.columns is not None else changes)
        validate(table, [changes], names)
        return self.change(asked, table, query, changes, names, self.precondition(asked, table), body)

    def change(
        self,
        asked: Asked,
        table: Table,
        query: Query,
        changes: Row,
        names: Sequence[str],
        match: Precondition,
        body: Body | None = None,
    ) -> Response:
        """Change the rows that the filters match; `body` is where the changes come from, if they are all of it."""
        if not names:
            return self.finished(asked, table, nothing(), status=200)
        versions = match.given and match.versions is not None
        limited = asked.shape.limit is not None
        answer = self.answer(asked, table, "after_update")
        shape = ("update", table.schema, table.name, asked.shape.entries, tuple(names), answer)
        plan = self.database.plans.get(
            (*shape, asked.key is not None, limited, versions, asked.prefer.representation, asked.method),
            lambda: update_plan(self.node(asked, table, query), names, answer, limited=limited, versions=versions),
        )
        self.check_filtered(asked, plan.node)
        untouched = body is not None and not body.many and "before_update" not in table.hooks
        text = body.text if body is not None and untouched else rewritten(changes)
        parameters = self.bind(plan, asked, table, match, body=text)
        one = pins_key(plan.node)
        with self.transaction(asked, table, "after_update", wanted=self.may_undo_change(asked, match, one=one)):
            written = self.run(plan, parameters, asked, table)
            self.check_written(asked, written, match)
            self.after(asked, table, "after_update", written)
            return self.finished(asked, table, written, status=200)

    def _update_each(self, asked: Asked, table: Table, query: Query, body: Body) -> Response:
        if "if-match" in asked.request.headers or asked.shape.limit is not None or asked.key is not None:
            message = f"A PATCH of several rows has their versions in the rows ({ETAG}), and neither limit nor key"
            raise RestError(400, "KIT400", message)
        rows = body.rows
        if "before_update" in table.hooks:
            rows = [table.resource.before_update(row, asked.request) for row in rows]
        if not _has_key(table, rows):
            message = "Each row of a PATCH without filters has all columns of the key"
            raise RestError(400, "KIT400", message, details=f"The key: {', '.join(table.key)}")
        if len({tuple(plain_text(row[name]) for name in table.key) for row in rows}) < len(rows):
            raise RestError(400, "PGRST102", "The body has two rows with one key")
        if table.if_match == "required" and any(ETAG not in row for row in rows):
            raise RestError(428, "KIT428", f"Each row needs its version: the column {ETAG}")
        names = [name for name in common_names([_without_etag(row) for row in rows]) if name not in table.key]
        changeable(table, names)
        validate(table, rows, names)
        if not names:
            raise RestError(400, "PGRST102", "The rows have nothing to change")
        tagged = any(ETAG in row for row in rows)
        if tagged and table.version is None:
            raise RestError(400, "KIT412", f"{table.name} has no versions")
        rows = [{**row, ETAG: _version(row[ETAG])} if ETAG in row else row for row in rows]
        answer = self.answer(asked, table, "after_update")
        shape = ("each", table.schema, table.name, asked.shape.entries, tuple(names), answer, tagged)
        plan = self.database.plans.get(
            (*shape, asked.prefer.representation),
            lambda: bulk_update_plan(self.node(asked, table, query), names, answer, versions=tagged),
        )
        parameters = self.bind(plan, asked, table, Precondition(False, None), body=rewritten(rows))
        with self.transaction(asked, table, "after_update", wanted=True):
            written = self.run(plan, parameters, asked, table)
            if written.found.number < len(rows):
                message = "A row was changed meanwhile, or is not there: nothing was written"
                raise RestError(412 if tagged else 404, "KIT412" if tagged else "PGRST116", message)
            self.after(asked, table, "after_update", written)
            return self.finished(asked, table, written, status=200)

    def delete(self, asked: Asked, table: Table) -> Response:
        """Answer DELETE; its body means nothing."""
        query = self.query(asked)
        if "before_delete" in table.hooks:
            table.resource.before_delete(asked.request)
        match = self.precondition(asked, table)
        versions = match.given and match.versions is not None
        limited = asked.shape.limit is not None
        answer = self.answer(asked, table, "after_delete")
        key = ("delete", table.schema, table.name, asked.shape.entries, answer, asked.key is not None)
        plan = self.database.plans.get(
            (*key, limited, versions, asked.prefer.representation),
            lambda: delete_plan(self.node(asked, table, query), answer, limited=limited, versions=versions),
        )
        self.check_filtered(asked, plan.node)
        parameters = self.bind(plan, asked, table, match)
        one = pins_key(plan.node)
        with self.transaction(asked, table, "after_delete", wanted=self.may_undo_change(asked, match, one=one)):
            written = self.run(plan, parameters, asked, table)
            self.check_written(asked, written, match)
            self.after(asked, table, "after_delete", written)
            return self.finished(asked, table, written, status=200)


def _has_key(table: Table, rows: list[Row]) -> bool:
    return bool(rows) and all(name in row for row in rows for name in table.key)


def _without_etag(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != ETAG}


def _version(value: Any) -> str:
    """Return the version in a row's `_etag`: it is one itself, or an ETag in its quotes."""
    text = str(value)
    if text[:1] != '"' and not text.startswith("W/"):
        return text
    found = versions_of(text) or [""]
    return found[0]
