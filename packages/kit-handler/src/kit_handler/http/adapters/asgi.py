"""The event that `kit_handler.asgi` makes of a request: the shape of payload 1.0, with `requestContext.asgi`."""

from kit_handler._shape import body
from kit_handler.http.adapters.apigateway_v1 import (
    authorizer,
    cookies,
    headers,
    identity,
    method,
    multi_query,
    path,
    path_params,
    query,
)
from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler._types import Event

__all__ = [
    "MOST_BYTES",
    "STREAMS",
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

MOST_BYTES = None  # a server has no such limit
STREAMS = True


def recognises(event: "Event") -> bool:
    """Tell whether `kit_handler.asgi` has made this."""
    request_context = event.get("requestContext")
    return isinstance(request_context, dict) and "asgi" in request_context


def encode(response: Response) -> "dict[str, Any]":
    """Return the answer as payload 2.0 has it, or with the stream under `stream`."""
    if not response.streams:
        body, in_base64, fields, cookies = response.parts()
        return {
            "statusCode": response.status_code,
            "headers": fields,
            "cookies": cookies,
            "body": body,
            "isBase64Encoded": in_base64,
        }
    _, _, fields, cookies = Response(response.status_code, "", response.headers, cookies=response.cookies).parts()
    return {
        "statusCode": response.status_code,
        "headers": fields,
        "cookies": cookies,
        "body": "",
        "isBase64Encoded": False,
        "stream": response.body,
    }
