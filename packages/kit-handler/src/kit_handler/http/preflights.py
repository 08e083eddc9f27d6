"""Preflights of CORS under a Router: which route's CORS answers, and for which methods of the path."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler.http.matching import Matcher
    from kit_handler.http.request import Request
    from kit_handler.http.routes import Endpoint


def find_endpoint(
    matcher: "Matcher[Any]", fallback: "Endpoint", request: "Request", path: str, *, decoded: bool
) -> "Endpoint | None":
    """Return the endpoint whose CORS answers a preflight, and tell the request the methods for which it holds.

    The answer names these methods alone. A browser keeps it for each of them: a method with another CORS, or without,
    must not be among them.
    """
    wanted = request.headers["access-control-request-method"]
    methods: Any = matcher.find("", path, decoded)
    routes: dict[str, Any] = {method: matcher.find(method, path, decoded) for method in methods}
    chosen = routes.get(wanted) or (routes.get("GET") if wanted == "HEAD" else None) or routes.get("OPTIONS")
    endpoint: Endpoint = chosen[0].endpoint if chosen else fallback
    cors = endpoint.answers.cors
    named = {method for method, (route, _) in routes.items() if cors and route.endpoint.answers.cors == cors}
    if "GET" in named and "HEAD" not in routes:
        named.add("HEAD")
    request._cors_methods = sorted(named)
    return endpoint if named else None
