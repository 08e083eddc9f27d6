"""Calls of functions: `/rpc/name`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kit_core.json import dumps
from kit_handler import Response

from kit_rest.database.calling import call, value_call
from kit_rest.database.mapper import DatabaseMapper
from kit_rest.database.reading import ReadPlan, read_plan
from kit_rest.declaring.claims import claim_value
from kit_rest.declaring.tables import ETAG, Routine, check_embedded, check_guards
from kit_rest.errors import RestError, unknown_column
from kit_rest.query.text import array_literal
from kit_rest.requests.bodies import body_text, parse_json
from kit_rest.requests.mapper import Asked
from kit_rest.requests.shapes import parse_shape
from kit_rest.resource_mapper import ResourceMapper
from kit_rest.responses.mapper import Found, etag_of, of_read
from kit_rest.responses.preferred import applied

if TYPE_CHECKING:
    from kit_rest.settings import Settings

_READS = ("GET", "HEAD")


class Calls:
    """Answers calls of declared functions."""

    def __init__(
        self,
        routines: Mapping[tuple[str, str], Routine],
        resources: ResourceMapper,
        database: DatabaseMapper,
        settings: Settings,
    ) -> None:
        self._routines = dict(routines)
        self._resources = resources
        self._database = database
        self._settings = settings

    def answer(self, asked: Asked) -> Response:
        """Return the answer to a call."""
        routine = self._routines.get((asked.profile, asked.name))
        if routine is None:
            shown = asked.name[:63]
            message = f"Could not find the function {asked.profile}.{shown} in the schema cache"
            raise RestError(404, "PGRST202", message)
        methods = ["POST", "OPTIONS", *(_READS if routine.function.reads else ())]
        allow = {"Allow": ", ".join(sorted(methods))}
        if asked.method == "OPTIONS":
            return Response(204, "", allow)
        if asked.method not in methods:
            raise RestError(405, "PGRST101", "Cannot use the method on this function", headers=allow)
        check_guards(routine.guards, asked.request)
        if asked.prefer.tx == "rollback" and not self._settings.rollback:
            raise RestError(400, "PGRST122", "Invalid preferences", details="tx=rollback is not enabled")
        if asked.media.kind not in ("json", "csv"):
            raise RestError(406, "PGRST107", "None of these media types are available for a function")
        arguments = self._arguments(asked, routine)
        limited = asked.prefer.max_affected is not None and asked.prefer.strict and asked.method == "POST"
        wanted = (
            asked.prefer.tx == "rollback" or (limited and not routine.function.reads) or self._may_fail(asked, routine)
        )
        # A transaction around it, as that of a batch, stays read-only unless the savepoint is rolled back.
        inside = asked.method in _READS and self._database.database.in_transaction
        keeps = asked.prefer.tx != "rollback" and not inside
        with self._database.transaction(wanted=wanted or inside, keeps=keeps):
            if routine.table is not None:
                return self._rows(asked, routine, arguments)
            return self._values(asked, routine, arguments)

    def _may_fail(self, asked: Asked, routine: Routine) -> bool:
        return asked.media.singular and not routine.function.reads

    def _arguments(self, asked: Asked, routine: Routine) -> dict[str, Any]:
        if asked.method in _READS:
            given: dict[str, Any] = dict(asked.shape.arguments or {})
            for name, value in given.items():
                if value in ("", "null") and not routine.types[name].startswith(("text", "varchar")):
                    # How both clients write null in a query.
                    given[name] = None
        else:
            text = body_text(asked.request, self._settings.most_bytes)
            given = parse_json(text, exact=True) if text.strip() else {}
            if not isinstance(given, dict):
                raise RestError(400, "PGRST102", "The arguments of a function are an object")
        function = routine.function
        unknown = [name for name in given if name not in function.parameters or name in function.claims]
        missing = [name for name in routine.required if name not in given]
        if unknown or missing:
            listed = ", ".join(sorted(given))[:200]
            message = f"Could not find the function {asked.profile}.{asked.name}({listed}) in the schema cache"
            known = ", ".join(name for name in function.parameters if name not in function.claims)
            raise RestError(404, "PGRST202", message, hint=f"Its parameters: {known or 'none'}")
        claims = {name: claim_value(asked.request.authorizer, each) for name, each in function.claims.items()}
        return {**{name: _argument(routine.types[name], value) for name, value in given.items()}, **claims}

    def _bound(self, routine: Routine, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {f"a_{at}": arguments[name] for at, name in enumerate(routine.types) if name in arguments}

    def _values(self, asked: Asked, routine: Routine, arguments: dict[str, Any]) -> Response:
        if asked.shape.entries or asked.shape.limit is not None or asked.shape.offset:
            message = f"{routine.name} returns no rows of a resource, which could be filtered"
            raise RestError(400, "PGRST100", message)
        returns = routine.function.returns
        reads = asked.method in _READS
        rows, _ = self._database.run(
            value_call(routine, arguments),
            self._bound(routine, arguments),
            routine.settings,
            asked.request.authorizer,
            timezone=asked.prefer.timezone,
            read_only=reads,
        )
        if returns == "nothing" or asked.prefer.representation == "minimal":
            return Response(204, "", applied(asked))
        text = rows[0][0]
        return Response(
            200,
            text,
            {"Content-Type": "application/json; charset=utf-8", "ETag": etag_of(text, None), **applied(asked)},
        )

    def _rows(self, asked: Asked, routine: Routine, arguments: dict[str, Any]) -> Response:
        table, shape = routine.table, asked.shape
        assert table is not None
        if shape.cursor is not None:
            raise RestError(400, "PGRST100", "a cursor is for the rows of a resource")
        count = None if asked.prefer.count is None else "exact"
        present = tuple(sorted(arguments))
        key = (
            "rpc",
            asked.profile,
            routine.name,
            shape.entries,
            present,
            count,
            asked.media.stripped,
            bool(shape.offset),
        )

        def make() -> ReadPlan:
            node = self._resources.resolve(table, parse_shape(shape.entries))
            if any(each.column is not None and each.column.name == ETAG for each in node.outputs):
                # The rows of a function have no version.
                raise unknown_column(table.name, ETAG)
            return read_plan(
                node,
                stripped=asked.media.stripped,
                count=count,
                offset=bool(shape.offset),
                source=call(routine, arguments),
            )

        plan = self._database.plans.get(key, make)
        check_embedded(plan.embedded, asked.request)
        limit = table.page_size if shape.limit is None else min(shape.limit, table.max_rows)
        parameters = plan.parameters.bind(
            shape.values,
            asked.request.authorizer,
            limit=limit,
            offset=shape.offset,
            **self._bound(routine, arguments),
        )
        reads = asked.method in _READS
        found = self._database.read(
            plan,
            parameters,
            table.settings,
            asked.request.authorizer,
            timezone=asked.prefer.timezone,
            read_only=reads,
        )
        most = asked.prefer.max_affected
        if most is not None and asked.prefer.strict and not reads and found.number > most:
            message = "Query result exceeds max-affected preference constraint"
            raise RestError(400, "PGRST124", message, details=f"The query affects {found.number} rows")
        if asked.prefer.representation == "minimal" and not reads:
            headers = applied(asked)
            if asked.prefer.count is not None:
                headers["Content-Range"] = f"*/{found.total if found.total is not None else found.number}"
            return Response(204, "", headers)
        return self._shaped(asked, routine, found)

    def _shaped(self, asked: Asked, routine: Routine, found: Found) -> Response:
        if routine.function.returns == "row" and not asked.media.singular and asked.media.kind == "json":
            text = found.body or "null"
            return Response(200, text, {"Content-Type": asked.media.content_type, **applied(asked)})
        return of_read(asked, found, applied(asked))


def _argument(kind: str, value: Any) -> Any:
    """Return an argument as text for its type."""
    if value is None:
        return None
    if kind.endswith("[]"):
        if isinstance(value, list):
            return array_literal([None if each is None else _scalar(each) for each in value])
        from kit_rest.query.text import array_text

        return array_text(str(value))
    if kind.lower() in ("json", "jsonb"):
        return value if isinstance(value, str) and value[:1] in "{[" else dumps(value)
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return dumps(value) if isinstance(value, (dict, list)) else str(value)
