"""The WebSocket event that is being handled, and the connection that it opens."""

from collections.abc import Mapping
from typing import Any

from kit_core import invocation


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
