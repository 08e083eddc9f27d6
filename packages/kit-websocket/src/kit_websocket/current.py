"""The event that is being handled, for those who need to know where it came from."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

event: ContextVar[Mapping[str, Any] | None] = ContextVar("kit_websocket_event", default=None)


def request_context() -> Mapping[str, Any]:
    """Return `requestContext` of the event being handled, empty outside of one."""
    handled = event.get()
    return {} if handled is None else handled.get("requestContext") or {}


def opening() -> str | None:
    """Return the id of the connection whose `$connect` is being handled: it is not open before that has answered."""
    context = request_context()
    return context.get("connectionId") if context.get("routeKey") == "$connect" else None
