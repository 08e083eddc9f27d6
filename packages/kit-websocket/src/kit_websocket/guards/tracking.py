"""When a connection was last seen, written now and then."""

import logging
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Any

from kit_core import guards

from kit_websocket.errors import DynamoDBError
from kit_websocket.routing.middleware import Middleware, NextHandler

if TYPE_CHECKING:
    from kit_websocket.connections.manager import ConnectionManager

_MOST_KNOWN = 10_000


class Tracking(Middleware):
    """Note with each message that its connection is alive, at most once in `every` seconds.

    connections: where it is noted
    every: seconds in which this process writes nothing more of a connection, which also begin with its `$connect`

    A failure of DynamoDB is logged, and the message is handled all the same.

    >>> from kit_websocket import ConnectionManager, WebSocketResolver
    >>> resolver = WebSocketResolver()
    >>> _ = resolver.middleware(Tracking(ConnectionManager("chat-connections")))
    """

    def __init__(self, connections: "ConnectionManager", *, every: float = 60.0) -> None:
        """Keep the settings."""
        if every < 0:
            raise ValueError(f"every is a number of seconds, not {every!r}")
        self._connections = connections
        self._every = every
        self._seen: OrderedDict[str, float] = OrderedDict()

    async def __call__(self, event: Any, context: Any, next_handler: NextHandler) -> Any:
        """Note the connection, and go on."""
        request = event["requestContext"]
        connection_id, route_key = request["connectionId"], request["routeKey"]
        if route_key == "$disconnect":
            self._seen.pop(connection_id, None)
        elif self._is_due(connection_id) and route_key != "$connect":
            try:
                await self._connections.update_last_seen(connection_id)
            except DynamoDBError as error:
                self._seen.pop(connection_id, None)
                guards.log("kit.websocket", logging.WARNING, "a connection's last message is not noted: %s", error)
        return await next_handler(event, context)

    def _is_due(self, connection_id: str) -> bool:
        now = monotonic()
        seen = self._seen.get(connection_id)
        if seen is not None and now - seen < self._every:
            return False
        self._seen[connection_id] = now
        self._seen.move_to_end(connection_id)
        while len(self._seen) > _MOST_KNOWN:
            self._seen.popitem(last=False)
        return True
