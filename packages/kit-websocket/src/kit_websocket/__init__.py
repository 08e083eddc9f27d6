"""WebSocket APIs on API Gateway and Lambda: routing, connections and rooms in DynamoDB, sending."""

from kit_websocket.connections.connection import Connection
from kit_websocket.connections.manager import APIGatewayWSConnectionManager, ConnectionManager
from kit_websocket.connections.presence import Presence
from kit_websocket.connections.rooms import Member
from kit_websocket.errors import (
    DynamoDBError,
    EndpointNotSetError,
    EventShapeError,
    ForbiddenError,
    MessageTooLargeError,
    SendError,
    StatusError,
    TableNotSetError,
    TableShapeError,
    UnauthorizedError,
    WebSocketsError,
)
from kit_websocket.routing.middleware import Middleware
from kit_websocket.routing.resolver import WebSocketResolver
from kit_websocket.sending.delivery import Delivery
from kit_websocket.sending.send import Status, close, send, status

__all__ = [
    "APIGatewayWSConnectionManager",
    "Connection",
    "ConnectionManager",
    "Delivery",
    "DynamoDBError",
    "EndpointNotSetError",
    "EventShapeError",
    "ForbiddenError",
    "Member",
    "MessageTooLargeError",
    "Middleware",
    "Presence",
    "SendError",
    "Status",
    "StatusError",
    "TableNotSetError",
    "TableShapeError",
    "UnauthorizedError",
    "WebSocketResolver",
    "WebSocketsError",
    "close",
    "send",
    "status",
]
