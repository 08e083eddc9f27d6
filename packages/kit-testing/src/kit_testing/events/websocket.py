"""The events of WebSocket APIs.

Shape: Amazon API Gateway Developer Guide, "Set up Lambda integrations for WebSocket APIs".
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from kit_testing.events._values import EPOCH_MS, LOG_TIME, REGION, SOURCE_IP, text

_HOST = f"api.execute-api.{REGION}.amazonaws.com"
_KINDS = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}


def websocket_event(
    route_key: str = "$default",
    *,
    body: Any = None,
    connection_id: str = "connection-1",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    authorizer: Mapping[str, Any] | None = None,
    disconnect_code: int = 1000,
    domain: str = _HOST,
    stage: str = "test",
) -> dict[str, Any]:
    """Return the event of `$connect`, of `$disconnect`, or of a message of any other route.

    body: text, or anything else as JSON; of a message only
    headers, query: of `$connect` only
    authorizer: the context that the authorizer of `$connect` returned
    disconnect_code: the close code (RFC 6455, 7.4) of `$disconnect`
    domain, stage: of the API, whose `@connections` are at `https://{domain}/{stage}`
    """
    place = {"domainName": domain, "stage": stage}
    event: dict[str, Any] = {"requestContext": _context(route_key, connection_id, authorizer) | place}
    if route_key == "$connect":
        fields = {"Host": domain, "Sec-WebSocket-Version": "13", "X-Forwarded-For": SOURCE_IP, **(headers or {})}
        event["headers"] = fields
        event["multiValueHeaders"] = {name: [value] for name, value in fields.items()}
        if query:
            event["queryStringParameters"] = dict(query)
            event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
    elif route_key == "$disconnect":
        event["headers"] = {"Host": domain, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
        event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
        event["requestContext"] |= {"disconnectStatusCode": disconnect_code, "disconnectReason": ""}
    else:
        event["requestContext"]["messageId"] = str(uuid4())
        event["body"] = "" if body is None else text(body)
    return {**event, "isBase64Encoded": False}


def _context(route_key: str, connection_id: str, authorizer: Mapping[str, Any] | None) -> dict[str, Any]:
    request_id = str(uuid4())
    context: dict[str, Any] = {
        "routeKey": route_key,
        "eventType": _KINDS.get(route_key, "MESSAGE"),
        "extendedRequestId": request_id,
        "requestTime": LOG_TIME,
        "requestTimeEpoch": EPOCH_MS,
        "messageDirection": "IN",
        "connectedAt": EPOCH_MS,
        "identity": {"sourceIp": SOURCE_IP, "userAgent": "test"},
        "requestId": request_id,
        "connectionId": connection_id,
        "apiId": "api",
    }
    if authorizer is not None:
        context["authorizer"] = {"principalId": "test", **authorizer}
    return context
