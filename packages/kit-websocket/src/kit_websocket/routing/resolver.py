"""Routing: the handler of each event of a WebSocket API."""

import logging
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from kit_core import guards, invocation, loop
from kit_core.handlers import mark_registered
from kit_core.parameters import is_async

from kit_websocket.errors import EventShapeError, StatusError
from kit_websocket.routing import replies
from kit_websocket.routing.body import field_of
from kit_websocket.routing.handlers import Handler
from kit_websocket.routing.middleware import Event, Middleware, Step, compose
from kit_websocket.routing.response import Response, error_response

if TYPE_CHECKING:
    from kit_websocket.connections.manager import ConnectionManager

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Callable[..., Any])
Reply = Literal["response", "send"]

_LIFECYCLE = ("$connect", "$disconnect")
_REPLIES = (replies.RESPONSE, replies.SEND)


class WebSocketResolver:
    """Route the events of a WebSocket API; itself a Lambda handler.

    route_field: the member of a message that names its route where API Gateway's own choice was `$default`; nested ones
        as `message.kind`; None for none
    ack: the member of a message by whose value its result or error is acknowledged; None for none
    reply: "response" returns results, which API Gateway passes on where the route has a route response; "send" sends
        them to the client, for routes without one. By default KIT_WEBSOCKET_REPLY, else "response"
    connections: where handlers that ask for the `Connection` get it from

    Handlers are functions or coroutine functions, called with the parameters that they name: `event`, `context`,
    `connection_id`, `body` (the message's JSON, None where it is empty, loaded by its annotation if it has one), one
    annotated with `Context`, one with `Connection`, and any other name is a member of the message. The result is a dict
    with `statusCode` as it is, None as 200 without a body, anything else as 200 with JSON.

    >>> resolver = WebSocketResolver()
    >>> @resolver.on_message("rename")
    ... def rename(connection_id, name: str):
    ...     return {"action": "renamed", "name": name}
    """

    def __init__(
        self,
        *,
        route_field: str | None = "action",
        ack: str | None = "id",
        reply: Reply | None = None,
        connections: "ConnectionManager | None" = None,
    ) -> None:
        """Start without handlers and middleware."""
        if reply not in (None, *_REPLIES):
            raise ValueError(f"reply is 'response' or 'send', not {reply!r}")
        self.connections = connections
        self._route_field = tuple(route_field.split(".")) if route_field else ()
        self._ack = ack
        self._reply = reply
        self._around = tuple(name for name in (*self._route_field[:1], ack) if name)
        self._handlers: dict[str, Handler] = {}
        self._middleware: list[Step] = []
        self._included: list[tuple[WebSocketResolver, str]] = []
        self._composed: dict[str, tuple[Handler, Step, str]] = {}

    def on_connect(self) -> Callable[[F], F]:
        """Register the handler of `$connect`; a status other than 2xx refuses the connection."""
        return self._on("$connect")

    def on_disconnect(self) -> Callable[[F], F]:
        """Register the handler of `$disconnect`, which API Gateway calls in most cases, but not in all."""
        return self._on("$disconnect")

    def on_message(self, route_key: str, *, reply: Reply | None = None) -> Callable[[F], F]:
        """Register the handler of a route, by its route key or the value of the route field; the last one counts.

        reply: for this route, instead of the resolver's
        """
        if not isinstance(route_key, str) or not route_key or route_key in _LIFECYCLE:
            raise TypeError(f"on_message takes the route key of messages, not {route_key!r}")
        return self._on(route_key, reply)

    def on_default(self, *, reply: Reply | None = None) -> Callable[[F], F]:
        """Register the handler of `$default`, and of every message whose route has no handler here."""
        return self._on("$default", reply)

    def include(self, resolver: "WebSocketResolver", *, prefix: str = "") -> None:
        """Take over the handlers of another resolver, with its middleware inside of this one's.

        prefix: put before the route keys of its messages; `$connect`, `$disconnect` and `$default` stay as they are

        What is registered there later counts as well. A handler of this resolver wins, and of several included ones the
        first. ValueError for a resolver that includes itself.
        """
        if resolver is self or resolver._includes(self):
            raise ValueError("a resolver cannot include itself")
        self._included.append((resolver, prefix))
        self._composed.clear()

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
        route_key, connection_id = _route_of(event)
        token = invocation.begin(event, context)
        try:
            if route_key in _LIFECYCLE:
                return self._answer(route_key, event, context)[0]
            message_id = None if self._ack is None else replies.id_of(event, self._ack)
            response, reply = self._answer(route_key, event, context)
            if message_id is not None:
                response = replies.acknowledged(response, message_id)
            if reply == replies.SEND:
                return replies.sent(response, connection_id)
            return response
        finally:
            invocation.end(token)

    def __call__(self, event: Event, context: Any) -> Response:
        """Answer one event, as `resolve` does."""
        return self.resolve(event, context)

    def _answer(self, route_key: str, event: Event, context: Any) -> tuple[Response, str]:
        """Return the response of a route's handler, and how it reaches the client."""
        is_message = route_key not in _LIFECYCLE
        handler, reply = None, ""
        try:
            found = self._found(route_key, event)
            if found is None:
                guards.log("kit.websocket", logging.WARNING, "no handler for route %s", route_key)
                missing = StatusError(404, "No handler found for route")
                return error_response(missing, is_message=is_message), self._reply_of(None)
            handler, step, reply = found
            response = loop.run(step.call(event, context)) if step.is_async else step.call(event, context)
        except StatusError as error:
            response = error_response(error, is_message=is_message)
        except Exception as error:
            if handler is not None and handler.is_async and _runs_a_loop():
                raise RuntimeError(_NESTED) from error
            # The client gets an answer in any case.
            guards.log("kit.websocket", logging.ERROR, "the handler of route %s failed", route_key, exc_info=True)
            response = error_response(StatusError(500, "Internal server error"), is_message=is_message)
        return response, reply or self._reply_of(handler)

    def _on(self, route_key: str, reply: str | None = None) -> Callable[[F], F]:
        if reply not in (None, *_REPLIES):
            raise ValueError(f"reply is 'response' or 'send', not {reply!r}")

        def register(function: F) -> F:
            is_message = route_key not in _LIFECYCLE
            self._handlers[route_key] = Handler(function, is_message=is_message, around=self._around, reply=reply)
            self._composed.clear()
            mark_registered(function)
            return function

        return register

    def _found(self, route_key: str, event: Event) -> "tuple[Handler, Step, str] | None":
        found = self._composed.get(route_key)
        if found is not None and not (route_key == "$default" and self._route_field):
            return found
        if route_key == "$default" and self._route_field:
            named = field_of(event, self._route_field)
            if isinstance(named, str) and named not in ("$default", *_LIFECYCLE):
                found = self._step(named)
                if found is not None:
                    return found
        found = self._step(route_key)
        if found is None and route_key not in _LIFECYCLE:
            found = self._step("$default")
        return found

    def _step(self, route_key: str) -> "tuple[Handler, Step, str] | None":
        found = self._composed.get(route_key)
        if found is None:
            chain = self._chain(route_key)
            if chain is None:
                return None
            handler, middleware, connections = chain
            step = handler.step(connections, in_loop=any(each.is_async for each in middleware))
            found = self._composed[route_key] = handler, compose(step, middleware), self._reply_of(handler)
        return found

    def _chain(self, route_key: str) -> "tuple[Handler, list[Step], ConnectionManager | None] | None":
        """Return a route's handler, the middleware around it, and where it gets its `Connection` from."""
        handler = self._handlers.get(route_key)
        if handler is not None:
            return handler, self._middleware_of(route_key), self.connections
        for resolver, prefix in self._included:
            if route_key.startswith("$"):
                inner = resolver._chain(route_key)
            else:
                inner = resolver._chain(route_key[len(prefix) :]) if route_key.startswith(prefix) else None
            if inner is not None:
                return inner[0], self._middleware_of(route_key) + inner[1], inner[2] or self.connections
        return None

    def _middleware_of(self, route_key: str) -> list[Step]:
        return [
            each._replace(call=each.call.for_route(route_key)) if isinstance(each.call, Middleware) else each
            for each in self._middleware
        ]

    def _includes(self, resolver: "WebSocketResolver") -> bool:
        return any(each is resolver or each._includes(resolver) for each, _ in self._included)

    def _reply_of(self, handler: Handler | None) -> str:
        own = None if handler is None else handler.reply
        return own or self._reply or os.environ.get("KIT_WEBSOCKET_REPLY") or replies.RESPONSE


_NESTED = "this thread runs an event loop already; call the resolver from outside of it"


def _runs_a_loop() -> bool:
    from asyncio import _get_running_loop

    return _get_running_loop() is not None


def _route_of(event: Event) -> tuple[str, str]:
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    context = context if isinstance(context, Mapping) else {}
    route_key, connection_id = context.get("routeKey"), context.get("connectionId")
    if not (isinstance(route_key, str) and route_key):
        raise EventShapeError("routeKey")
    if not (isinstance(connection_id, str) and connection_id):
        raise EventShapeError("connectionId")
    return route_key, connection_id
