"""Routing: the handler of each event of a WebSocket API."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from kit_core import guards, invocation, loop
from kit_core.parameters import is_async

from kit_websocket.errors import EventShapeError, StatusError
from kit_websocket.routing.handlers import handler_step
from kit_websocket.routing.middleware import Event, Step, compose
from kit_websocket.routing.response import Response, message

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Callable[..., Any])


class WebSocketResolver:
    """Route the events of a WebSocket API; itself a Lambda handler.

    Handlers are functions or coroutine functions. They are called with the parameters that they name: `event`,
    `context`, `connection_id` and `body` (the message's JSON, None where it is empty). The result is the response: a
    dict with `statusCode` as it is, None as 200 without a body, anything else as 200 with JSON. API Gateway passes the
    body on to the client only where the route has a route response.

    >>> resolver = WebSocketResolver()
    >>> @resolver.on_message("ping")
    ... def ping(connection_id):
    ...     return {"action": "pong"}
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
        """Register the handler of `$disconnect`, which API Gateway calls in most cases, but not in all."""
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
        has to be awaited. A middleware that does not call it answers in place of the handler.
        """
        instance = middleware() if isinstance(middleware, type) else middleware
        if not callable(instance):
            raise TypeError(f"middleware is called with (event, context, next_handler), {instance!r} can't be called")
        self._middleware.append(Step(instance, is_async(instance, follow_wrapped=True)))
        self._composed.clear()
        return middleware

    def resolve(self, event: Event, context: Any) -> Response:
        """Answer one event of a WebSocket API.

        No handler is 404, a `StatusError` its own status, any other exception 500 without its text, which is logged
        to `kit.websocket`. A coroutine is cancelled, and answered with 500, half a second before the invocation's time
        is over. The event is the current one of `kit_core.invocation` meanwhile. Raise EventShapeError if the event is
        none of a WebSocket API, RuntimeError if this thread runs an event loop already and a handler needs one.
        """
        route_key = _route_key(event)
        step = self._step(route_key)
        if step is not None and step.is_async:
            _ensure_outside_of_a_loop()
        token = invocation.begin(event, context)
        try:
            if step is None:
                guards.log("kit.websocket", logging.WARNING, "no handler for route %s", route_key)
                return message(404, "No handler found for route")
            return loop.run(step.call(event, context)) if step.is_async else step.call(event, context)
        except StatusError as error:
            return message(error.status, error.message)
        except Exception:  # noqa: BLE001  (the client gets an answer in any case)
            guards.log("kit.websocket", logging.ERROR, "the handler of route %s failed", route_key, exc_info=True)
            return message(500, "Internal server error")
        finally:
            invocation.end(token)

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


def _ensure_outside_of_a_loop() -> None:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("this thread runs an event loop already; call the resolver from outside of it")


def _route_key(event: Event) -> str:
    context = event.get("requestContext") or {}
    for name in ("routeKey", "connectionId"):
        if not context.get(name):
            raise EventShapeError(name)
    return str(context["routeKey"])
