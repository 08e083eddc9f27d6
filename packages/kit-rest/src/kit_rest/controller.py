"""The controller: the way of a request through the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kit_handler import Response

from kit_rest.database.mapper import DatabaseMapper
from kit_rest.database.reading import ReadPlan, read_plan
from kit_rest.declaring.tables import Table, check_embedded, check_guards
from kit_rest.errors import RestError
from kit_rest.keys import add_key, key_values
from kit_rest.requests.mapper import Asked, RequestMapper
from kit_rest.requests.shapes import parse_shape
from kit_rest.resource_mapper import ResourceMapper
from kit_rest.responses import problems
from kit_rest.responses.mapper import Found, of_read
from kit_rest.responses.preferred import applied
from kit_rest.writing.writes import Writes

if TYPE_CHECKING:
    from kit_handler import Request

    from kit_rest.calls import Calls
    from kit_rest.settings import Settings

_READS = ("GET", "HEAD")
_SAFE = (*_READS, "OPTIONS")


class Controller:
    """Answers requests: request mapper, resource mapper, database mapper, response mapper, in this order."""

    def __init__(
        self,
        requests: RequestMapper,
        resources: ResourceMapper,
        database: DatabaseMapper,
        calls: Calls,
        settings: Settings,
    ) -> None:
        self._requests = requests
        self._resources = resources
        self._database = database
        self._calls = calls
        self._settings = settings
        self._writes = Writes(resources, database, settings)

    def __call__(self, request: Request) -> Response:
        """Return the answer to a request; every error is one of PostgREST's vocabulary."""
        table: Table | None = None
        try:
            asked = self._requests.map(request)
            if asked.kind == "table":
                table = self._resources.table(asked.profile, asked.name)
            key = request.headers.get("idempotency-key") if request.method not in _SAFE else None
            if key is None:
                return self._of_kind(asked, table)
            return self._once(asked, table, key)
        except Exception as error:  # noqa: BLE001  (whatever it is, the answer is in PostgREST's vocabulary)
            return problems.problem(problems.of_any(error, table), head=request.method == "HEAD")

    def _once(self, asked: Asked, table: Table | None, key: str) -> Response:
        if self._settings.idempotency is None:
            raise RestError(400, "KIT409", "Idempotency-Key is not enabled")
        from kit_rest.idempotency import Idempotency, once

        idempotency = Idempotency(self._settings.idempotency, self._database)
        return once(idempotency, asked.request, key, lambda: self._of_kind(asked, table))

    def _batch(self, asked: Asked) -> Response:
        if asked.method == "OPTIONS":
            return Response(204, "", {"Allow": "OPTIONS, POST"})
        from kit_rest.batches import Batches

        return Batches(self, self._database, self._settings.most_bytes).answer(asked)

    def _of_kind(self, asked: Asked, table: Table | None) -> Response:
        if table is not None:
            return self._answer(asked, table)
        if asked.kind == "rpc":
            return self._calls.answer(asked)
        if asked.kind == "batch":
            return self._batch(asked)
        if asked.kind == "root" and asked.method in (*_READS, "OPTIONS"):
            return self._settings.root(asked)
        raise RestError(404, "PGRST125", "Invalid path specified in request URL")

    def _answer(self, asked: Asked, table: Table) -> Response:
        method = asked.method
        if method == "OPTIONS":
            return Response(204, "", {"Allow": ", ".join(sorted(table.methods))})
        if method not in table.methods:
            allow = {"Allow": ", ".join(sorted(table.methods))}
            raise RestError(405, "PGRST117", f"Unsupported HTTP method: {method[:20]}", headers=allow)
        guards = table.guards[method]
        if guards:
            check_guards(guards, asked.request)
        if method in _READS:
            return self._read(asked, table)
        return self._writes.answer(asked, table)

    def _read(self, asked: Asked, table: Table) -> Response:
        if "before_read" in table.hooks:
            table.resource.before_read(asked.request)
        shape, prefer, media = asked.shape, asked.prefer, asked.media
        if media.kind == "openapi":
            raise RestError(406, "PGRST107", "None of these media types are available: OpenAPI is at the root")
        if media.kind == "plan" and not self._settings.plans:
            raise RestError(406, "PGRST107", "None of these media types are available: plans are not enabled")
        cursor = None if shape.cursor is None else self._settings.cursors.of(asked, table)
        position = None if cursor is None else tuple(each is not None for each in cursor.position)
        paging = None if position is None and not shape.offset else (bool(shape.offset), position)
        key = ("read", table.schema, table.name, shape.entries, asked.key is None, prefer.count, media.stripped, paging)
        plan: ReadPlan | None = self._database.plans.find(key)
        if plan is None:
            plan = self._database.plans.keep(key, self._plan(asked, table, position))
        if plan.embedded:
            check_embedded(plan.embedded, asked.request)
        limit = table.page_size if shape.limit is None else min(shape.limit, table.max_rows)
        values = shape.values if asked.key is None else [*shape.values, *key_values(table, asked.key)]
        claims = asked.request.authorizer
        parameters = plan.parameters.bind(values, claims, limit=limit, offset=shape.offset)
        if cursor is not None:
            parameters.update({f"k{at}": value for at, value in enumerate(cursor.position)})
        if media.kind == "plan":
            text = self._database.explain(
                plan, parameters, table.settings, claims, options=media.plan_options, style=media.plan_format
            )
            return Response(200, text, {"Content-Type": media.content_type})
        found = self._database.read(plan, parameters, table.settings, claims, timezone=prefer.timezone)
        if prefer.count is not None:
            found = self._counted(asked, table, plan, parameters, found)
        if cursor is not None:
            more = found.next is not None and found.number == limit
            found = found._replace(next=cursor.link(asked, plan, found.next) if more and found.next else None)
        return of_read(asked, found, applied(asked), by_key=asked.key is not None)

    def _plan(self, asked: Asked, table: Table, position: tuple[bool, ...] | None) -> ReadPlan:
        """Build the statement of a read; a cursor's position tells which of its values are not null."""
        shape, count = asked.shape, asked.prefer.count
        node = self._resources.resolve(table, parse_shape(shape.entries))
        if asked.key is not None:
            add_key(node, table)
        return read_plan(
            node,
            stripped=asked.media.stripped,
            count=count if count != "planned" else None,
            offset=bool(shape.offset),
            position=position or None,
            paged=position is not None,
        )

    def _counted(self, asked: Asked, table: Table, plan: ReadPlan, parameters: dict[str, Any], found: Found) -> Found:
        """Add the planned count, where the request asks for it, or the estimated one is over the maximum."""
        count = asked.prefer.count
        over = count == "estimated" and found.total is not None and found.total > table.max_rows
        if count != "planned" and not over:
            return found
        total = self._database.planned(plan, parameters, table.settings, asked.request.authorizer)
        return found._replace(total=max(total, found.number + asked.shape.offset, found.total or 0))
