"""A hint to connect again, before API Gateway ends a connection."""

import logging
from collections import OrderedDict
from typing import Any

from kit_core import guards

from kit_websocket.errors import WebSocketsError
from kit_websocket.routing.context import Context
from kit_websocket.routing.middleware import Middleware, NextHandler

_MOST_KNOWN = 10_000


class ReconnectHint(Middleware):
    """Send `{"type": "reconnect", "seconds": …}` to a client whose connection API Gateway is about to end.

    before: how many seconds before the end, which comes two hours after the begin; each process tells a client once

    The hint follows the message that is handled. A client opens a second connection on it, and then closes the first.

    >>> from kit_websocket import WebSocketResolver
    >>> resolver = WebSocketResolver()
    >>> _ = resolver.middleware(ReconnectHint(before=300))
    """

    def __init__(self, *, before: float = 600.0) -> None:
        """Keep the setting."""
        if before <= 0:
            raise ValueError(f"before is a number of seconds, not {before!r}")
        self._before = before
        self._told: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, event: Any, context: Any, next_handler: NextHandler) -> Any:
        """Go on, and send the hint when it is time."""
        response = await next_handler(event, context)
        described = Context(event, context)
        connection_id, remaining = described.connection_id, described.expires_in
        is_message = event["requestContext"]["routeKey"] not in ("$connect", "$disconnect")
        if is_message and remaining is not None and 0 < remaining <= self._before and connection_id not in self._told:
            self._told[connection_id] = None
            while len(self._told) > _MOST_KNOWN:
                self._told.popitem(last=False)
            try:
                await described.send({"type": "reconnect", "seconds": int(remaining)})
            except WebSocketsError as error:
                guards.log("kit.websocket", logging.WARNING, "a hint to connect again could not be sent: %s", error)
        return response
