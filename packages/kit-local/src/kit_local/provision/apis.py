"""APIs as they come together: their parts are resources of their own, in any order."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from kit_local.errors import LocalError
from kit_local.provision.builder import Builder, Item
from kit_local.stack import Api, Authorizer, Cors, Route
from kit_local.template.intrinsics import text_of

_log = logging.getLogger("kit.local")


@dataclass
class Draft:
    """An API of which not everything is known yet."""

    item: Item
    api_id: str
    kind: Literal["http", "rest", "websocket"]
    routes: dict[str, Route] = field(default_factory=dict)  # by route id
    authorizers: dict[str, Authorizer] = field(default_factory=dict)  # by name
    authorizer_names: dict[str, str] = field(default_factory=dict)  # by authorizer id
    integrations: dict[str, tuple[str, Any, float | None]] = field(default_factory=dict)  # function, payload, timeout
    answering: dict[str, Item] = field(default_factory=dict)  # WebSocket routes that ask for a route response, by id
    cors: Cors | None = None
    stage: str = ""
    stage_variables: dict[str, str] = field(default_factory=dict)


def finished(builder: Builder) -> tuple[Api, ...]:
    """Return every API of the stack, whole."""
    for draft in builder.apis.values():
        _warn_of_silent_routes(builder, draft)
    return tuple(_api(builder, draft) for draft in builder.apis.values() if draft.stage or _stageless(builder, draft))


def _warn_of_silent_routes(builder: Builder, draft: Draft) -> None:
    """Name the routes whose answers reach no client: SAM's WebSocketApi makes no route responses."""
    for route_id, item in draft.answering.items():
        if not draft.routes[route_id].replies:
            source, key = builder.template.source, draft.routes[route_id].key
            text = "%s:%d: the answers of the route %r reach no client: %s needs an AWS::ApiGatewayV2::RouteResponse"
            line = builder.template.line(item.logical_id, "RouteResponseSelectionExpression")
            _log.warning(text, source.file, line, key, item.logical_id)


def _stageless(builder: Builder, draft: Draft) -> bool:
    builder.unsupported(draft.item, "", "an API without a stage answers nowhere")
    return False


def _api(builder: Builder, draft: Draft) -> Api:
    origin = builder.origins.get(draft.item.logical_id)
    if origin is None:
        raise LocalError(f"no origin was given for the API {draft.item.logical_id!r}")
    if draft.kind == "websocket":
        origin = origin.replace("http", "ws", 1)
    return Api(
        logical_id=draft.item.logical_id,
        api_id=draft.api_id,
        kind=draft.kind,
        stage=draft.stage,
        url=origin.rstrip("/") + ("" if draft.stage == "$default" else f"/{draft.stage}"),
        routes=tuple(draft.routes.values()),
        authorizers=draft.authorizers,
        cors=draft.cors,
        selection=draft.item.text("RouteSelectionExpression", "$request.body.action"),
        stage_variables=draft.stage_variables,
    )


def set_stage(builder: Builder, item: Item, draft: Draft, variables: str) -> None:
    """Note the stage of an API; there is one."""
    if draft.stage:
        builder.unsupported(item, "StageName", "an API has one stage locally")
    draft.stage = item.text("StageName")
    draft.stage_variables = {key: text_of(value) for key, value in (item.get(variables) or {}).items()}


def sources(value: Any) -> tuple[str, ...]:
    """Return identity sources from a list, or from text with commas."""
    items: Iterable[Any] = value.split(",") if isinstance(value, str) else value or ()
    return tuple(str(item).strip() for item in items)


def seconds(milliseconds: Any) -> float | None:
    """Return a timeout in seconds, None where there is none."""
    return None if milliseconds is None else int(milliseconds) / 1000


def cors(value: Any) -> Cors:
    """Return the CORS configuration of an HTTP API; OpenAPI writes the keys with a small first letter."""
    known = {key[0].lower() + key[1:]: entry for key, entry in value.items()}

    def entries(key: str) -> tuple[str, ...]:
        entry = known.get(key) or ()
        return (entry,) if isinstance(entry, str) else tuple(entry)

    age = known.get("maxAge")
    return Cors(
        allow_origins=entries("allowOrigins"),
        allow_methods=entries("allowMethods"),
        allow_headers=entries("allowHeaders"),
        expose_headers=entries("exposeHeaders"),
        allow_credentials=str(known.get("allowCredentials", False)).lower() == "true",
        max_age=None if age is None else int(age),
    )
