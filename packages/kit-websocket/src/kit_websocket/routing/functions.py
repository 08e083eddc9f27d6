"""Messages that name a function: SilvaEngine's route `stream`, to functions that are registered."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from kit_core.json import loads
from kit_core.loop import in_thread
from kit_core.parameters import is_async

from kit_websocket.errors import InvalidMessageError, StatusError
from kit_websocket.routing.arguments import Plan, plan_of, take_fields
from kit_websocket.routing.context import Context
from kit_websocket.routing.loading import invalid
from kit_websocket.routing.resolver import Reply, WebSocketResolver

if TYPE_CHECKING:
    from kit_websocket.connections.connection import Connection
    from kit_websocket.connections.manager import ConnectionManager

F = TypeVar("F", bound=Callable[..., Any])


class FunctionRouter(WebSocketResolver):
    """Route `{"funct": name, "payload": JSON}` to the function that is registered by this name.

    route_key: the route of such messages. A message to `$default` with `funct` is one as well
    connections: where a connection's endpoint and area are kept: `$connect` writes `endpointId` and `area` of the query
        and the authorizer's context there, `$disconnect` removes them, and a message of an unknown connection is 404
    reply: as of `WebSocketResolver`

    A function is called with the members of the payload that it names, and may ask for `event`, `context` or
    `connection_id`, and by its annotation for the `Context` or the `Connection`. `payload` itself is the whole payload,
    and `endpoint_id` and `area` are the connection's, without `connections=` the client's own. `payload` may also be an
    object instead of its JSON in a text.

    >>> functions = FunctionRouter()
    >>> @functions.function("processData")
    ... def process(key: str):
    ...     return {"key": key}
    """

    def __init__(
        self,
        *,
        route_key: str = "stream",
        connections: "ConnectionManager | None" = None,
        reply: Reply | None = None,
        ack: str | None = "id",
    ) -> None:
        """Start without functions."""
        super().__init__(route_field=None, ack=ack, reply=reply, connections=connections)
        self._functions: dict[str, tuple[Callable[..., Any], Plan]] = {}
        self.on_message(route_key)(self._run)
        self.on_default()(self._run)
        if connections is not None:
            self.on_connect()(self._connect)
            self.on_disconnect()(self._disconnect)

    def function(self, name: str | None = None) -> Callable[[F], F]:
        """Register a function by its own name, or another one; the last one counts."""

        def register(function: F) -> F:
            named = name or getattr(function, "__name__", "")
            if not named:
                raise TypeError(f"{function!r} has no name: give one")
            self._functions[named] = function, plan_of(function, has_message=True, around=())
            return function

        return register

    async def _connect(self, event: Any, connection_id: str) -> Any:
        assert self.connections is not None
        described = Context(event)
        query = described.query
        return await self.connections.connect(
            connection_id,
            described.authorizer or None,
            endpoint_id=query.get("endpointId") or None,
            area=query.get("area") or None,
        )

    async def _disconnect(self, connection_id: str) -> Any:
        assert self.connections is not None
        return await self.connections.disconnect(connection_id)

    async def _run(self, event: Any, context: Any) -> Any:
        from kit_websocket.routing.body import parse_body

        body = parse_body(event)
        if not isinstance(body, Mapping) or not isinstance(body.get("funct"), str) or not body["funct"]:
            raise InvalidMessageError(
                "Missing required parameters: funct", [{"field": "funct", "message": "is required"}]
            )
        found = self._functions.get(body["funct"])
        if found is None:
            raise StatusError(404, "No such function")
        function, plan = found
        connection = await self._connection(event)
        payload = _payload(body)
        if connection is not None:
            payload |= {"endpoint_id": connection.endpoint_id, "area": connection.area}
        given = self._given(plan, event, context, payload, connection)
        if is_async(function, follow_wrapped=True):
            return await function(**given)
        result = await in_thread(function, **given)
        return await result if hasattr(result, "__await__") else result

    async def _connection(self, event: Any) -> "Connection | None":
        if self.connections is None:
            return None
        connection = await self.connections.get_connection(event["requestContext"]["connectionId"])
        if connection is None:
            raise StatusError(404, "WebSocket connection not found")
        return connection

    def _given(
        self, plan: Plan, event: Any, context: Any, payload: dict[str, Any], connection: "Connection | None"
    ) -> dict[str, Any]:
        """Return the arguments of a function: a message's members are the payload's here."""
        from kit_core.json import dumps

        inner = {**event, "body": dumps({"payload": payload, **payload}), "isBase64Encoded": False}
        given = {name: getter(inner, context) for name, getter in plan.getters}
        given |= {name: Context(event, context) for name, value in given.items() if isinstance(value, Context)}
        if plan.fields:
            given |= take_fields(plan, inner)
        if plan.connection is not None:
            if connection is None and not plan.connection[1]:
                raise StatusError(404, "WebSocket connection not found")
            given[plan.connection[0]] = connection
        return given


def _payload(body: Mapping[str, Any]) -> dict[str, Any]:
    payload = body.get("payload")
    if isinstance(payload, str):
        try:
            payload = loads(payload) if payload else None
        except ValueError:
            raise invalid([("payload", "must be JSON")]) from None
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise invalid([("payload", "must be an object")])
    return dict(payload)
