"""From an HTTP request to its meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from kit_rest.errors import RestError
from kit_rest.requests.media import Media, media_of
from kit_rest.requests.preferences import Preferences
from kit_rest.requests.shapes import MOST_DIGITS, Shape, shape_of

if TYPE_CHECKING:
    from kit_handler import Request

_READS = ("GET", "HEAD")


class Asked(NamedTuple):
    """The meaning of a request.

    profile: the schema that it names, or the default one
    name: the resource, function or operation; kind: `table`, `rpc`, `root` or `batch`
    key: the values of a key in the path, `/books/7`
    """

    request: Request
    method: str
    kind: str
    profile: str
    name: str
    key: tuple[str, ...] | None
    prefer: Preferences
    media: Media
    shape: Shape


class RequestMapper:
    """Maps requests; knows the profiles of an Api, and the parameters of its functions."""

    def __init__(
        self, profiles: frozenset[str], default: str, parameters: dict[tuple[str, str], frozenset[str]]
    ) -> None:
        self._profiles = profiles
        self._default = default
        self._parameters = parameters

    def map(self, request: Request) -> Asked:
        """Return the meaning of a request; RestError if it can't be read."""
        method = request.method
        headers = request.headers
        kind, name, key = _path(request)
        # Its names are lower-case: dict's own way to them is the shorter one.
        profile = dict.get(headers, "accept-profile" if method in _READS else "content-profile") or self._default
        if profile not in self._profiles:
            listed = ", ".join(sorted(self._profiles))
            raise RestError(406, "PGRST106", "Invalid schema", hint=f"Only the following schemas are exposed: {listed}")
        prefer = Preferences.parse(dict.get(headers, "prefer"))
        parameters = self._parameters.get((profile, name), frozenset()) if kind == "rpc" and method in _READS else None
        shape = shape_of(request.multi_query, parameters)
        if method in _READS and "range" in headers:
            shape = _ranged(shape, headers["range"])
        return Asked(request, method, kind, profile, name, key, prefer, media_of(dict.get(headers, "accept")), shape)


def _path(request: Request) -> tuple[str, str, tuple[str, ...] | None]:
    text = request.path_params.get("path", "").strip("/")
    if "/" not in text and text not in ("", "batch"):
        return "table", text, None
    if not text:
        return "root", "", None
    first, _, rest = text.partition("/")
    if first == "rpc" and rest:
        return "rpc", rest.strip("/"), None
    if text == "batch":
        return "batch", text, None
    if "/" in rest.strip("/"):
        raise RestError(404, "PGRST125", "Invalid path specified in request URL")
    return "table", first, tuple(unquote(each) for each in rest.strip("/").split(","))


def _is_place(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def _ranged(shape: Shape, text: str) -> Shape:
    """Take the limits of a Range header (`0-24`), unless the query has its own."""
    unit, found, rest = text.partition("=")
    first, dash, last = (rest if found else unit).strip().partition("-")
    if (found and unit.strip() != "items") or not dash or not _is_place(first) or shape.limit is not None:
        return shape
    if not last:
        return shape._replace(offset=int(first))
    if not _is_place(last) or int(last) < int(first):
        raise RestError(416, "PGRST103", "Requested range not satisfiable", details="The lower boundary must be lower.")
    return shape._replace(offset=int(first), limit=int(last) - int(first) + 1)
