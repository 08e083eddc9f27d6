"""The management API of WebSocket APIs (`@connections`): its answers, and a server that gives them."""

from kit_testing.servers.connections.answers import (
    COMMANDS,
    MESSAGE_LIMIT,
    forbidden,
    gone,
    refusal,
    state,
    throttled,
    too_large,
)
from kit_testing.servers.connections.server import Command, ConnectionsServer
from kit_testing.servers.connections.throttle import Throttle

__all__ = [
    "COMMANDS",
    "MESSAGE_LIMIT",
    "Command",
    "ConnectionsServer",
    "Throttle",
    "forbidden",
    "gone",
    "refusal",
    "state",
    "throttled",
    "too_large",
]
