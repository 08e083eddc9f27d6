"""kit-websocket under strict type checkers: the documented calls, and the types that come out of them."""

from collections.abc import Awaitable, Callable
from typing import Any, assert_type

from kit_websocket import (
    Connection,
    ConnectionManager,
    DynamoDBError,
    Middleware,
    StatusError,
    UnauthorizedError,
    WebSocketResolver,
    send,
)

connections = ConnectionManager()
resolver = WebSocketResolver()


@resolver.on_connect()
async def connect(event: dict[str, Any], connection_id: str) -> Any:
    if "authorizer" not in event["requestContext"]:
        raise UnauthorizedError
    return await connections.connect(connection_id, {"agent": "x"}, user_id="7")


@resolver.on_disconnect()
async def disconnect(connection_id: str) -> Any:
    return await connections.disconnect(connection_id)


@resolver.on_message("ping")
async def ping(connection_id: str) -> dict[str, Any]:
    await connections.update_last_seen(connection_id)
    return {"action": "pong"}


@resolver.on_message("rename")
def rename(body: dict[str, Any]) -> dict[str, Any]:
    return {"action": "renamed", "name": body["name"]}


@resolver.on_default()
def anything_else(event: dict[str, Any]) -> None:
    print(event["body"])


@resolver.middleware
class Tracking(Middleware):
    async def __call__(self, event: dict[str, Any], context: Any, next_handler: Any) -> Any:
        return await next_handler(event, context)


@resolver.middleware
def short(event: dict[str, Any], context: Any, next_handler: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    return next_handler(event, context)


def handler(event: dict[str, Any], context: Any) -> Any:
    """Resolve an event."""
    return resolver.resolve(event, context)


async def tell(profile_id: str) -> None:
    """Send to a connection and to a user."""
    assert_type(await connections.send_to_user(profile_id, {"action": "loan"}), int)
    assert_type(await connections.get_connection("c-1"), Connection | None)
    assert_type(await connections.get_user_connections(profile_id), list[Connection])
    assert_type(rename({"name": "a"}), dict[str, Any])
    try:
        await send("c-1", {"action": "loan"})
    except DynamoDBError as error:
        raise StatusError(503, f"{error.operation}") from error
