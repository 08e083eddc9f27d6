"""Signed requests: for any HTTP client, and as `auth=` of requests and httpx."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from kit_aws import sigv4
from kit_aws.boto3 import resolved_credentials, resolved_region
from kit_aws.errors import SigningError
from kit_aws.sigv4 import Credentials

R = TypeVar("R")

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
        """Show what is signed for."""
        return f"SignedAuth({self._service!r}, region={self._region!r})"

    def sign(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | str | None = b""
    ) -> dict[str, str]:
        """Return the headers to send: those given, and the ones that sign the request.

        Give method, URL, headers and body exactly as they are sent; a client that adds further headers does no harm.
        Encode a query's values with `urllib.parse.quote(value, safe="")`: AWS signs them like that.
        """
        return sigv4.sign(
            self._scope(), method, url, headers or {}, body.encode() if isinstance(body, str) else body or b""
        )

    def presign(self, method: str, url: str, expires: int = 300) -> str:
        """Return the URL with a signature in its query, good for `expires` seconds but not beyond its credentials."""
        if not 1 <= expires <= 604800:
            raise ValueError(f"A URL can last from 1 to 604800 seconds, not {expires!r}")
        return sigv4.presign(self._scope(), method, url, expires)

    def __call__(self, request: R) -> R:
        """Sign a `requests.PreparedRequest` or a `httpx.Request` in place.

        Its query is rewritten in the only spelling that AWS takes (a space as `%20`, not as `+`).
        Raise `SigningError` if the body is a stream that can be read only once.
        """
        target: Any = request
        url = _strict(target)
        headers = {name: _text(value) for name, value in target.headers.items() if _is_signed(name)}
        target.headers.update(self.sign(target.method, url, headers, _body(target)))
        return request

    def _scope(self) -> sigv4.Scope:
        region = self._region or resolved_region()
        return sigv4.Scope(_resolved(self._credentials), self._service, region, datetime.now(UTC))


def get_signed_auth(service: str = "execute-api", region: str | None = None, credentials: Any = None) -> SignedAuth:
    """Return an object that signs requests for IAM authorization.

    Use it as `auth=` with requests and httpx, or its `.sign()` and `.presign()` with anything else. Without
    `credentials` (any object with `access_key`, `secret_key` and `token`) those of the environment are used, else
    those that boto3 finds; without a `region` the environment's. Both are looked for when a request is signed: then
    `CredentialsError` and `RegionNotSetError` are raised.
    """
    return SignedAuth(service, region=region, credentials=credentials)


def _resolved(given: Any) -> Credentials:
    if given is None:
        access_key, secret_key = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if access_key and secret_key:
            return Credentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN") or None)
        given = resolved_credentials()
    elif hasattr(given, "get_frozen_credentials"):
        given = given.get_frozen_credentials()
    return Credentials(given.access_key, given.secret_key, given.token or None)


def _is_signed(name: str) -> bool:
    lower = name.lower()
    return lower in _SIGNED or lower.startswith("x-amz-")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _strict(request: Any) -> str:
    """Give the request's query the spelling that AWS signs, and return the URL."""
    url = str(request.url)
    before, mark, rest = url.partition("?")
    query, hash_mark, fragment = rest.partition("#")
    strict = sigv4.strict_query(sigv4.query_pairs(query))
    if not mark or strict == query:
        return url
    if isinstance(request.url, str):
        request.url = f"{before}?{strict}{hash_mark}{fragment}"
    else:
        request.url = request.url.copy_with(query=strict.encode())
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
