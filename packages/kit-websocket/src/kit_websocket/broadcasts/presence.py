"""Events of coming and going in rooms."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from kit_websocket.connections.connection import Connection
from kit_websocket.connections.rooms import Memberships

JOIN, LEAVE = "join", "leave"


class Presence(NamedTuple):
    """Say that connections have joined or left a room.

    event: "join" or "leave"
    members: of each connection its `connection_id`, its `user_id` and the `data` given to `join`, where there are any
    """

    event: str
    room: str
    members: list[dict[str, Any]]

    def dump(self) -> dict[str, Any]:
        """Return the message that the other members get."""
        return {"type": "presence", "event": self.event, "room": self.room, "members": self.members}


Announce: TypeAlias = Callable[[Presence], object]


def joined(room: str, connection: Connection, data: object) -> Presence:
    """Return the event of a connection that has joined."""
    member = _member(connection) | ({"data": data} if data is not None else {})
    return Presence(JOIN, room, [member])


def left(memberships: Memberships, connections: Iterable[Connection]) -> list[Presence]:
    """Return an event for each room that connections have left by ending."""
    rooms: dict[str, list[dict[str, Any]]] = {}
    for connection in connections:
        for room in dict.fromkeys(map(memberships.room_of, sorted(connection.memberships))):
            rooms.setdefault(room, []).append(_member(connection))
    return [Presence(LEAVE, room, members) for room, members in rooms.items()]


def left_room(room: str, connection: Connection) -> Presence:
    """Return the event of a connection that has left one room."""
    return Presence(LEAVE, room, [_member(connection)])


def _member(connection: Connection) -> dict[str, Any]:
    member = {"connection_id": connection.connection_id}
    return member | ({"user_id": connection.user_id} if connection.user_id is not None else {})
