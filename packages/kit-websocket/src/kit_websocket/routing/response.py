"""A resolver's answer to API Gateway: a dict with `statusCode` and, for JSON, `body`."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from kit_core.json import dumps

from kit_websocket.errors import InvalidMessageError, ResponseShapeError, StatusError

Response: TypeAlias = dict[str, Any]

_OWN = frozenset({"statusCode", "body", "headers", "multiValueHeaders", "isBase64Encoded"})


def respond(result: object) -> Response:
    """Return the response for a handler's result.

    A mapping with `statusCode` is a response already: the status is a number from 100 to 599, the body a text. Members
    that no response has become its body where it has none. None is 200 without a body; all else is 200 with JSON.
    ResponseShapeError for a response that API Gateway would not take.
    """
    if result is None:
        return {"statusCode": 200}
    if isinstance(result, dict) and "statusCode" not in result:
        return {"statusCode": 200, "body": dumps(result)}
    if isinstance(result, Mapping) and "statusCode" in result:
        return _checked(result if isinstance(result, dict) else dict(result))
    return {"statusCode": 200, "body": dumps(result)}


def message(status: int, text: str) -> Response:
    """Return a response whose body is `{"message": text}`."""
    return {"statusCode": status, "body": dumps({"message": text})}


def error_response(error: StatusError, *, is_message: bool) -> Response:
    """Return the response for an error: to a message a typed reply, to `$connect` API Gateway's own form."""
    if not is_message:
        return message(error.status, error.message)
    told: dict[str, Any] = {"type": "error", "status": error.status, "message": error.message}
    if isinstance(error, InvalidMessageError) and error.errors:
        told["errors"] = error.errors
    return {"statusCode": error.status, "body": dumps(told)}


def _checked(response: Response) -> Response:
    status, body = response["statusCode"], response.get("body")
    if type(status) is not int or not 100 <= status <= 599:
        raise ResponseShapeError("statusCode", status, "a number from 100 to 599")
    if body is not None and not isinstance(body, str):
        raise ResponseShapeError("body", body, "text; dump it, or return it without a statusCode")
    if body is None and not response.keys() <= _OWN:
        kept = {name: value for name, value in response.items() if name in _OWN}
        told = {name: value for name, value in response.items() if name not in _OWN}
        return {**kept, "body": dumps(told)}
    return response
