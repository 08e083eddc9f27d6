"""Which handler an event of a WebSocket API goes to."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from kit_websocket import current, loop
from kit_websocket.errors import EventShapeError, StatusError
from kit_websocket.handlers import handler_step, is_coroutine_function
from kit_websocket.middleware import Event, Step, compose
from kit_websocket.response import Response, message

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Callable[..., Any])

_logger = logging.getLogger("kit.websocket")


class WebSocketResolver:
    """Route the events of a WebSocket API; itself a Lambda handler.

    Handlers are functions or coroutine functions and are called with those of `event`, `context`, `connection_id` and
    `body` (the message's JSON, None where it is empty) that they name. What they return is the response: a dict with
    `statusCode` as it is, None as 200 without a body, anything else as 200 with JSON. API Gateway passes the body on
    to the client only where the route has a route response.
    """

    def __init__(self) -> None:
        """Start without handlers and middleware."""
        self._handlers: dict[str, Step] = {}
        self._middleware: list[Step] = []
        self._composed: dict[str, Step] = {}

    def on_connect(self) -> Callable[[F], F]:
        """Register the handler of `$connect`; a status other than 2xx refuses the connection."""
        return self._on("$connect")

    def on_disconnect(self) -> Callable[[F], F]:
        """Register the handler of `$disconnect`, which API Gateway calls as a rule but not for certain."""
        return self._on("$disconnect")

    def on_message(self, route_key: str) -> Callable[[F], F]:
        """Register the handler of a route of the API (by its route key); the last one registered is called."""
        if not isinstance(route_key, str) or not route_key or route_key in ("$connect", "$disconnect"):
            raise TypeError(f"on_message takes the route key of messages, not {route_key!r}")
        return self._on(route_key)

    def on_default(self) -> Callable[[F], F]:
        """Register the handler of `$default`, and of every message whose route has no handler here."""
        return self._on("$default")

    def middleware(self, middleware: M) -> M:
        """Put `(event, context, next_handler)` around every handler; the first registered is the outermost.

        It is a function, a coroutine function, an instance, or a class, which is instantiated without arguments.
        `next_handler(event, context)` returns the response as a dict with `statusCode`; for a coroutine function it
        has to be awaited. Whoever does not call it answers in the handler's stead.
        """
        instance = middleware() if isinstance(middleware, type) else middleware
        if not callable(instance):
            raise TypeError(f"middleware is called with (event, context, next_handler), {instance!r} can't be called")
        self._middleware.append(Step(instance, is_coroutine_function(instance)))
        self._composed.clear()
        return middleware

    def resolve(self, event: Event, context: Any) -> Response:
        """Answer one event of a WebSocket API.

        No handler is 404, a `StatusError` its own status, any other exception 500 without its text, which is logged
        to `kit.websocket`. EventShapeError if the event is none of a WebSocket API; RuntimeError if this thread runs
        an event loop already and a handler needs one.
        """
        route_key = _route_key(event)
        step = self._step(route_key)
        if step is None:
            _logger.warning("no handler for route %s", route_key)
            return message(404, "No handler found for route")
        if step.is_async:
            loop.ensure_outside()
        token = current.event.set(event)
        try:
            return loop.run(lambda: step.call(event, context)) if step.is_async else step.call(event, context)
        except StatusError as error:
            return message(error.status, error.message)
        except Exception:
            _logger.exception("the handler of route %s failed", route_key)
            return message(500, "Internal server error")
        finally:
            current.event.reset(token)

    def __call__(self, event: Event, context: Any) -> Response:
        """Answer one event, as `resolve` does."""
        return self.resolve(event, context)

    def _on(self, route_key: str) -> Callable[[F], F]:
        def register(function: F) -> F:
            self._handlers[route_key] = handler_step(function)
            self._composed.clear()
            return function

        return register

    def _step(self, route_key: str) -> Step | None:
        step = self._composed.get(route_key)
        if step is None:
            handler = self._handlers.get(route_key)
            if handler is None and route_key not in ("$connect", "$disconnect"):
                handler = self._handlers.get("$default")
            if handler is None:
                return None
            step = self._composed[route_key] = compose(handler, self._middleware)
        return step


def _route_key(event: Event) -> str:
    context = event.get("requestContext") or {}
    for name in ("routeKey", "connectionId"):
        if not context.get(name):
            raise EventShapeError(name)
    return str(context["routeKey"])
