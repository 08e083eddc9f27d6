"""A resolver's answer to API Gateway: a dict with `statusCode` and, for JSON, `body`."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from kit_core.json import dumps

Response: TypeAlias = dict[str, Any]


def respond(result: object) -> Response:
    """Return the response for a handler's result.

    A mapping with `statusCode` is a response already; None is 200 without a body; all else is 200 with JSON.
    """
    if result is None:
        return {"statusCode": 200}
    if isinstance(result, Mapping) and "statusCode" in result:
        return result if isinstance(result, dict) else dict(result)
    return {"statusCode": 200, "body": dumps(result)}


def message(status: int, text: str) -> Response:
    """Return a response whose body is `{"message": text}`."""
    return {"statusCode": status, "body": dumps({"message": text})}
