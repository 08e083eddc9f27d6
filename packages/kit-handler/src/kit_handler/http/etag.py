"""ETag, and 304 for who has the answer already (RFC 9110, 8.8.3 and 13.1.2)."""

from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_handler.http.request import Request

# What a 304 repeats of the answer that it stands for: RFC 9110, 15.4.5.
_KEPT = ("cache-control", "content-location", "date", "etag", "expires", "vary", "set-cookie")


def tagged(response: Response, request: "Request") -> Response:
    """Return the answer to a GET or HEAD with an ETag, or 304 when the client names that in If-None-Match.

    A tag that the response has already is kept. One made here is of the body, weak since the body may be compressed.
    """
    if response.status_code != 200 or request.method not in ("GET", "HEAD"):
        return response
    body, in_base64, headers = response.encoded()
    tag = next((value for name, value in headers.items() if name.lower() == "etag"), None)
    if tag is None:
        from hashlib import sha256

        tag = headers["ETag"] = f'W/"{sha256(body.encode(errors="surrogatepass")).hexdigest()[:32]}"'
    if _names(request.headers.get("if-none-match", ""), tag):
        kept = {name: value for name, value in headers.items() if name.lower() in _KEPT}
        return Response(304, headers=kept, cookies=response.cookies)
    return Response(200, response.body if in_base64 else body, headers, cookies=response.cookies)


def _names(field: str, tag: str) -> bool:
    opaque = tag.removeprefix("W/")
    return field.strip() == "*" or any(each.strip().removeprefix("W/") == opaque for each in field.split(","))
