"""VPC Lattice with the event structure V2.

Source: VPC Lattice User Guide, "Lambda functions as targets in VPC Lattice".
"""

from kit_handler._shape import body, mapping, pairs, text_lists
from kit_handler.http.adapters.alb import cookies, encode, path, path_params, seen_by_proxy
from kit_handler.http.headers import Headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kit_handler._types import Event

__all__ = [
    "authorizer",
    "body",
    "cookies",
    "encode",
    "headers",
    "identity",
    "method",
    "multi_query",
    "path",
    "path_params",
    "query",
    "recognises",
]


def recognises(event: "Event") -> bool:
    """Tell whether VPC Lattice has sent this: its request context names a service network."""
    request_context = event.get("requestContext")
    return isinstance(request_context, dict) and "serviceNetworkArn" in request_context


def method(event: "Event") -> str:
    """Return the method."""
    return str(event.get("method") or "GET").upper()


def headers(event: "Event") -> "Iterable[tuple[str, str]]":
    """Return the header fields, each as often as it came."""
    return pairs(mapping(event, "headers"))


def query(event: "Event") -> "dict[str, str]":
    """Return each name's last value."""
    return {name: values[-1] for name, values in multi_query(event).items()}


def multi_query(event: "Event") -> "dict[str, list[str]]":
    """Return every value of every name."""
    return text_lists(event, "queryStringParameters")


def authorizer(event: "Event") -> "dict[str, Any] | None":
    """Return who has signed the request (principal, principalOrgID, …), None without an auth policy."""
    caller = mapping(event["requestContext"], "identity")
    return dict(caller) if caller.get("type") == "AWS_IAM" and caller.get("principal") else None


def identity(event: "Event") -> "dict[str, Any]":
    """Return the request context's identity, with sourceIp (the last of X-Forwarded-For) and userAgent."""
    return {**mapping(event["requestContext"], "identity"), **seen_by_proxy(Headers(headers(event)))}
