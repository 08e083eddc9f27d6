"""A client of a WebSocket API."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kit_testing.clients.answer import Answer, read_answer
from kit_testing.context import LambdaContext
from kit_testing.events._values import text
from kit_testing.events.websocket import websocket_event

if TYPE_CHECKING:
    from kit_testing.servers.connections import ConnectionsServer


class WebSocketClient:
    """Call the handler of a WebSocket API as API Gateway does for one connection, and receive what is sent to it.

    handler: called with an event and a context, such as a `WebSocketResolver` of kit-websocket
    connection_id: a random one by default
    authorizer: the context that the authorizer of `$connect` returned
    route_selection: the API's route selection expression
    routes: the route keys of the API; every other message goes to `$default`. By default, every key is a route
    timeout: the seconds that the context of each call has
    server: the `@connections` that the code under test sends to, such as the fixture `connections_server`; the events
        name its address, and the connection is open there once `$connect` has let it in

    Example:
        >>> def handler(event, context):
        ...     return {"statusCode": 200, "body": event["requestContext"]["routeKey"]}
        >>> client = WebSocketClient(handler)
        >>> client.connect().status, client.send({"action": "ping"}).text, client.disconnect().text
        (200, 'ping', '$disconnect')
    """

    def __init__(
        self,
        handler: Callable[..., Any],
        *,
        connection_id: str | None = None,
        authorizer: Mapping[str, Any] | None = None,
        route_selection: str = "$request.body.action",
        routes: Collection[str] | None = None,
        timeout: float = 30.0,
        server: "ConnectionsServer | None" = None,
    ) -> None:
        if not route_selection.startswith("$request.body."):
            raise ValueError(f"route_selection begins with '$request.body.', unlike {route_selection!r}")
        self.handler = handler
        self.connection_id = connection_id or f"{uuid4().hex[:14]}="
        self.authorizer = authorizer
        self.timeout = timeout
        self.server = server
        self._open = False
        self._path = route_selection.removeprefix("$request.body.").split(".")
        self._routes = routes

    @property
    def connected(self) -> bool:
        """Whether the connection is open: let in, and closed by neither side."""
        return self._open and (self.server is None or self.server.is_open(self.connection_id))

    def connect(self, *, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None) -> Answer:
        """Call `$connect`; the connection is open if the answer's status is 2xx."""
        if self.connected:
            raise RuntimeError("the connection is open already")
        answer = self._call("$connect", headers=headers, query=query)
        self._open = 200 <= answer.status < 300
        if self._open and self.server:
            self.server.open(self.connection_id, deleted=self._deleted)
        return answer

    def send(self, body: Any, *, route_key: str | None = None) -> Answer:
        """Send a message, and return the answer; a body that is neither text nor bytes becomes JSON.

        The route is that of the route selection expression unless `route_key` is given. RuntimeError while the
        connection is not open.
        """
        self._check_open()
        content = text(body)
        return self._call(self._route_of(content) if route_key is None else route_key, body=content)

    def receive(self, *, timeout: float = 5.0) -> str | bytes:
        """Return the next message that was sent to the connection by `@connections`, and wait for it.

        Text, or bytes that are not UTF-8. TimeoutError if none comes within `timeout` seconds, ConnectionError once the
        connection is closed.
        """
        if self.server is None:
            raise RuntimeError(
                "nothing is sent to this client: give it a server, such as the fixture connections_server"
            )
        if not self.server.knows(self.connection_id):
            self._check_open()
        data = self.server.receive(self.connection_id, timeout=timeout)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data

    def receive_json(self, *, timeout: float = 5.0) -> Any:
        """Return the next message, read as JSON; see `receive`."""
        return json.loads(self.receive(timeout=timeout))

    def disconnect(self, code: int = 1000) -> Answer:
        """Close the connection with a close code (RFC 6455, 7.4): call `$disconnect`."""
        self._check_open()
        self.vanish()
        return self._call("$disconnect", disconnect_code=code)

    def vanish(self) -> None:
        """Leave without a word: the connection is gone, and `$disconnect` is not called, which API Gateway may omit."""
        self._check_open()
        self._open = False
        if self.server:
            self.server.close(self.connection_id)

    def _deleted(self) -> None:
        self._open = False
        self._call("$disconnect")

    def _check_open(self) -> None:
        if not self.connected:
            raise RuntimeError("the connection is not open: call connect() first")

    def _call(self, route_key: str, **options: Any) -> Answer:
        if self.server:
            options |= {"domain": self.server.domain, "stage": self.server.stage}
        event = websocket_event(route_key, connection_id=self.connection_id, authorizer=self.authorizer, **options)
        answer = read_answer(self.handler(event, LambdaContext(timeout=self.timeout)), version="websocket")
        if self.server:
            self.server.tell_deleted()
        return answer

    def _route_of(self, content: str) -> str:
        """Return the route key of a message: `$default` where the expression gives none that the API has."""
        try:
            found = json.loads(content)
        except ValueError:
            return "$default"
        for name in self._path:
            found = found.get(name) if isinstance(found, dict) else None
        known = isinstance(found, str) and (self._routes is None or found in self._routes)
        return found if known else "$default"
