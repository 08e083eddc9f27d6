"""kit-websocket under strict type checkers: the documented calls, and the types that come out of them."""

from collections.abc import Awaitable, Callable
from typing import Any, assert_type

from kit_websocket import (
    Authentication,
    Authorization,
    Connection,
    ConnectionManager,
    Context,
    Delivery,
    DynamoDBError,
    FunctionRouter,
    Member,
    Middleware,
    Presence,
    RateLimit,
    ReconnectHint,
    Status,
    StatusError,
    Tracking,
    UnauthorizedError,
    WebSocketResolver,
    close,
    send,
    status,
)

connections = ConnectionManager()
resolver = WebSocketResolver(connections=connections)
functions = FunctionRouter(connections=connections, reply="send")


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
class Passing(Middleware):
    async def __call__(self, event: dict[str, Any], context: Any, next_handler: Any) -> Any:
        return await next_handler(event, context)


@resolver.middleware
def short(event: dict[str, Any], context: Any, next_handler: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    return next_handler(event, context)


def handler(event: dict[str, Any], context: Any) -> Any:
    """Resolve an event."""
    return resolver.resolve(event, context)


@resolver.on_message("enter", reply="send")
async def enter(connection: Connection, context: Context, room: str, *, name: str = "") -> list[Any]:
    """Join a room."""
    assert_type(await connections.join(connection, room, data={"name": name}), bool)
    assert_type(context.source_ip, str | None)
    assert_type(context.connection_id, str)
    return [member.data for member in await connections.members(room)]


@functions.function("process")
def process(key: str) -> dict[str, str]:
    """Process a key."""
    return {"key": key}


def build() -> WebSocketResolver:
    """Put a resolver together."""

    def announce(presence: Presence) -> None:
        print(presence.event, presence.room, presence.members)

    outer = WebSocketResolver(route_field=None, ack="ref", reply="response")
    outer.include(resolver, prefix="chat.")
    outer.include(functions)
    outer.middleware(Authentication(lambda token, context: token == "t", subprotocol=None))
    outer.middleware(Authorization({"kick": ["moderator"], "ban": lambda context: bool(context.authorizer)}))
    outer.middleware(RateLimit(3, per=10, key=lambda context: context.source_ip))
    outer.middleware(Tracking(ConnectionManager(presence=announce, room_shards=4)))
    outer.middleware(ReconnectHint())
    return outer


async def broadcast(room: str) -> None:
    """Send to rooms, users and everyone."""
    delivery = await connections.broadcast({"n": 1}, room=room, except_="a", ordered=True, continue_with=print)
    assert_type(delivery, Delivery)
    assert_type(await connections.broadcast("x", users=[1, "u"]), Delivery)
    assert_type(await connections.send_many(["a"], b"x"), Delivery)
    assert_type(await connections.send("a", {"n": 1}, ordered=True), bool)
    assert_type(await connections.members(room), list[Member])
    assert_type(await connections.counts(room, "other"), dict[str, int])
    assert_type(await connections.status("a"), Status | None)
    assert_type(connections.sync.broadcast("x", room=[room]), Delivery)
    assert_type(connections.sync.members(room), list[Member])
    assert_type(await close("a"), bool)
    assert_type(await status("a"), Status | None)
    if delivery.cursor is not None:
        assert_type(await connections.resume(delivery.cursor), Delivery)


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
