"""AWS Signature Version 4, from "Signature Version 4 signing process" in the IAM user guide.

The canonical forms are botocore's to the byte, for URLs that botocore and AWS read alike. One rule holds for every URL.
It is read as HTTP clients send it: a space, a character beyond ASCII (its UTF-8) and any other character that a URL
cannot hold are percent-encoded, all else stays as it is. What AWS decodes before it compares is signed in AWS's
spelling.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from kit_aws.signature import ALGORITHM, Credentials, hash_of, keyed, normalised, signature_of

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_UNSIGNED = (UNSIGNED_PAYLOAD, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
_HASH_HEADER = "x-amz-content-sha256"
_LEGAL = "%/:?#[]@!$&'()*+,;=~"
_LEGAL_IN_S3 = re.compile(r"[!$&'()*+,:;=@\[\]]")  # legal in a path, but encoded when S3 compares
# Pairs that nothing has to be encoded in.
_STRICT_QUERY = re.compile(r"[\w.~-]*=[\w.~-]*(?:&[\w.~-]*=[\w.~-]*)*", re.ASCII)
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
# Services whose paths are signed as they are; for all others they are normalised and encoded once more.
_S3 = frozenset({"s3", "s3-object-lambda", "s3-outposts"})
# Headers that proxies change and clients add late, and headers that replace each other while signing.
_NOT_SIGNED = frozenset(
    {
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)


class Scope:
    """Say who signs, for which service and region, and when (an aware datetime in UTC).

    `timestamp` is the time as `X-Amz-Date` has it, `name` the credential scope.
    """

    __slots__ = ("at", "credentials", "name", "region", "service", "timestamp")

    def __init__(self, credentials: Credentials, service: str, region: str, at: datetime) -> None:
        self.credentials = credentials
        self.service = service
        self.region = region
        self.at = at
        self.timestamp = at.strftime("%Y%m%dT%H%M%SZ")
        self.name = f"{self.timestamp[:8]}/{region}/{service}/aws4_request"


def sign(scope: Scope, method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Return the headers, with those added that sign the request."""
    parts = urlsplit(wire(url))
    signed = _dated(scope, headers)
    given = _content_hash(signed)
    if scope.service in _S3 and given not in _UNSIGNED:
        signed = _without(signed, _HASH_HEADER)
        given = signed["X-Amz-Content-SHA256"] = hash_of(body)
    body_hash = hash_of(body) if given is None else given
    canonical, names = _canonical_headers(signed, parts)
    query = _sorted_query(strict_query(parts.query))
    request = (method.upper(), _path(parts, scope), query, canonical, names, body_hash)
    signed["Authorization"] = (
        f"{ALGORITHM} Credential={scope.credentials.access_key}/{scope.name}, "
        f"SignedHeaders={names}, Signature={_signature(scope, request)}"
    )
    return signed


def presign(
    scope: Scope, method: str, url: str, expires: int, headers: Mapping[str, str], body: bytes | None = None
) -> str:
    """Return the URL with a query that signs it, with `host`, the headers and the body given.

    Raise ValueError for a body in S3, which knows a body's hash from a header alone.

    The query's pairs stay in their order and are encoded again (a `+` stands for a space); a fragment is dropped.
    """
    parts = urlsplit(wire(url))
    canonical, names = _canonical_headers(headers, parts)
    credentials = scope.credentials
    given = strict_query(parts.query) + "&" if parts.query else ""
    token = f"&X-Amz-Security-Token={quote(credentials.token, safe='')}" if credentials.token else ""
    name = quote(f"{credentials.access_key}/{scope.name}", safe="/").replace("/", "%2F")
    query = (
        f"{given}X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={name}&X-Amz-Date={scope.timestamp}"
        f"&X-Amz-Expires={expires}&X-Amz-SignedHeaders={quote(names, safe='')}{token}"
    )
    body_hash = _content_hash(headers)
    if body_hash is None and scope.service in _S3:
        if body:
            raise ValueError("S3 takes the hash of a body in a header: give headers={'X-Amz-Content-SHA256': hash}")
        body_hash = UNSIGNED_PAYLOAD
    elif body_hash is None:
        body_hash = hash_of(body or b"")
    request = (method.upper(), _path(parts, scope), _sorted_query(query), canonical, names, body_hash)
    return parts._replace(query=f"{query}&X-Amz-Signature={_signature(scope, request)}", fragment="").geturl()


def sign_policy(scope: Scope, fields: Mapping[str, str], conditions: Sequence[Any], expires: int) -> dict[str, str]:
    """Return the fields of a form that uploads to S3, with the policy that limits it and its signature.

    From "Creating a POST policy" in the S3 API reference. `conditions` name the fields that the form may have;
    the signature's are added.
    """
    credentials = scope.credentials
    ends = scope.at + timedelta(seconds=expires)
    added = {
        "x-amz-algorithm": ALGORITHM,
        "x-amz-credential": f"{credentials.access_key}/{scope.name}",
        "x-amz-date": scope.timestamp,
    }
    if credentials.token:
        added["x-amz-security-token"] = credentials.token
    policy = {
        "expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "conditions": [*conditions, *({name: value} for name, value in added.items())],
    }
    encoded = b64encode(json.dumps(policy).encode()).decode()
    return {**fields, **added, "policy": encoded, "x-amz-signature": keyed(credentials.secret_key, scope.name, encoded)}


def wire(url: str) -> str:
    """Return a URL with illegal characters percent-encoded; ValueError for a host that is not ASCII."""
    if not url.isascii() and not (host := urlsplit(url).netloc.rpartition("@")[2]).isascii():
        raise ValueError(f"The host {host!r} is sent in ASCII: give it in Punycode, as in 'xn--bcher-kva.example'")
    return quote(url, safe=_LEGAL)


def is_unsigned(headers: Mapping[str, str]) -> bool:
    """Say whether the headers tell that the body is not signed."""
    return _content_hash(headers) in _UNSIGNED


def strict_query(query: str) -> str:
    """Encode a query as AWS does when it checks a signature: all but letters, digits and `-_.~`.

    It is decoded first (a `+` is a space), in Latin-1, which keeps every byte as it is, text or not.
    """
    if _STRICT_QUERY.fullmatch(query):
        return query
    quoted = partial(quote, safe="", encoding="latin-1")
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs)


def _dated(scope: Scope, headers: Mapping[str, str]) -> dict[str, str]:
    """Copy the headers with the time and the token in them; a Date header is kept as one, with the current time."""
    has_date = any(name.lower() == "date" for name in headers)
    token = scope.credentials.token
    replaced = ("authorization", "date", "x-amz-date", *(("x-amz-security-token",) if token else ()))
    dated = _without(headers, *replaced)
    if has_date:
        from email.utils import format_datetime

        dated["Date"] = format_datetime(scope.at.replace(tzinfo=None))
    else:
        dated["X-Amz-Date"] = scope.timestamp
    if token:
        dated["X-Amz-Security-Token"] = token
    return dated


def _content_hash(headers: Mapping[str, str]) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == _HASH_HEADER), None)


def _without(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in names}


def _canonical_headers(headers: Mapping[str, str], parts: SplitResult) -> tuple[str, str]:
    """Return the header lines and the names, both sorted; several spellings of one name are one header."""
    merged: dict[str, list[str]] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower not in _NOT_SIGNED:
            merged.setdefault(lower, []).append(" ".join(value.split()))
    if "host" not in merged:
        merged["host"] = [_host(parts.scheme, parts.netloc)]
    names = sorted(merged)
    return "".join(f"{name}:{','.join(merged[name])}\n" for name in names), ";".join(names)


@lru_cache(maxsize=32)
def _host(scheme: str, netloc: str) -> str:
    """Return the Host field of HTTP clients: no user, lower case, no default port."""
    parts = SplitResult(scheme, netloc, "", "", "")
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    return host if port is None or port == _PORTS.get(scheme) else f"{host}:{port}"


def _path(parts: SplitResult, scope: Scope) -> str:
    path = parts.path or "/"
    if scope.service in _S3:
        return _LEGAL_IN_S3.sub(lambda found: quote(found[0], safe=""), path)
    return quote(normalised(path), safe="/~")


def _sorted_query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)


def _signature(scope: Scope, request: tuple[str, ...]) -> str:
    return signature_of(scope.credentials.secret_key, scope.timestamp, scope.name, "\n".join(request))
