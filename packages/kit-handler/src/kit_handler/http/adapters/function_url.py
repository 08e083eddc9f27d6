"""Function URLs: payload 2.0, but its path is not decoded, it has no path parameters, and only IAM authorizes.

Source: Lambda Developer Guide, "Invoking Lambda function URLs".
"""

from kit_handler._shape import body, mapping
from kit_handler.http.adapters import apigateway_v2
from kit_handler.http.adapters.apigateway_v2 import (
    cookies,
    encode,
    headers,
    identity,
    is_shaped,
    method,
    multi_query,
    path,
    query,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    """Tell whether this is shaped like payload 2.0 and comes from a Function URL's domain."""
    return is_shaped(event) and not apigateway_v2.recognises(event)


def path_params(event: "Event") -> "dict[str, str]":
    """Return nothing: a Function URL has no routes."""
    return {}


def authorizer(event: "Event") -> "dict[str, Any] | None":
    """Return who has signed the request under IAM (accountId, userArn, …), or None."""
    return dict(mapping(mapping(event["requestContext"], "authorizer"), "iam")) or None
