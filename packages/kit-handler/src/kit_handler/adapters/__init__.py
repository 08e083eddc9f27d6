"""The payloads that HTTP requests come in, one module each; the first that recognises an event reads it."""

from kit_handler.adapters import alb, alb_multi_value, apigateway_v1, apigateway_v2, function_url, vpc_lattice_v2
from kit_handler.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from kit_handler._types import Adapter

    A = TypeVar("A", bound=Adapter)

ADAPTERS: "tuple[Adapter, ...]" = (
    apigateway_v2,
    function_url,
    alb,
    alb_multi_value,
    vpc_lattice_v2,
    apigateway_v1,  # the last: it also takes parts of an event, such as tests are written with
)
_METHODS = (
    "recognises",
    "method",
    "path",
    "headers",
    "multi_query",
    "query",
    "path_params",
    "authorizer",
    "identity",
    "cookies",
    "encode",
)
_registered: "list[Adapter]" = []


def register_adapter(adapter: "A") -> "A":
    """Read a payload of one's own: `adapter` is asked before the built-in ones, the latest first.

    It is a module, or an instance, with the functions of `kit_handler._types.Adapter`; `apigateway_v2.py` is an
    example; what `encode` returns has a `body`. Raises ConfigurationError for one that lacks some of them.
    """
    missing = [name for name in _METHODS if not callable(getattr(adapter, name, None))]
    if missing:
        raise ConfigurationError(f"{adapter!r} can't be an adapter: it has no {', '.join(missing)}")
    _registered.insert(0, adapter)
    return adapter


def unregister_adapter(adapter: "Adapter") -> None:
    """Forget a registered adapter, as a test does at its end."""
    _registered.remove(adapter)


def find(event: "Any") -> "Adapter | None":
    """Return the adapter of the event's payload, or None if it is no HTTP event."""
    if isinstance(event, dict):
        for adapter in _registered:
            if adapter.recognises(event):
                return adapter
        for adapter in ADAPTERS:
            if adapter.recognises(event):
                return adapter
    return None
