"""The request context of an event, as an object."""

from collections.abc import Mapping
from datetime import UTC, datetime
from time import time
from typing import Any

from kit_websocket.current import LONGEST_SECONDS


class Context:
    """Describe the event that is being handled; a handler gets one for a parameter that is annotated with it.

    event, lambda_context: as Lambda gave them
    connection_id, route_key, event_type, request_id, message_id, domain_name, stage, api_id, source_ip, user_agent: as
        in the event's `requestContext`, None where it has none
    authorizer: the context that the authorizer of `$connect` returned, or the one that `Authentication` has set
    disconnect_code, disconnect_reason: of `$disconnect`

    >>> async def greet(context: Context, body: dict) -> None:
    ...     await context.send({"action": "greeting", "name": body["name"]})
    """

    __slots__ = ("_request", "authorizer", "event", "lambda_context")

    def __init__(self, event: Mapping[str, Any], lambda_context: Any = None) -> None:
        """Keep the event and the Lambda context."""
        self.event = event
        self.lambda_context = lambda_context
        self._request: Mapping[str, Any] = event.get("requestContext") or {}
        self.authorizer: Any = self._request.get("authorizer") or {}

    connection_id: str
    route_key: str
    event_type: str | None
    request_id: str | None
    message_id: str | None
    domain_name: str | None
    stage: str | None
    api_id: str | None

    def __getattr__(self, name: str) -> Any:
        """Return a member of the request context."""
        member = _MEMBERS.get(name)
        if member is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self._request.get(member)

    @property
    def source_ip(self) -> str | None:
        """Return the client's address."""
        return (self._request.get("identity") or {}).get("sourceIp")

    @property
    def user_agent(self) -> str | None:
        """Return the client's `User-Agent`."""
        return (self._request.get("identity") or {}).get("userAgent")

    @property
    def headers(self) -> dict[str, str]:
        """Return the header fields of `$connect`, their names in lower case; no other event has any."""
        return {name.lower(): value for name, value in (self.event.get("headers") or {}).items()}

    @property
    def query(self) -> dict[str, str]:
        """Return the query of `$connect`; no other event has any."""
        return dict(self.event.get("queryStringParameters") or {})

    @property
    def subprotocols(self) -> list[str]:
        """Return the subprotocols that the client offers in `$connect`."""
        offered = self.headers.get("sec-websocket-protocol", "")
        return [each for each in map(str.strip, offered.split(",")) if each]

    @property
    def connected_at(self) -> datetime | None:
        """Return when the connection has begun, in UTC."""
        milliseconds = self._request.get("connectedAt")
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if isinstance(milliseconds, int | float) else None

    @property
    def expires_in(self) -> float | None:
        """Return the seconds until API Gateway ends the connection, which it does after two hours."""
        begun = self.connected_at
        return None if begun is None else begun.timestamp() + LONGEST_SECONDS - time()

    async def send(self, message: object) -> bool:
        """Send a message to the client; False if it is gone. See `kit_websocket.send`."""
        from kit_websocket.sending.send import send

        return await send(self.connection_id, message)

    async def close(self) -> bool:
        """Close the connection; False if it is gone."""
        from kit_websocket.sending.send import close

        return await close(self.connection_id)

    def __repr__(self) -> str:
        """Name the route and the connection, without the client's own data."""
        return f"Context({self.route_key!r}, {self.connection_id!r})"


_MEMBERS = {
    "connection_id": "connectionId",
    "route_key": "routeKey",
    "event_type": "eventType",
    "request_id": "requestId",
    "message_id": "messageId",
    "domain_name": "domainName",
    "stage": "stage",
    "api_id": "apiId",
    "disconnect_code": "disconnectStatusCode",
    "disconnect_reason": "disconnectReason",
}
