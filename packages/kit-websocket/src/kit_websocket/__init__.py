"""WebSocket APIs on API Gateway and Lambda: routing, connections in DynamoDB, sending."""

from kit_websocket.connection import Connection
from kit_websocket.connections import APIGatewayWSConnectionManager, ConnectionManager
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
from kit_websocket.management import send
from kit_websocket.middleware import Middleware
from kit_websocket.resolver import WebSocketResolver

__all__ = [
    "APIGatewayWSConnectionManager",
    "Connection",
    "ConnectionManager",
    "DynamoDBError",
    "EndpointNotSetError",
    "EventShapeError",
    "ForbiddenError",
    "MessageTooLargeError",
    "Middleware",
    "SendError",
    "StatusError",
    "TableNotSetError",
    "TableShapeError",
    "UnauthorizedError",
    "WebSocketResolver",
    "WebSocketsError",
    "send",
]
