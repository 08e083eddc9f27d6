"""gzip, for answers that get smaller by it."""

from kit_handler.http.fields import vary_on
from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_handler.http.request import Request

_LEAST = 1024  # under that, the answer fits one packet anyway
_WORTH = 0.9
_LEVEL = 6


def compressed(response: Response, request: "Request") -> Response:
    """Return the answer in gzip when the client takes that and it is worth the work; text and JSON only."""
    if response.streams:
        return response
    body, in_base64, headers, cookies = response.parts()
    if varies(body, in_base64, headers):
        vary_on(headers, "Accept-Encoding")
        packed = _gzip(body.encode()) if _accepts_gzip(request.headers.get("accept-encoding", "")) else None
        if packed is not None and len(packed) <= _WORTH * len(body):
            headers["Content-Encoding"] = "gzip"
            return Response(response.status_code, packed, headers, cookies=cookies)
    return Response(response.status_code, response.body if in_base64 else body, headers, cookies=cookies)


def varies(body: str, in_base64: bool, headers: dict[str, str]) -> bool:
    """Tell whether an answer is one that is compressed for the clients that take gzip."""
    return not in_base64 and len(body) >= _LEAST and not any(name.lower() == "content-encoding" for name in headers)


def _gzip(data: bytes) -> bytes:
    import zlib

    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _accepts_gzip(field: str) -> bool:
    """Tell whether Accept-Encoding names gzip, or everything, with a weight over 0 (RFC 9110, 12.5.3)."""
    weights = {}
    for part in field.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = weight.replace(" ", "")
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", "q=0")))
    return weight.removeprefix("q=").strip("0.") != "" if weight.startswith("q=") else True
