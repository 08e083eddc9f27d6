"""The WebSocket API: who is in which room, and what is said there."""

from typing import Any

from kit_websocket import (
    Connection,
    ConnectionManager,
    ForbiddenError,
    ReconnectHint,
    StatusError,
    Tracking,
    WebSocketResolver,
)

LONGEST_NAME = 40  # characters
LONGEST_TEXT = 2000

connections = ConnectionManager(presence=True)
resolver = WebSocketResolver(reply="send", connections=connections)
resolver.middleware(Tracking(connections))
resolver.middleware(ReconnectHint())


@resolver.on_connect()
async def connect(event: dict[str, Any], connection_id: str) -> dict[str, Any]:
    """Let in every client that gives a name."""
    query = event.get("queryStringParameters") or {}
    return await connections.connect(connection_id, user_id=checked(query.get("name"), "name", LONGEST_NAME))


@resolver.on_disconnect()
async def disconnect(connection_id: str) -> dict[str, Any]:
    """Forget the connection; the others in its rooms are told."""
    return await connections.disconnect(connection_id)


@resolver.on_message("join")
async def join(connection: Connection, room: str) -> dict[str, Any]:
    """Enter a room, and answer with all who are there; the others get a presence event."""
    room = checked(room, "room", LONGEST_NAME)
    await connections.join(connection, room)
    members = await connections.members(room)
    people = [{"connection_id": member.connection_id, "user_id": member.user_id} for member in members]
    return {"type": "joined", "room": room, "members": people}


@resolver.on_message("say")
async def say(connection: Connection, room: str, text: str) -> None:
    """Send a text to everyone in a room, the speaker included; `seq` numbers the texts of the room."""
    if room not in await connections.rooms(connection.connection_id):
        raise ForbiddenError
    said = {"type": "said", "name": connection.user_id, "text": checked(text, "text", LONGEST_TEXT)}
    await connections.broadcast(said, room=room, ordered=True)


@resolver.on_message("ping")
async def ping() -> None:
    """Do nothing: the message itself keeps the connection from being idle."""


def checked(text: object, name: str, longest: int) -> str:
    """Return a text without the space around it. StatusError 400 if it is missing or too long."""
    if not isinstance(text, str) or not 0 < len(text.strip()) <= longest:
        raise StatusError(400, f"{name!r} is a text of 1 to {longest} characters")
    return text.strip()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry point for every route of the WebSocket API."""
    return resolver.resolve(event, context)


def expire(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry point for rows that DynamoDB has let expire: their `$disconnect` never came."""
    return connections.sync.expire(event)
