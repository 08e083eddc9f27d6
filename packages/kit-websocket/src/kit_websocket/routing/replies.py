"""How a result reaches the client: acknowledged by the message's id, and sent where the route has no route response."""

import logging
from typing import Any

from kit_core import guards, loop
from kit_core.json import dumps, loads

from kit_websocket.errors import WebSocketsError
from kit_websocket.routing.body import field_of
from kit_websocket.routing.middleware import Event
from kit_websocket.routing.response import Response

RESPONSE, SEND = "response", "send"


def id_of(event: Event, field: str) -> str | int | None:
    """Return the id of a message, None where it has none; a text or a whole number."""
    text = event.get("body")
    if not isinstance(text, str) or (f'"{field}"' not in text and not event.get("isBase64Encoded")):
        return None
    found = field_of(event, (field,))
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def acknowledged(response: Response, message_id: str | int) -> Response:
    """Return the response that names the message: `{"type": "ack", "id", "result"}`, or an error with its id."""
    text = response.get("body")
    identity = dumps(message_id)
    if response["statusCode"] < 400:
        return {**response, "body": f'{{"type":"ack","id":{identity},"result":{_json(text)}}}'}
    told = _mapping(text)
    error: dict[str, Any] = {"type": "error", "status": response["statusCode"], **told, "id": message_id}
    return {**response, "body": dumps(error)}


def sent(response: Response, connection_id: str) -> Response:
    """Send a response's body to the client, and return the response without it; a client that is gone gets nothing."""
    body = response.get("body")
    if not body:
        return response
    from kit_websocket.sending.send import send

    content: str | bytes = body
    if response.get("isBase64Encoded"):
        from base64 import b64decode

        content = b64decode(body)
    try:
        loop.run(send(connection_id, content))
    except WebSocketsError as error:
        guards.log("kit.websocket", logging.ERROR, "a reply could not be sent: %s", error)
        return {"statusCode": 500}
    return {"statusCode": response["statusCode"]}


def _json(text: str | None) -> str:
    """Return a body as JSON: null where there is none, and a text where it is none."""
    if text is None:
        return "null"
    try:
        loads(text)
    except ValueError:
        return dumps(text)
    return text


def _mapping(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        found = loads(text)
    except ValueError:
        return {"message": text}
    return found if isinstance(found, dict) else {"message": found}
