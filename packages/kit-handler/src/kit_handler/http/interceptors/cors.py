"""CORS for routes that answer browsers themselves. Off unless asked for: HTTP APIs do it in their own configuration."""

from kit_handler.errors import ConfigurationError
from kit_handler.http.fields import is_token, vary_on, with_defaults
from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kit_handler.http.interceptors.origins import OriginPattern
    from kit_handler.http.request import Request
    from kit_handler.http.types import Origins

_ALLOWED_ORIGIN = "Access-Control-Allow-Origin"


class Cors:
    """Add the fields of the Fetch standard's CORS protocol to answers, errors too, and answer preflights.

    origins: True or "*" lets every page read the answers, without credentials; otherwise the origins that may, with
        credentials: `https://app.example.com`, and `https://*.example.com` for every subdomain, however deep, but not
        for example.com itself. "null" never has credentials: any page can come as that.
    max_age: seconds for which a browser may keep the answer to a preflight; by default five, the browsers' own choice
    expose_headers: the fields of answers that scripts may read beside the few that they always may; "*" for all,
        where every page may read

    A preflight is answered before the guards; its answer names the methods that the path has. Raises TypeError for
    another kind of value, ConfigurationError for an origin that no page has and would match nothing.

    Example:
        >>> app = Router(cors=Cors(["https://*.example.com"], max_age=3600, expose_headers=["ETag"]))
    """

    __slots__ = ("_exposed", "_patterns", "max_age", "origins")

    def __init__(
        self, origins: "Origins", *, max_age: int | None = None, expose_headers: "str | Iterable[str]" = ()
    ) -> None:
        self.origins, self._patterns = _parse(origins)
        if max_age is not None and (type(max_age) is not int or max_age < 0):
            raise TypeError(f"max_age= takes seconds, from 0 on: {max_age!r}")
        self.max_age = max_age
        self._exposed = _field_names(expose_headers, every="*" in self.origins)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cors) and self._settings() == other._settings()

    def __hash__(self) -> int:
        return hash(self._settings())

    def preflight(self, request: "Request") -> Response | None:
        """Return the answer to a preflight request, None for any other."""
        if request.method != "OPTIONS":
            return None
        asked = request.headers.get("access-control-request-method")
        if asked is None:
            return None
        methods = getattr(request, "_cors_methods", None)
        if methods is None:  # a route without a Router, which is called for every method
            methods = [asked] if is_token(asked) else []
        if not methods:
            return None
        headers = {"Access-Control-Allow-Methods": ", ".join(methods)}
        fields = request.headers.get("access-control-request-headers")
        if fields and all(is_token(field.strip()) for field in fields.split(",")):
            headers["Access-Control-Allow-Headers"] = fields
        if self.max_age is not None:
            headers["Access-Control-Max-Age"] = str(self.max_age)
        return Response(204, headers=headers)

    def allow(self, response: Response, request: "Request") -> Response:
        """Return `response` with the fields added; itself it stays as it is, since routes may keep and reuse it."""
        headers: dict[str, Any] = dict(response.headers)
        fields = {_ALLOWED_ORIGIN: "*"}
        if "*" not in self.origins:
            vary_on(headers, "Origin")
            origin = request.headers.get("origin")
            if origin is None or not self._allows(origin):
                return response.with_headers(headers)
            fields[_ALLOWED_ORIGIN] = origin
            if origin != "null":  # sandboxed frames, files and `data:` pages of anybody send that
                fields["Access-Control-Allow-Credentials"] = "true"
        if self._exposed:
            fields["Access-Control-Expose-Headers"] = self._exposed
        return response.with_headers(with_defaults(fields, headers))

    def _allows(self, origin: str) -> bool:
        return origin in self.origins or any(pattern.matches(origin) for pattern in self._patterns)

    def _settings(self) -> "tuple[Any, ...]":
        patterns = frozenset((pattern.begin, pattern.end) for pattern in self._patterns)
        return self.origins, patterns, self.max_age, self._exposed


def _parse(origins: "Origins") -> "tuple[frozenset[str], tuple[OriginPattern, ...]]":
    given = [origins] if isinstance(origins, str) else ["*"] if origins is True else list(_iterable(origins))
    if not given or not all(isinstance(origin, str) for origin in given):
        raise TypeError(f"cors= takes True, an origin, a list of origins, or Cors: {origins!r}")
    if given == ["*"]:
        return frozenset(given), ()
    if "*" in given:
        raise ConfigurationError(f"cors= has '*' beside origins, which would have no credentials then: {given!r}")
    from kit_handler.http.interceptors.origins import OriginPattern, parse_origin

    parsed = [parse_origin(origin) for origin in given]
    patterns = tuple(each for each in parsed if isinstance(each, OriginPattern))
    return frozenset(each for each in parsed if isinstance(each, str)), patterns


def _iterable(origins: "Any") -> "Iterable[Any]":
    if isinstance(origins, bool) or not hasattr(origins, "__iter__"):
        raise TypeError(f"cors= takes True, an origin, a list of origins, or Cors: {origins!r}")
    return origins  # type: ignore[no-any-return]


def _field_names(names: "str | Iterable[str]", *, every: bool) -> str:
    given = [names] if isinstance(names, str) else list(names)
    if not all(isinstance(name, str) and is_token(name) for name in given):
        raise TypeError(f"expose_headers= takes the names of header fields: {names!r}")
    if "*" in given and not every:
        raise ConfigurationError("expose_headers='*' means nothing beside credentials: name the fields")
    return ", ".join(given)
