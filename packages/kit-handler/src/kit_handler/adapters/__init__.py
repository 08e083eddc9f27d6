"""The payloads that HTTP requests come in, one module each; the first that recognises an event reads it."""

from kit_handler.adapters import apigateway_v1, apigateway_v2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler._types import Adapter

ADAPTERS: "tuple[Adapter, ...]" = (apigateway_v2, apigateway_v1)


def find(event: "Any") -> "Adapter | None":
    """Return the adapter of the event's payload, or None if it is no HTTP event."""
    if isinstance(event, dict):
        for adapter in ADAPTERS:
            if adapter.recognises(event):
                return adapter
    return None
