"""WebSocket APIs on API Gateway and Lambda: routing, connections and rooms in DynamoDB, sending."""

TYPE_CHECKING = False

__all__ = [
    "APIGatewayWSConnectionManager",
    "Authentication",
    "Authorization",
    "Connection",
    "ConnectionManager",
    "Context",
    "Delivery",
    "DynamoDBError",
    "EndpointNotSetError",
    "EventShapeError",
    "ForbiddenError",
    "FunctionRouter",
    "InvalidMessageError",
    "LogKeys",
    "Member",
    "MessageTooLargeError",
    "Middleware",
    "Presence",
    "RateLimit",
    "ReconnectHint",
    "ResponseShapeError",
    "SendError",
    "Status",
    "StatusError",
    "SyncConnectionManager",
    "TableNotSetError",
    "TableShapeError",
    "TooManyMessagesError",
    "Tracking",
    "UnauthorizedError",
    "WebSocketResolver",
    "WebSocketsError",
    "close",
    "send",
    "status",
]

if TYPE_CHECKING:
    from kit_websocket.broadcasts.presence import Presence
    from kit_websocket.connections.connection import Connection
    from kit_websocket.connections.manager import APIGatewayWSConnectionManager, ConnectionManager
    from kit_websocket.connections.rooms import Member
    from kit_websocket.connections.sync import SyncConnectionManager
    from kit_websocket.errors import (
        DynamoDBError,
        EndpointNotSetError,
        EventShapeError,
        ForbiddenError,
        InvalidMessageError,
        MessageTooLargeError,
        ResponseShapeError,
        SendError,
        StatusError,
        TableNotSetError,
        TableShapeError,
        TooManyMessagesError,
        UnauthorizedError,
        WebSocketsError,
    )
    from kit_websocket.guards.authentication import Authentication
    from kit_websocket.guards.authorization import Authorization
    from kit_websocket.guards.logs import LogKeys
    from kit_websocket.guards.rate_limit import RateLimit
    from kit_websocket.guards.reconnecting import ReconnectHint
    from kit_websocket.guards.tracking import Tracking
    from kit_websocket.routing.context import Context
    from kit_websocket.routing.functions import FunctionRouter
    from kit_websocket.routing.middleware import Middleware
    from kit_websocket.routing.resolver import WebSocketResolver
    from kit_websocket.sending.delivery import Delivery
    from kit_websocket.sending.send import Status, close, send, status
else:
    _HOMES = {
        "connections.connection": ("Connection",),
        "connections.manager": ("APIGatewayWSConnectionManager", "ConnectionManager"),
        "broadcasts.presence": ("Presence",),
        "connections.rooms": ("Member",),
        "connections.sync": ("SyncConnectionManager",),
        "errors": tuple(name for name in __all__ if name.endswith("Error")),
        "guards.authentication": ("Authentication",),
        "guards.authorization": ("Authorization",),
        "guards.logs": ("LogKeys",),
        "guards.rate_limit": ("RateLimit",),
        "guards.reconnecting": ("ReconnectHint",),
        "guards.tracking": ("Tracking",),
        "routing.context": ("Context",),
        "routing.functions": ("FunctionRouter",),
        "routing.middleware": ("Middleware",),
        "routing.resolver": ("WebSocketResolver",),
        "sending.delivery": ("Delivery",),
        "sending.send": ("Status", "close", "send", "status"),
    }

    def __getattr__(name):
        for module, names in _HOMES.items():
            if name in names:
                value = getattr(__import__(f"kit_websocket.{module}", fromlist=[name]), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module 'kit_websocket' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})
