"""Kept connections to management APIs, some for each endpoint, opened as they are needed.

An answer costs a twentieth of the CPU time that boto3 takes for it. Redirects are not followed. `AWS_CA_BUNDLE` names
other certificates to trust. Where the environment asks for more than keys and endpoints (a proxy, a profile), and in a
test that mocks boto3, requests go through boto3. Where the event loop cannot watch sockets (the default one on
Windows), they go through threads.
"""

import asyncio
import os
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from kit_core.certificates import tls_context
from kit_core.loop import in_thread

from kit_websocket import aws
from kit_websocket.sending.endpoint import region_of
from kit_websocket.sending.signing import Signer
from kit_websocket.sending.wire import Answer, Wire, opened

MOST_AT_ONCE = 100

_LONGEST_IDLE = 20.0  # seconds by the wall clock; a frozen function notices no end of a connection
_CONNECT_TIMEOUT = 1.0  # seconds
_SIGNER_SECONDS = 60.0
_ADDRESS_SECONDS = 10.0
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION")

_pools: "dict[tuple[str, int], Pool]" = {}


class NotOpenedError(ConnectionError):
    """Is raised where no connection stands, so that nothing was sent; `cause` is the name of the reason."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class Pool:
    """Post messages to the connections of one management API.

    limit: how many messages may be on their way at once: fewer after the API has throttled
    turns: by connection, the future of the message that is on its way to it, so that messages keep their order
    """

    def __init__(self, endpoint_url: str) -> None:
        self._idle: list[Wire] = []
        parts = urlsplit(endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{endpoint_url!r} is not the URL of a management API")
        self._url = endpoint_url
        self._host, self._port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        self._is_tls = parts.scheme == "https"
        self._addresses: tuple[float, list[Any]] = (0.0, [])
        self._signer: Signer | None = None
        self._signed_for: tuple[Any, ...] = ()
        self._signer_ends = 0.0
        self.limit = float(MOST_AT_ONCE)
        self.turns: dict[str, asyncio.Future[None]] = {}

    def lane(self) -> "Lane":
        """Return a lane, which sends one message after the other."""
        return Lane(self)

    def signed(self) -> Signer:
        """Return a signer that is good for a minute, with the environment's credentials. Raise AwsError."""
        current = tuple(map(os.environ.get, _CREDENTIALS))
        if self._signer is None or self._signed_for != current or time.time() >= self._signer_ends:
            self._signer = Signer(self._url, region_of(self._url))
            self._signed_for, self._signer_ends = current, time.time() + _SIGNER_SECONDS
        return self._signer

    def take(self) -> Wire | None:
        """Return a kept connection that can be used, None if there is none."""
        now = time.time()
        while self._idle:
            try:
                wire = self._idle.pop()
            except IndexError:  # another thread has taken it
                return None
            age = now - wire.idle_since
            if 0 <= age < _LONGEST_IDLE and (age < 1 or not wire.is_dead()):
                return wire
            wire.close()
        return None

    def give(self, wire: Wire) -> None:
        """Keep a connection that can be used again."""
        wire.detach()
        if wire.reusable and len(self._idle) < MOST_AT_ONCE:
            self._idle.append(wire)
        else:
            wire.close()

    async def open(self, seconds: float) -> Wire:
        """Return a new connection. Raise NotOpenedError."""
        tls = tls_context() if self._is_tls else None
        try:
            async with asyncio.timeout(min(_CONNECT_TIMEOUT, seconds)):
                return await opened(await self._resolved(), self._host, tls)
        except TimeoutError:
            raise NotOpenedError("ConnectTimeoutError") from None
        except OSError as error:
            raise NotOpenedError(type(error).__name__) from error

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def __del__(self) -> None:
        """Close the idle connections."""
        self.close()

    async def _resolved(self) -> list[Any]:
        until, addresses = self._addresses
        if time.monotonic() >= until:
            addresses = await in_thread(socket.getaddrinfo, self._host, self._port, type=socket.SOCK_STREAM)
            self._addresses = time.monotonic() + _ADDRESS_SECONDS, addresses
        return addresses


class Lane:
    """Post one message after the other, over one connection as long as it lasts; `end` gives the connection back."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._signer = pool.signed()
        self._signer_ends = time.monotonic() + _SIGNER_SECONDS
        self._wire: Wire | None = None

    async def post(self, connection_id: str, body: bytes, body_hash: str, seconds: float) -> Answer:
        """Post a message, whose SHA-256 is given, and return the answer; no status is an error.

        Raise TimeoutError where no answer came in time, ConnectionError where the connection ended, NotOpenedError
        where none stood, AwsError where nothing can be signed. A kept connection may have been closed by the server
        meanwhile: the request is then sent again, on a new one. After a timeout nothing is sent again, since the
        message may have arrived.
        """
        ends = time.monotonic() + seconds
        if ends - seconds >= self._signer_ends:
            self._signer, self._signer_ends = self._pool.signed(), ends + _SIGNER_SECONDS
        request = self._signer.request("POST", connection_id, body, body_hash)
        wire = self._wire
        if wire is None or not wire.reusable:
            wire = self._attached(self._pool.take())
        if wire is not None:
            try:
                return await wire.ask(request, seconds)
            except TimeoutError:
                raise
            except OSError:  # ConnectionError, and TLS's own
                self._wire = None
        wire = self._attached(await self._pool.open(seconds))
        assert wire is not None
        return await wire.ask(request, ends - time.monotonic())

    def end(self) -> None:
        """Give the connection back."""
        wire, self._wire = self._wire, None
        if wire is not None:
            self._pool.give(wire)

    def _attached(self, wire: Wire | None) -> Wire | None:
        self._wire = wire
        if wire is not None:
            wire.attach()
        return wire


class ThreadedPool(Pool):
    """Post by way of kit-aws's blocking calls, each in a thread; `by_boto3` where a proxy stands between."""

    def __init__(self, endpoint_url: str, *, by_boto3: bool) -> None:
        super().__init__(endpoint_url)
        self.url = endpoint_url
        self.call = aws.post_by_boto3 if by_boto3 else aws.post

    def lane(self) -> Lane:
        """Return a lane, which sends one message after the other."""
        return ThreadedLane(self)


class ThreadedLane(Lane):
    """Post in threads."""

    def __init__(self, pool: ThreadedPool) -> None:
        self._pool, self._wire = pool, None
        self._url, self._call = pool.url, pool.call

    async def post(self, connection_id: str, body: bytes, body_hash: str, seconds: float) -> Answer:
        """Post a message, and return the answer; see `Lane`."""
        where: dict[str, Any] = {"endpoint_url": self._url, "region": region_of(self._url)}
        status, code = await in_thread(self._call, connection_id, body, **where, seconds=seconds)
        return Answer(status, code)


def pool_of(endpoint_url: str) -> Pool:
    """Return this process's pool for an endpoint, as the environment wants it."""
    loop = asyncio.get_running_loop()
    if aws.needs_boto3():
        return ThreadedPool(endpoint_url, by_boto3=True)
    if type(loop).__name__ == "ProactorEventLoop":
        return ThreadedPool(endpoint_url, by_boto3=False)
    key = (endpoint_url, os.getpid())  # a forked process opens connections of its own
    return _pools.get(key) or _pools.setdefault(key, Pool(endpoint_url))
