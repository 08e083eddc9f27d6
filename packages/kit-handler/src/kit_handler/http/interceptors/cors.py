"""CORS for routes that answer browsers themselves. Off unless asked for: HTTP APIs do it in their own configuration."""

from kit_handler.http.fields import vary_on
from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_handler.http.request import Request
    from kit_handler.http.types import Origins

_ALLOWED_ORIGIN = "Access-Control-Allow-Origin"


class Cors:
    """Add the fields of the Fetch standard's CORS protocol to answers, errors too, and answer preflights.

    `True` or "*" lets every page read the answers, without credentials; otherwise the origins
    (`https://app.example.com`) that may, with credentials. "null" never has these: any page can come as that.
    """

    __slots__ = ("origins",)

    def __init__(self, origins: "Origins") -> None:
        if isinstance(origins, bool):
            origins = "*"
        self.origins = frozenset([origins] if isinstance(origins, str) else origins)
        if not self.origins or not all(isinstance(origin, str) for origin in self.origins):
            raise TypeError(f"cors= takes True, an origin, or a list of origins: {origins!r}")

    def preflight(self, request: "Request") -> Response | None:
        """Return the answer to a preflight request, None for any other."""
        if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
            return None
        headers = {"Access-Control-Allow-Methods": request.headers["access-control-request-method"]}
        asked = request.headers.get("access-control-request-headers")
        if asked:
            headers["Access-Control-Allow-Headers"] = asked
        return Response(204, headers=headers)

    def allow(self, response: Response, request: "Request") -> Response:
        """Return `response` with the fields added; itself it stays as it is, since routes may keep and reuse it."""
        headers = dict(response.headers)
        if "*" in self.origins:
            headers[_ALLOWED_ORIGIN] = "*"
        else:
            vary_on(headers, "Origin")
            origin = request.headers.get("origin")
            if origin in self.origins:
                headers[_ALLOWED_ORIGIN] = origin
                if origin != "null":  # what sandboxed frames, files and `data:` pages of anybody send
                    headers["Access-Control-Allow-Credentials"] = "true"
        return Response(response.status_code, response.body, headers, cookies=response.cookies)
