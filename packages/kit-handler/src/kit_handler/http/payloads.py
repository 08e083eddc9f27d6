"""The adapter of an event: one module per payload, loaded with the first event that may have it."""

from kit_handler.errors import ConfigurationError, ResponseTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from kit_handler.http.adapters.adapter import Adapter

    A = TypeVar("A", bound=Adapter)

# What the request context has, and the modules that may recognise the event then, the first that does reads it.
_BY_MARK = (
    ("http", ("apigateway_v2", "function_url")),
    ("elb", ("alb", "alb_multi_value")),
    ("serviceNetworkArn", ("vpc_lattice_v2",)),
    ("asgi", ("asgi",)),
)
_OTHERWISE = ("apigateway_v1", "vpc_lattice_v1")
# What the init phase loads: which source will invoke the function is not known there. These are nearly all functions'.
_USUAL = ("apigateway_v2", "apigateway_v1", "function_url")
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
    "body",
    "encode",
)
# "Invocation payload (request and response)" of "Lambda quotas" says 6 MB; Lambda's own error names this number.
_MOST_BYTES = 6_291_556
CLEARLY_SMALL = 150_000  # characters: each takes at most six bytes, and load balancers let 1 MB through

_registered: "list[Adapter]" = []
_loaded: "dict[str, Adapter]" = {}


def register_adapter(adapter: "A") -> "A":
    """Read a payload of one's own: `adapter` is asked before the built-in ones, the latest first.

    It is a module, or an instance, with the functions of `kit_handler.http.adapters.adapter.Adapter`;
    `apigateway_v2.py` is an example; the answer of `encode` has a `body`. `MOST_BYTES`, where it has that, is the
    largest answer that gets through. Raises ConfigurationError for one that lacks some of the functions.
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
    if not isinstance(event, dict):
        return None
    for adapter in _registered:
        if adapter.recognises(event):
            return adapter
    found: tuple[str, ...] = _OTHERWISE
    request_context = event.get("requestContext")
    if isinstance(request_context, dict):
        for mark, names in _BY_MARK:
            if mark in request_context:
                found = names
                break
    for name in found:
        adapter = _loaded.get(name) or _load(name)
        if adapter.recognises(event):
            return adapter
    return None


def load_usual() -> None:
    """Load the adapters of API Gateway and of Function URLs, and what reads the correlation id of their events."""
    import kit_core.correlation
    import kit_core.json  # noqa: F401

    for name in _USUAL:
        _loaded.get(name) or _load(name)


def check_size(answer: "dict[str, Any]", adapter: "Adapter") -> None:
    """Raise ResponseTooLargeError for an answer larger than Lambda's limit, or the adapter's `MOST_BYTES`."""
    limit: int | None = getattr(adapter, "MOST_BYTES", _MOST_BYTES)
    if limit is None:
        return
    import json
    import sys

    # The runtime's own serialisation: it escapes what is not ASCII before Python 3.12, and not from there on.
    size = len(json.dumps(answer, ensure_ascii=sys.version_info < (3, 12)).encode(errors="surrogatepass"))
    if size > limit:
        raise ResponseTooLargeError(size=size, limit=limit)


def _load(name: str) -> "Adapter":
    adapter: Adapter = __import__(f"kit_handler.http.adapters.{name}", fromlist=["recognises"])
    _loaded[name] = adapter
    return adapter
