"""Application load balancers whose target group has multi-value headers switched on.

Source: User Guide for Application Load Balancers, "Use Lambda functions as targets", "Multi-value headers": header
fields and the query are lists then, in the answer too, which may not have a `headers` beside them.
"""

from kit_handler._shape import body, mapping, pairs, text_lists
from kit_handler.http.adapters.alb import (
    MOST_BYTES,
    authorizer,
    cookies,
    decoded,
    is_of_load_balancer,
    method,
    path,
    path_params,
    seen_by_proxy,
)
from kit_handler.http.headers import Headers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kit_handler._types import Event
    from kit_handler.http.response import Response

__all__ = [
    "MOST_BYTES",
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
    """Tell whether a load balancer has sent this, with lists."""
    return "multiValueHeaders" in event and is_of_load_balancer(event)


def headers(event: "Event") -> "Iterable[tuple[str, str]]":
    """Return the header fields, each as often as it came."""
    return pairs(mapping(event, "multiValueHeaders"))


def query(event: "Event") -> "dict[str, str]":
    """Return each name's last value, decoded."""
    return {name: values[-1] for name, values in multi_query(event).items()}


def multi_query(event: "Event") -> "dict[str, list[str]]":
    """Return every value of every name, decoded."""
    values = text_lists(event, "multiValueQueryStringParameters")
    return decoded(values.items()) if values else {}


def identity(event: "Event") -> "dict[str, Any]":
    """Return sourceIp (the last of X-Forwarded-For) and userAgent."""
    return seen_by_proxy(Headers(headers(event)))


def encode(response: "Response") -> "dict[str, Any]":
    """Return the answer with its header fields as lists."""
    body, in_base64, fields, found = response.parts()
    multiple = {name: [value] for name, value in fields.items()}
    if found:
        multiple["Set-Cookie"] = found
    return {
        "statusCode": response.status_code,
        "multiValueHeaders": multiple,
        "body": body,
        "isBase64Encoded": in_base64,
    }
