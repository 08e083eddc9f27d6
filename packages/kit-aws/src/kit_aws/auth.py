"""Signed requests: for any HTTP client, and as `auth=` of requests and httpx."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from kit_aws import sigv4
from kit_aws.boto3 import resolved_credentials, resolved_region
from kit_aws.errors import SigningError
from kit_aws.signature import Credentials

R = TypeVar("R")

_LONGEST = 604_800  # seconds, a week
# What a client sends besides these (Accept, Connection, …) may be changed on the way.
_SIGNED = frozenset({"content-encoding", "content-md5", "content-type", "date", "host"})


class SignedAuth:
    """Sign requests with SigV4; made by `get_signed_auth`.

    It is one object for many requests and threads: region and credentials are looked at for every request, so that
    expiring credentials are replaced in time.
    """

    def __init__(self, service: str, *, region: str | None = None, credentials: Any = None) -> None:
        self._service = service
        self._region = region
        self._credentials = credentials

    def __repr__(self) -> str:
        """Show the service and the region."""
        return f"SignedAuth({self._service!r}, region={self._region!r})"

    def sign(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | str | None = b""
    ) -> dict[str, str]:
        """Return the headers to send: those given, and the ones that sign the request.

        Give method, URL, headers and body as they are sent; a client that adds further headers does no harm. Spaces and
        characters beyond ASCII in the URL may be raw, as your client sends them as UTF-8, percent-encoded; a `+` in the
        query is a space. With the header
        `X-Amz-Content-SHA256: UNSIGNED-PAYLOAD`, where S3 and some other services take it, the body is not signed.
        """
        return sigv4.sign(
            self._scope(), method, url, headers or {}, body.encode() if isinstance(body, str) else body or b""
        )

    def presign(
        self,
        method: str,
        url: str,
        expires: int = 300,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
    ) -> str:
        """Return the URL with a signature in its query, good for `expires` seconds but not beyond its credentials.

        The bearer has to send exactly these `headers` and this `body`; without one, no body. A body that is not known
        yet needs a service that takes the header `X-Amz-Content-SHA256: UNSIGNED-PAYLOAD`. S3 takes any body; one that
        it is to check is signed by its hash in that header, and as `body` a ValueError. The URL is read as by `sign`.
        """
        check_expiry(expires)
        content = body.encode() if isinstance(body, str) else body
        return sigv4.presign(self._scope(), method, url, expires, headers or {}, content)

    def __call__(self, request: R) -> R:
        """Sign a `requests.PreparedRequest` or a `httpx.Request` in place.

        Its query is rewritten in the only spelling that AWS takes (a space as `%20`, not as `+`).
        Raise `SigningError` if the body is a stream that can be read only once, unless it is not to be signed.
        """
        target: Any = request
        url = _strict(target)
        headers = {name: _text(value) for name, value in target.headers.items() if _is_signed(name)}
        body = b"" if sigv4.is_unsigned(headers) else _body(target)
        target.headers.update(self.sign(target.method, url, headers, body))
        return request

    def _scope(self) -> sigv4.Scope:
        region = self._region or resolved_region()
        return sigv4.Scope(resolved(self._credentials), self._service, region, datetime.now(UTC))


def get_signed_auth(service: str = "execute-api", region: str | None = None, credentials: Any = None) -> SignedAuth:
    """Return an object that signs requests for IAM authorization.

    Use it as `auth=` with requests and httpx, or its `.sign()` and `.presign()` with anything else. Without
    `credentials` (any object with `access_key`, `secret_key` and `token`) the environment's are used, else boto3 looks
    for some; without a `region` the environment's is used. Both are resolved when a request is signed: then
    `CredentialsError` and `RegionNotSetError` are raised.
    """
    return SignedAuth(service, region=region, credentials=credentials)


def presign(
    method: str,
    url: str,
    expires: int = 300,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
    service: str = "execute-api",
    region: str | None = None,
) -> str:
    """Return the URL with a signature in its query, good for `expires` seconds but not beyond its credentials.

    It is for a service's endpoint with IAM authorization, and signed with the credentials and the region of the
    environment, else boto3's. The bearer has to send exactly the given `headers` and `body` (see `SignedAuth.presign`).
    A key may be repeated in the query. `get_url` and `put_url` make URLs of objects in S3.

    Example:
        >>> url = "https://abc.execute-api.eu-west-1.amazonaws.com/live/loans"
        >>> link = presign("POST", url, headers={"Content-Type": "application/json"}, body='{"id": 7}')
    """
    return SignedAuth(service, region=region).presign(method, url, expires, headers, body)


def resolved(given: Any) -> Credentials:
    """Return the current credentials: the given ones, the environment's, the container's, or boto3's."""
    if given is None:
        from kit_aws.calls import credentials

        found = credentials.current()
        if found is not None:
            return found
        given = resolved_credentials()
    elif hasattr(given, "get_frozen_credentials"):
        given = given.get_frozen_credentials()
    return Credentials(given.access_key, given.secret_key, given.token or None)


def _is_signed(name: str) -> bool:
    lower = name.lower()
    return lower in _SIGNED or lower.startswith("x-amz-")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def check_expiry(expires: int) -> None:
    """Raise ValueError unless a URL can last that long."""
    if not 1 <= expires <= _LONGEST:
        raise ValueError(f"A URL can last from 1 to {_LONGEST} seconds, not {expires!r}")


def strict_url(url: str) -> str:
    """Return the URL with illegal characters encoded, and the query in the spelling that AWS signs."""
    before, mark, rest = sigv4.wire(url).partition("?")
    query, hash_mark, fragment = rest.partition("#")
    return f"{before}{mark}{sigv4.strict_query(query)}{hash_mark}{fragment}"


def _strict(request: Any) -> str:
    """Give the request's query the spelling that AWS signs, and return the URL."""
    url = str(request.url)
    strict = strict_url(url)
    if "?" not in url or strict == url:
        return url
    if isinstance(request.url, str):
        request.url = strict
    else:
        request.url = request.url.copy_with(query=strict.partition("?")[2].partition("#")[0].encode())
    return str(request.url)


def _body(request: Any) -> bytes:
    body = request.body if hasattr(request, "body") else _content(request)
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    if hasattr(body, "seek") and hasattr(body, "read"):
        position = body.tell()
        content = body.read()
        body.seek(position)
        return content.encode() if isinstance(content, str) else bytes(content)
    raise SigningError("The body is a stream that can be read only once: give it as bytes, or as a file")


def _content(request: Any) -> Any:
    """Return the body of a `httpx.Request`, reading a multipart form or an iterator into it."""
    if hasattr(request.stream, "__iter__"):
        return request.read()
    return request.stream
