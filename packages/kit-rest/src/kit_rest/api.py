"""Api: resources and functions as a Lambda handler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from kit_handler import Request, Response, Router

from kit_rest.calls import Calls
from kit_rest.controller import Controller
from kit_rest.cursors import Cursors
from kit_rest.database.mapper import DatabaseMapper
from kit_rest.database.session import RowSecurity
from kit_rest.declaring.functions import Function
from kit_rest.declaring.resource import Resource
from kit_rest.declaring.tables import Routine, Table
from kit_rest.errors import ResourceDefinitionError, RestError
from kit_rest.requests.mapper import Asked, RequestMapper
from kit_rest.resource_mapper import ResourceMapper
from kit_rest.responses import problems
from kit_rest.settings import Settings

if TYPE_CHECKING:
    from kit_db import Database

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_RESERVED = ("batch", "rpc")
_MOST_BYTES = 1_048_576
_MOST_ROWS = 1000


class Publisher(Protocol):
    """Publishes events in the open transaction, as kit-events' Outbox does."""

    def publish_many(self, events: Iterable[Any]) -> Any:
        """Write events."""


class Api:
    """Resources and functions as one REST API; an instance is the Lambda handler.

    resources, functions: all that is visible; nothing is because it exists
    database: kit-db's default one, unless it is given
    schema: the profile of everything that names no `schema`
    row_security: switches roles and tells the claims, for policies of row-level security
    cursor_key: signs cursors; by default the environment's KIT_DB_CURSOR_KEY
    outbox: takes the events of resources that have `events`
    idempotency: the table that keeps answers for Idempotency-Key; `Api.idempotency_schema` defines it
    most_bytes, most_rows: the limits of a body
    plans: whether `Accept: application/vnd.pgrst.plan` is answered
    rollback: whether `Prefer: tx=rollback` is
    openapi: whether `/` answers with the OpenAPI document; title and version are its

    Other options are for kit-handler's `Router`: `token=`, `cors=`, `interceptors=` and so on; errors of these guards
    have the same form, unless `exception_handlers=` has another. `router` is for `Router.include`.

    Example:
        >>> handler = Api([Books, Authors], cors="https://library.example")
    """

    __kit_handler__ = "Api"

    def __init__(
        self,
        resources: Iterable[type[Resource]],
        functions: Iterable[Function] = (),
        *,
        database: Database | None = None,
        schema: str = "public",
        row_security: RowSecurity | None = None,
        cursor_key: str | bytes | None = None,
        outbox: Publisher | None = None,
        idempotency: str | None = None,
        most_bytes: int = _MOST_BYTES,
        most_rows: int = _MOST_ROWS,
        plans: bool = False,
        rollback: bool = False,
        openapi: bool = True,
        title: str = "REST API",
        version: str = "1",
        **options: Any,
    ) -> None:
        tables = [Table(each) for each in resources]
        self._tables = {(each.schema or schema, each.name): each for each in tables}
        if len(self._tables) < len(tables):
            raise ResourceDefinitionError("two resources have one name")
        self._schema = schema
        self._outbox = outbox
        self.row_security = row_security
        self._idempotency = idempotency
        self._title, self._version, self._described = title, version, openapi
        for table in tables:
            self._check(table)
        routines = {(each.schema or schema, each.name): self._routine(each) for each in functions}
        self._routines = routines
        mapper = DatabaseMapper(database, row_security, [table.source for table in tables])
        self._mapper = mapper
        found = ResourceMapper(self._tables, schema)
        settings = Settings(
            most_bytes, most_rows, plans, rollback, idempotency, Cursors(cursor_key), self._root, self._announce
        )
        profiles = frozenset({schema, *(profile for profile, _ in (*self._tables, *routines))})
        parameters = {key: frozenset(each.types) - set(each.function.claims) for key, each in routines.items()}
        calls = Calls(routines, found, mapper, settings)
        self.controller = Controller(RequestMapper(profiles, schema, parameters), found, mapper, calls, settings)
        # Also a guard's refusal, or a guard of a router around this one, is an error of this vocabulary.
        handlers = {Exception: problems.of_guard, **(options.pop("exception_handlers", None) or {})}
        self.router = Router(exception_handlers=handlers, **options)
        # A client whose base URL ends with a slash sends two of them.
        for path in ("/", "/{path}", "/{path+}", "//{path+}"):
            self.router.route(path, methods=_METHODS)(self._answer)

    def __call__(self, event: Any, context: Any = None) -> Any:
        """Answer the event of a request, in any payload that kit-handler knows, or a plain `Request`."""
        return self.router(event, context)

    def _answer(self, request: Request) -> Response:
        return self.controller(request)

    @property
    def database(self) -> Database:
        """The database that requests are about."""
        return self._mapper.database

    @property
    def tables(self) -> list[Table]:
        """The compiled resources."""
        return list(self._tables.values())

    @property
    def routines(self) -> list[Routine]:
        """The compiled functions."""
        return list(self._routines.values())

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document (3.1)."""
        from kit_rest.openapi import document

        return document(self.tables, self.routines, title=self._title, version=self._version)

    def idempotency_schema(self) -> str:
        """Return the definition of the table that `idempotency` names, for a migration."""
        if self._idempotency is None:
            raise ResourceDefinitionError("the Api has no idempotency table")
        from kit_rest.database.kept import KeptAnswers

        return KeptAnswers(self._idempotency).schema

    def _check(self, table: Table) -> None:
        if table.name in _RESERVED or "/" in table.name:
            raise ResourceDefinitionError(f"{table.label}: {table.name!r} is no name of a resource, the Api has it")
        if table.announces and self._outbox is None:
            raise ResourceDefinitionError(f"{table.label} has events, and the Api no outbox")
        for join in table.joins.values():
            for profile in (table.schema or self._schema, self._schema):
                target = self._tables.get((profile, join.target))
                if target is not None:
                    break
            else:
                raise ResourceDefinitionError(
                    f"{table.label}: {join.name} leads to {join.target!r}, which is no resource"
                )
            for here, there in join.on:
                if here not in table.columns or (join.through is None and there not in target.columns):
                    raise ResourceDefinitionError(f"{table.label}: {join.name} joins columns that are not there")

    def _routine(self, function: Function) -> Routine:
        if function.of is None:
            return Routine(function, None)
        table = self._tables.get((function.schema or self._schema, function.of))
        if table is None:
            raise ResourceDefinitionError(f"{function.name} returns rows of {function.of!r}, which is no resource")
        return Routine(function, table)

    def _root(self, asked: Asked) -> Response:
        if asked.method == "OPTIONS":
            return Response(204, "", {"Allow": "GET, HEAD, OPTIONS"})
        if not self._described:
            raise RestError(404, "PGRST126", "Root endpoint metadata is disabled")
        return Response(200, self.openapi(), {"Content-Type": "application/openapi+json; charset=utf-8"})

    def _announce(self, table: Table, action: str, rows: list[dict[str, Any]], request: Request) -> None:
        if self._outbox is not None:
            self._outbox.publish_many(table.resource.events(action, rows, request))
