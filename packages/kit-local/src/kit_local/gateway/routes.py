"""Which route of an HTTP or REST API a request takes."""

from collections.abc import Iterable
from urllib.parse import unquote

from kit_local.stack import Route


class Routes:
    """The routes of one API, the most specific first ("Create routes for HTTP APIs", "Routing API requests")."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._default: Route | None = None
        self._routes: list[tuple[list[str], Route]] = []
        for route in routes:
            if route.path == "$default":
                self._default = route
            else:
                self._routes.append((route.path.split("/"), route))
        self._routes.sort(key=lambda entry: _rank(*entry))

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route for the method and the still encoded path, with its decoded path parameters."""
        segments = path.split("/")
        for pattern, route in self._routes:
            if route.method in (method, "ANY"):
                parameters = _parameters(pattern, segments)
                if parameters is not None:
                    return route, parameters
        return (self._default, {}) if self._default else None


def _rank(pattern: list[str], route: Route) -> tuple[object, ...]:
    """Sort literal segments before variables, those before greedy ones, and a named method before ANY."""
    kinds = [2 if part.endswith("+}") else 1 if part.startswith("{") else 0 for part in pattern]
    return (kinds, -len(pattern), route.method == "ANY")


def _parameters(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for index, part in enumerate(pattern):
        if part.endswith("+}"):
            rest = "/".join(segments[index:])
            return parameters | {part[1:-2]: unquote(rest)} if rest else None
        if index >= len(segments):
            return None
        if part.startswith("{"):
            if not segments[index]:
                return None
            parameters[part[1:-1]] = unquote(segments[index])
        elif part != unquote(segments[index]):
            return None
    return parameters if len(pattern) == len(segments) else None
