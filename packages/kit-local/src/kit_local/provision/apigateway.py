"""AWS::ApiGateway and AWS::ApiGatewayV2: gateways are kit-local's own, so none of this exists in the local cloud."""

from dataclasses import replace
from typing import Literal

from kit_local.provision.apis import Draft, cors, seconds, set_stage, sources
from kit_local.provision.builder import Builder, Item, Resource
from kit_local.provision.openapi import read_body
from kit_local.stack import Authorizer, Route

_HOST = "{api_id}.execute-api.{region}.amazonaws.com"


def rest_api(builder: Builder, item: Item) -> Resource:
    """Note a REST API."""
    draft = _draft(builder, item, "rest")
    return Resource(draft.api_id, {"RestApiId": draft.api_id, "RootResourceId": "root"})


def rest_stage(builder: Builder, item: Item) -> Resource:
    """Note the stage of a REST API."""
    set_stage(builder, item, builder.api(item, "RestApiId"), "Variables")
    return Resource(item.text("StageName"))


def api(builder: Builder, item: Item) -> Resource:
    """Note an HTTP or WebSocket API."""
    socket = item.text("ProtocolType") == "WEBSOCKET"
    draft = _draft(builder, item, "websocket" if socket else "http")
    if item.get("CorsConfiguration"):
        draft.cors = cors(item.get("CorsConfiguration"))
    host = _HOST.format(api_id=draft.api_id, region=builder.cloud.region)
    return Resource(draft.api_id, {"ApiId": draft.api_id, "ApiEndpoint": f"{'wss' if socket else 'https'}://{host}"})


def _draft(builder: Builder, item: Item, kind: Literal["http", "rest", "websocket"]) -> Draft:
    draft = Draft(item, builder.api_id(item.logical_id), kind)
    builder.apis[draft.api_id] = draft
    if item.get("Body"):
        read_body(builder, draft, item.get("Body"))
    return draft


def stage(builder: Builder, item: Item) -> Resource:
    """Note the stage of an HTTP or WebSocket API."""
    set_stage(builder, item, builder.api(item), "StageVariables")
    return Resource(item.text("StageName"))


def authorizer(builder: Builder, item: Item) -> Resource:
    """Note an authorizer."""
    draft = builder.api(item)
    made, name = _id(builder, item), item.text("Name")
    function = builder.function(item.text("AuthorizerUri"))
    if item.text("AuthorizerType") != "REQUEST" or function is None:
        builder.unsupported(item, "AuthorizerType", "only a function of this template can be an authorizer")
        return made
    draft.authorizer_names[made.ref] = name
    draft.authorizers[name] = Authorizer(
        name=name,
        function=function,
        identity_sources=sources(item.get("IdentitySource")),
        payload="2.0" if item.text("AuthorizerPayloadFormatVersion") == "2.0" else "1.0",
        simple_responses=item.flag("EnableSimpleResponses"),
        ttl=item.integer("AuthorizerResultTtlInSeconds", 0),
    )
    return made


def integration(builder: Builder, item: Item) -> Resource:
    """Note which function an integration calls."""
    draft = builder.api(item)
    made = _id(builder, item)
    function = builder.function(item.text("IntegrationUri"))
    if item.text("IntegrationType") != "AWS_PROXY" or function is None:
        builder.unsupported(item, "IntegrationType", "only an AWS_PROXY to a function of this template is supported")
        return made
    version = "2.0" if item.text("PayloadFormatVersion") == "2.0" else "1.0"
    draft.integrations[made.ref] = (function, version, seconds(item.get("TimeoutInMillis")))
    return made


def route(builder: Builder, item: Item) -> Resource:
    """Note a route."""
    draft = builder.api(item)
    made, key = _id(builder, item), item.text("RouteKey")
    known = draft.integrations.get(item.text("Target").removeprefix("integrations/"))
    if known is None:
        builder.unsupported(item, "Target", "a route needs an integration that is supported")
        return made
    name = None
    if item.text("AuthorizationType", "NONE") != "NONE":
        name = draft.authorizer_names.get(item.text("AuthorizerId"))
        if item.text("AuthorizationType") != "CUSTOM" or name is None:
            builder.unsupported(item, "AuthorizationType", "a route can only be authorized by a function")
            return made
    function, payload, timeout = known
    if draft.kind == "websocket":
        draft.routes[made.ref] = Route(function, key=key, payload="1.0", authorizer=name, timeout=timeout)
        if item.get("RouteResponseSelectionExpression") is not None:
            draft.answering[made.ref] = item
    else:
        method, _, path = key.rpartition(" ")
        draft.routes[made.ref] = Route(
            function, method or "ANY", path, payload=payload, authorizer=name, timeout=timeout
        )
    return made


def route_response(builder: Builder, item: Item) -> Resource:
    """Let a WebSocket route reply ("Set up route responses for a WebSocket API": the route has to ask for it too)."""
    draft = builder.api(item)
    route_id = item.text("RouteId")
    if route_id in draft.answering and item.text("RouteResponseKey") == "$default":
        draft.routes[route_id] = replace(draft.routes[route_id], replies=True)
    return _id(builder, item)


def _id(builder: Builder, item: Item) -> Resource:
    name = builder.api_id(item.logical_id)
    return Resource(name, {f"{item.type.split('::')[2]}Id": name})
