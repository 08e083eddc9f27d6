"""Calling a handler with the parameters that it names."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from kit_core import loop
from kit_core.parameters import is_async

from kit_websocket.errors import StatusError
from kit_websocket.routing.arguments import Plan, plan_of, take_fields
from kit_websocket.routing.coroutines import has_await, run_at_once
from kit_websocket.routing.middleware import Event, Step
from kit_websocket.routing.response import Response, error_response, respond

if TYPE_CHECKING:
    from kit_websocket.connections.connection import Connection
    from kit_websocket.connections.manager import ConnectionManager

_GONE = 410


class Handler:
    """Hold a registered function, and how it is called.

    is_message: whether it handles messages, and not `$connect` or `$disconnect`
    around: members of a message that belong to its route
    reply: how its result reaches the client, None for the resolver's way
    """

    __slots__ = ("awaits", "function", "is_async", "is_message", "plan", "reply")

    def __init__(
        self, function: Callable[..., Any], *, is_message: bool, around: tuple[str, ...], reply: str | None
    ) -> None:
        self.function = function
        self.is_message = is_message
        self.plan = plan_of(function, has_message=is_message, around=around)
        self.is_async = is_async(function, follow_wrapped=True)
        self.awaits = self.is_async and has_await(function)
        self.reply = reply

    def step(self, connections: "ConnectionManager | None", *, in_loop: bool) -> Step:
        """Return the handler as a step of `(event, context)`.

        in_loop: whether the middleware around it runs in an event loop

        Raise TypeError if it asks for the `Connection`, and there is nothing that knows connections.
        """
        if self.plan.connection is not None and connections is None:
            named = getattr(self.function, "__qualname__", self.function)
            raise TypeError(f"{named} asks for the Connection: WebSocketResolver(connections=…) names where it is kept")
        if self.awaits or (self.is_async and in_loop):
            return Step(_asynchronous(self, connections), is_async=True)
        return Step(_synchronous(self, connections), is_async=False)


def _arguments(plan: Plan, event: Event, context: Any) -> dict[str, Any]:
    given = {name: getter(event, context) for name, getter in plan.getters}
    return given | take_fields(plan, event) if plan.fields else given


def _asynchronous(handler: Handler, connections: "ConnectionManager | None") -> Callable[..., Awaitable[Response]]:
    function, plan, is_message = handler.function, handler.plan, handler.is_message

    async def call(event: Event, context: Any) -> Response:
        try:
            given = _arguments(plan, event, context)
            if plan.connection is not None and connections is not None:
                found = await connections.get_connection(event["requestContext"]["connectionId"])
                given[plan.connection[0]] = _known(found, plan)
            result = function(**given)
            # A wrapper may have awaited it already.
            return respond(await result if hasattr(result, "__await__") else result)
        except StatusError as error:
            return error_response(error, is_message=is_message)

    return call


def _synchronous(handler: Handler, connections: "ConnectionManager | None") -> Callable[..., Response]:
    function, plan, is_message = handler.function, handler.plan, handler.is_message
    at_once = handler.is_async

    def call(event: Event, context: Any) -> Response:
        try:
            given = _arguments(plan, event, context)
            if plan.connection is not None and connections is not None:
                found = connections.sync.get_connection(event["requestContext"]["connectionId"])
                given[plan.connection[0]] = _known(found, plan)
            result = function(**given)
            if at_once:
                return respond(run_at_once(result))
            # A lambda or a decorator may hide that it makes a coroutine.
            return respond(loop.run(result) if hasattr(result, "__await__") else result)
        except StatusError as error:
            return error_response(error, is_message=is_message)

    return call


def _known(connection: "Connection | None", plan: Plan) -> "Connection | None":
    if connection is None and plan.connection is not None and not plan.connection[1]:
        raise StatusError(_GONE, "The connection is not known, or has expired: connect again")
    return connection
