"""The WebSocket event that is being handled, and the connection that it opens."""

from collections.abc import Mapping
from time import time
from typing import Any

from kit_core import invocation

LONGEST_SECONDS = 7200  # "Quotas for configuring and running a WebSocket API in API Gateway": connection duration
SLACK_SECONDS = 300  # until the last event of a connection has come
_AHEAD = 60  # seconds by which clocks may differ


def request_context() -> Mapping[str, Any]:
    """Return `requestContext` of the current event, empty outside of a WebSocket event."""
    current = invocation.current()
    event = None if current is None else current.event
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    # The events of REST and HTTP APIs have a domain as well, but no connection.
    return context if isinstance(context, Mapping) and context.get("connectionId") else {}


def opening() -> str | None:
    """Return the id of the connection whose `$connect` is being handled: it is open only after the answer."""
    context = request_context()
    return context.get("connectionId") if context.get("routeKey") == "$connect" else None


def connected_at(connection_id: str) -> int | None:
    """Return the Unix time at which a connection has begun, if an event of it is being handled.

    A time that is older than a connection can be, or in the future, is None: the event is a captured one.
    """
    context = request_context()
    milliseconds = context.get("connectedAt")
    if context.get("connectionId") != connection_id or not isinstance(milliseconds, int | float):
        return None
    seconds = int(milliseconds / 1000)
    return seconds if -_AHEAD < time() - seconds < LONGEST_SECONDS + SLACK_SECONDS else None
