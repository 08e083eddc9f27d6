"""The connection in log lines."""

from typing import Any, Protocol

from kit_websocket.routing.middleware import Middleware, NextHandler


class KeyLogger(Protocol):
    """Is a logger that adds keys to its lines, as kit-logger's and Powertools' do."""

    def append_keys(self, **keys: Any) -> None: ...

    def remove_keys(self, keys: Any) -> None: ...


class LogKeys(Middleware):
    """Add `connection_id` and `route` to a logger's lines while an event is handled.

    logger: one with `append_keys` and `remove_keys`, as kit-logger's

    The correlation id needs nothing of this: the event is the current invocation.

    >>> from kit_websocket import WebSocketResolver
    >>> class Logger:
    ...     def append_keys(self, **keys): ...
    ...     def remove_keys(self, keys): ...
    >>> resolver = WebSocketResolver()
    >>> _ = resolver.middleware(LogKeys(Logger()))
    """

    def __init__(self, logger: KeyLogger) -> None:
        """Keep the logger."""
        self._logger = logger

    async def __call__(self, event: Any, context: Any, next_handler: NextHandler) -> Any:
        """Add the keys, go on, and take them off."""
        request = event["requestContext"]
        self._logger.append_keys(connection_id=request["connectionId"], route=request["routeKey"])
        try:
            return await next_handler(event, context)
        finally:
            self._logger.remove_keys(["connection_id", "route"])
