"""ETag, and 304 for who has the answer already (RFC 9110, 8.8.3 and 13.1.2)."""

from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_handler.http.request import Request

# The fields that a 304 repeats of the answer that it stands for: RFC 9110, 15.4.5.
_KEPT = ("cache-control", "content-location", "date", "etag", "expires", "vary")


def tagged(response: Response, request: "Request", *, compress: bool = False) -> Response:
    """Return the answer to a GET or HEAD with an ETag, or 304 when the client names that in If-None-Match.

    A tag that the response has already is kept. One made here is of the body, weak since the body may be compressed.
    compress: the answer is compressed after this, so that a 304 has the Vary of the whole answer
    """
    if response.status_code != 200 or response.streams or request.method not in ("GET", "HEAD"):
        return response
    body, in_base64, headers, cookies = response.parts()
    tag = next((value for name, value in headers.items() if name.lower() == "etag"), None)
    if tag is None:
        from hashlib import sha256

        tag = headers["ETag"] = f'W/"{sha256(body.encode()).hexdigest()[:32]}"'
    if not _names(request.headers.get("if-none-match", ""), tag):
        return Response(200, response.body if in_base64 else body, headers, cookies=cookies)
    if compress:
        from kit_handler.http.compression import varies
        from kit_handler.http.fields import vary_on

        if varies(body, in_base64, headers):
            vary_on(headers, "Accept-Encoding")
    kept = {name: value for name, value in headers.items() if name.lower() in _KEPT}
    return Response(304, headers=kept, cookies=cookies)


def tagged_compressed(response: Response, request: "Request") -> Response:
    """Do the same for an answer that is compressed after this."""
    return tagged(response, request, compress=True)


def _names(field: str, tag: str) -> bool:
    opaque = tag.removeprefix("W/")
    return field.strip() == "*" or any(each.strip().removeprefix("W/") == opaque for each in field.split(","))
