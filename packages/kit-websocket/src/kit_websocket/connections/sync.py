"""The manager's methods for code without an event loop."""

from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kit_core import loop

from kit_websocket.connections.connection import Connection
from kit_websocket.connections.rooms import Member
from kit_websocket.routing.response import Response
from kit_websocket.sending.delivery import Cursor, Delivery
from kit_websocket.sending.send import Status

if TYPE_CHECKING:
    from kit_websocket.connections.manager import ConnectionManager

T = TypeVar("T")


class SyncConnectionManager:
    """Do a `ConnectionManager`'s work, and block meanwhile; it is the manager's `sync`.

    Every method has the parameters, result and errors of the manager's, and runs in the process's kept event loop.
    RuntimeError inside of a running loop: await the manager's own method there.

    >>> from kit_websocket import ConnectionManager
    >>> connections = ConnectionManager("chat-connections").sync
    >>> def say(room, text):
    ...     connections.broadcast({"action": "said", "text": text}, room=room)
    """

    def __init__(self, manager: "ConnectionManager") -> None:
        """Keep the manager."""
        self._manager = manager

    def init_table(self) -> None:
        """Create both tables unless they exist."""
        _run(self._manager.init_table())

    def connect(
        self,
        connection_id: str,
        client_data: object = None,
        *,
        user_id: object = None,
        endpoint_id: str | None = None,
        area: str | None = None,
        subprotocol: str | None = None,
    ) -> Response:
        """Write down a connection, and return the response for `$connect`."""
        named: dict[str, Any] = {"user_id": user_id, "endpoint_id": endpoint_id, "area": area}
        return _run(self._manager.connect(connection_id, client_data, subprotocol=subprotocol, **named))

    def disconnect(self, connection_id: str) -> Response:
        """Forget a connection and its memberships, and return the response for `$disconnect`."""
        return _run(self._manager.disconnect(connection_id))

    def get_connection(self, connection_id: str) -> Connection | None:
        """Return a connection, or None if it is not known or has expired."""
        return _run(self._manager.get_connection(connection_id))

    def update_last_seen(self, connection_id: str) -> bool:
        """Note that a connection is alive."""
        return _run(self._manager.update_last_seen(connection_id))

    def get_user_connections(self, user_id: object) -> list[Connection]:
        """Return the connections of a user."""
        return _run(self._manager.get_user_connections(user_id))

    def get_endpoint_connections(self, endpoint_id: str, area: str | None = None) -> list[Connection]:
        """Return the connections of an endpoint, of one area alone if it is given."""
        return _run(self._manager.get_endpoint_connections(endpoint_id, area))

    def get_area_connections(self, area: str) -> list[Connection]:
        """Return the connections of an area."""
        return _run(self._manager.get_area_connections(area))

    def join(self, connection: str | Connection, *rooms: str, data: object = None) -> bool:
        """Put a connection into rooms."""
        return _run(self._manager.join(connection, *rooms, data=data))

    def leave(self, connection_id: str, *rooms: str) -> bool:
        """Take a connection out of rooms."""
        return _run(self._manager.leave(connection_id, *rooms))

    def rooms(self, connection_id: str) -> list[str]:
        """Return the names of the rooms that a connection is in."""
        return _run(self._manager.rooms(connection_id))

    def members(self, room: str) -> list[Member]:
        """Return the members of a room."""
        return _run(self._manager.members(room))

    def counts(self, *rooms: str) -> dict[str, int]:
        """Return how many members each room has."""
        return _run(self._manager.counts(*rooms))

    def send(self, connection_id: str, message: object, *, ordered: bool = False) -> bool:
        """Send a message to one connection; False if it is gone."""
        return _run(self._manager.send(connection_id, message, ordered=ordered))

    def send_many(
        self, connection_ids: Sequence[str], message: object, *, continue_with: Callable[[Cursor], Any] | None = None
    ) -> Delivery:
        """Send a message to many connections."""
        return _run(self._manager.send_many(connection_ids, message, continue_with=continue_with))

    def send_to_user(self, user_id: object, message: object) -> int:
        """Send a message to every connection of a user, and return how many were reached."""
        return _run(self._manager.send_to_user(user_id, message))

    def broadcast(
        self,
        message: object,
        *,
        room: str | Sequence[str] | None = None,
        users: Collection[object] | None = None,
        except_: str | Collection[str] = (),
        ordered: bool = False,
        continue_with: Callable[[Cursor], Any] | None = None,
    ) -> Delivery:
        """Send a message to rooms, to users, or to everyone."""
        options: dict[str, Any] = {"except_": except_, "ordered": ordered, "continue_with": continue_with}
        return _run(self._manager.broadcast(message, room=room, users=users, **options))

    def resume(self, cursor: Cursor, *, continue_with: Callable[[Cursor], Any] | None = None) -> Delivery:
        """Go on with a broadcast from its cursor."""
        return _run(self._manager.resume(cursor, continue_with=continue_with))

    def close(self, connection_id: str) -> bool:
        """Close a connection, and forget it."""
        return _run(self._manager.close(connection_id))

    def status(self, connection_id: str) -> Status | None:
        """Return the state of a connection at API Gateway."""
        return _run(self._manager.status(connection_id))

    def expire(self, event: Any, context: Any = None) -> dict[str, Any]:
        """Take the connections whose rows have expired out of their rooms; a handler of the table's stream."""
        return _run(self._manager.expire(event, context))


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    return loop.run(coroutine)
