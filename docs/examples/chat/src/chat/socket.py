"""The WebSocket API: who is in which room, and what is said there."""

from typing import Any

from kit_websocket import ConnectionManager, ForbiddenError, StatusError, WebSocketResolver

LONGEST_NAME = 40  # characters
LONGEST_TEXT = 2000

connections = ConnectionManager(presence=True)
resolver = WebSocketResolver()


@resolver.on_connect()
async def connect(event: dict[str, Any], connection_id: str) -> dict[str, Any]:
    """Let in whoever gives a name."""
    query = event.get("queryStringParameters") or {}
    return await connections.connect(connection_id, user_id=text_of(query, "name", LONGEST_NAME))


@resolver.on_disconnect()
async def disconnect(connection_id: str) -> dict[str, Any]:
    """Forget the connection; the others in its rooms are told."""
    return await connections.disconnect(connection_id)


@resolver.on_message("join")
async def join(body: dict[str, Any], connection_id: str) -> None:
    """Enter a room, and send the newcomer the names of all who are there; the others get a presence event."""
    room = text_of(body, "room", LONGEST_NAME)
    await connections.join(connection_id, room)
    members = await connections.members(room)
    people = [{"connection_id": member.connection_id, "user_id": member.user_id} for member in members]
    await connections.send(connection_id, {"type": "joined", "room": room, "members": people})


@resolver.on_message("say")
async def say(body: dict[str, Any], connection_id: str) -> None:
    """Send a text to everyone in a room, the speaker included; `seq` numbers the texts of the room."""
    room, text = text_of(body, "room", LONGEST_NAME), text_of(body, "text", LONGEST_TEXT)
    speaker = await connections.get_connection(connection_id)
    if speaker is None or room not in await connections.rooms(connection_id):
        raise ForbiddenError
    await connections.broadcast({"type": "said", "name": speaker.user_id, "text": text}, room=room, ordered=True)


@resolver.on_message("ping")
async def ping(connection_id: str) -> None:
    """Note that the connection is alive."""
    await connections.update_last_seen(connection_id)


def text_of(fields: Any, name: str, longest: int) -> str:
    """Return a text that a client has sent. StatusError 400 if it is missing or too long."""
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, str) or not 0 < len(value.strip()) <= longest:
        raise StatusError(400, f"{name!r} is a text of 1 to {longest} characters")
    return value.strip()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry point for every route of the WebSocket API."""
    return resolver.resolve(event, context)


def expire(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry point for rows that DynamoDB has let expire: their `$disconnect` never came."""
    return connections.sync.expire(event)
