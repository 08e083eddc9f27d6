"""A request as it arrived, in the terms that API Gateway's events are made of."""

import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from kit_local.runtime.pool import trace_id
from kit_local.stack import Api

BODY_LIMIT = 10 * 1024 * 1024  # bytes
_HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"}


# What the terminal says of requests that no function is run for, or that one is too slow for.
REFUSALS = {
    "missing": "no route",
    "unauthorized": "unauthorized",
    "forbidden": "denied",
    "denied": "denied",
    "authorizer": "no answer of the authorizer's",
    "handshake": "no WebSocket handshake",
    "malformed": "bad request",
    "too_large": "too large",
    "timeout": "timeout",
}


class GatewayError(Exception):
    """A request that the gateway itself answers; `reason` is a key of the API's table of answers."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Incoming:
    """One request. `path` is still encoded; it starts with the API's base path, `inner` is what follows that."""

    method: str
    path: str
    inner: str
    query_string: str
    headers: tuple[tuple[str, str], ...]
    source_ip: str
    protocol: str = "HTTP/1.1"
    body: bytes = b""
    request_id: str = field(default_factory=lambda: short_id())
    at: float = field(default_factory=time.time)

    @property
    def query(self) -> list[tuple[str, str]]:
        """The decoded parameters of the query."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    def header(self, name: str) -> str:
        """Return the last header of that name, empty when there is none."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name.lower()), "")

    def listed(self, name: str) -> list[str]:
        """Return the items of a header that is a list, of all its lines."""
        lines = [value for key, value in self.headers if key.lower() == name.lower()]
        return [item for line in lines for item in map(str.strip, line.split(",")) if item]

    @property
    def trace(self) -> str:
        """The X-Ray trace header."""
        return self.header("x-amzn-trace-id")

    @property
    def epoch(self) -> int:
        """When it arrived, in milliseconds."""
        return int(self.at * 1000)

    @property
    def clock(self) -> str:
        """When it arrived, as in an access log."""
        return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(self.at))

    def text_or_base64(self) -> tuple[str, bool]:
        """Return the body and whether it is in base64, as HTTP APIs decide: by the content type alone.

        Text is `text/*` and JSON, XML and JavaScript under their plain names; a form is not, nor what has no type.
        """
        kind = self.header("content-type").partition(";")[0].strip().lower()
        if kind.startswith("text/") or kind in ("application/json", "application/xml", "application/javascript"):
            return self.body.decode(errors="replace"), False
        return b64encode(self.body).decode(), True


async def read(request: web.BaseRequest, base: str, *, keep_hops: bool = False) -> Incoming:
    """Read the whole request; `base` is the part of the path that belongs to the stage."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body, size = bytearray(), 0
    try:
        async for chunk in request.content.iter_any():
            size += len(chunk)
            if size <= BODY_LIMIT:
                body += chunk
    except web.RequestPayloadError:
        raise GatewayError("malformed") from None  # it quotes the body
    if size > BODY_LIMIT:  # read to its end, since most clients listen only then
        raise GatewayError("too_large")
    path, _, query = request.raw_path.partition("?")
    if path != base and not path.startswith(f"{base}/"):
        raise GatewayError("missing")
    peer = request.remote or "127.0.0.1"
    return Incoming(
        method=request.method,
        path=path,
        inner=path[len(base) :] or "/",
        query_string=query,
        headers=_forwarded(request, peer, len(body), keep_hops),
        source_ip=peer,
        body=bytes(body),
    )


def _forwarded(request: web.BaseRequest, peer: str, length: int, keep_hops: bool) -> tuple[tuple[str, str], ...]:
    """Return the headers with what API Gateway adds to them, and without those of the single connection."""
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    added = {"X-Forwarded-Port": str(port), "X-Forwarded-Proto": request.scheme}
    earlier = request.headers.getall("X-Forwarded-For", [])
    added["X-Forwarded-For"] = ", ".join([*earlier, peer])
    added["X-Amzn-Trace-Id"] = request.headers.get("X-Amzn-Trace-Id") or trace_id()
    if length:
        added["Content-Length"] = str(length)
    dropped = {name.lower() for name in added} | (set() if keep_hops else _HOP_BY_HOP)
    kept = [(name, value) for name, value in request.headers.items() if name.lower() not in dropped]
    return (*kept, *added.items())


def short_id() -> str:
    """Make an id as API Gateway gives to requests and connections."""
    return urlsafe_b64encode(secrets.token_bytes(11)).decode()


def method_arn(api: Api, region: str, account: str, tail: str) -> str:
    """Return the ARN that authorizers and policies call one method of an API."""
    return f"arn:aws:execute-api:{region}:{account}:{api.api_id}/{api.stage}/{tail}"


def last_values(pairs: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> dict[str, str] | None:
    """Return the pairs as a mapping, None when there are none: later ones win."""
    return dict(pairs) or None


def all_values(pairs: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> dict[str, list[str]] | None:
    """Return the pairs as a mapping to lists, None when there are none."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found or None


def without_none(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event without the keys that have no value, as payload 2.0 leaves them out."""
    return {name: value for name, value in event.items() if value is not None}
