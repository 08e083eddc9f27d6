"""Payload 1.0: REST APIs of API Gateway, and HTTP APIs that are set to it.

Sources: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" (REST) and "Create AWS Lambda proxy
integrations for HTTP APIs" (whose payload 1.0 carries `"version": "1.0"`). The console's test sends null in many
places.
"""

from kit_handler._shape import body as body
from kit_handler._shape import mapping, pairs, text_lists, text_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kit_handler._types import Event
    from kit_handler.http.response import Response

# What other payloads have in their request context: load balancers, payload 2.0, WebSocket APIs, VPC Lattice.
_OTHERS = ("elb", "http", "connectionId", "serviceNetworkArn")
_PARTS = ("body", "headers", "pathParameters", "queryStringParameters", "requestContext")


def recognises(event: "Event") -> bool:
    """Tell whether this is payload 1.0, or a part of one such as tests are written with."""
    if "methodArn" in event or "authorizationToken" in event or "messageVersion" in event or "requestPayload" in event:
        return False  # authorizers, Bedrock agents and Lex, destinations of asynchronous calls
    request_context = event.get("requestContext")
    if request_context is not None and (
        not isinstance(request_context, dict) or any(name in request_context for name in _OTHERS)
    ):
        return False
    return "httpMethod" in event or ("raw_path" not in event and any(part in event for part in _PARTS))


def method(event: "Event") -> str:
    """Return the method."""
    return str(event.get("httpMethod") or "GET").upper()


def path(event: "Event") -> str:
    """Return the path."""
    return event.get("path") or "/"


def headers(event: "Event") -> "Iterable[tuple[str, str]]":
    """Return the header fields, each as often as it came."""
    return pairs(mapping(event, "multiValueHeaders")) or mapping(event, "headers").items()


def query(event: "Event") -> "dict[str, str]":
    """Return each name's last value."""
    return {name: values[-1] for name, values in multi_query(event).items()}


def multi_query(event: "Event") -> "dict[str, list[str]]":
    """Return every value of every name; API Gateway has decoded them."""
    multiple = text_lists(event, "multiValueQueryStringParameters")
    return multiple or {name: [value] for name, value in text_values(event, "queryStringParameters").items()}


def path_params(event: "Event") -> "dict[str, str]":
    """Return the path parameters; HTTP APIs have decoded them, REST APIs have not."""
    params = text_values(event, "pathParameters")
    if event.get("version") == "1.0" or not any("%" in value for value in params.values()):
        return params
    from urllib.parse import unquote

    return {name: unquote(value) for name, value in params.items()}


def authorizer(event: "Event") -> "dict[str, Any] | None":
    """Return the context of the Lambda authorizer, or the claims of a Cognito or JWT authorizer, flat."""
    said = mapping(mapping(event, "requestContext"), "authorizer")
    claims = said.get("claims")
    if not isinstance(claims, dict):
        return said or None
    # Beside claims, `scopes` is about the route's configuration; the token's own are its claim `scope`.
    return {**{name: value for name, value in said.items() if name not in ("claims", "scopes")}, **claims} or None


def identity(event: "Event") -> "dict[str, Any]":
    """Return the request context's identity."""
    return dict(mapping(mapping(event, "requestContext"), "identity"))


def cookies(event: "Event") -> "list[str]":
    """Return nothing: payload 1.0 has cookies in their header field only."""
    return []


def encode(response: "Response") -> "dict[str, Any]":
    """Return the answer as payload 1.0 has it: several cookies are a header field with several values."""
    return response.dump()
