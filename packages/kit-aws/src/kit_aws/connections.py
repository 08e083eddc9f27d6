"""HTTP connections that are kept open between requests.

They are the standard library's: importing it costs a quarter of what urllib3 does, which counts on a cold start.
"""

import os
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from weakref import WeakSet

from kit_aws import forks
from kit_aws.errors import AwsConnectionError

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse
    from ssl import SSLContext

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_CHUNK = 65_536
# Load balancers close what is idle for a minute, NAT gateways forget it; a frozen function hears of neither.
_LONGEST_IDLE = 50  # seconds

Origin = tuple[str, str, int | None]

_all: "WeakSet[Connections]" = WeakSet()


@forks.in_child
def _renew() -> None:
    for connections in _all:
        connections.renew()


class Request(NamedTuple):
    """Hold a request as it goes over the wire, and the seconds within which its whole answer has to be there."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float


class Answer(NamedTuple):
    """Hold what a server answered; the names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Send requests over connections that are kept open; threads may share it."""

    def __init__(self, *, connect_timeout: float, most_idle: int) -> None:
        self._connect_timeout = connect_timeout
        self._most_idle = most_idle
        self._lock = threading.Lock()
        self._tls: SSLContext | None = None
        self._idle: dict[Origin, list[tuple[HTTPConnection, float]]] = {}
        _all.add(self)

    def __del__(self) -> None:
        """Close what is idle, since nobody is left to use it."""
        self.close()

    def renew(self) -> None:
        """Close this process's ends of connections that another uses, with a lock that no thread of it holds."""
        self._lock = threading.Lock()
        self.close()

    def send(self, request: Request) -> Answer:
        """Return what the server answers. Raise `AwsConnectionError` if it doesn't, in time.

        A kept connection may have been closed meanwhile. That is noticed before anything is sent, or else, where doing
        it twice is as good as once (not for POST and PATCH), made good by a second try on a new connection.
        """
        from http.client import HTTPException

        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{parts.scheme}://{parts.hostname or ''} is not the beginning of an HTTP URL")
        origin = (parts.scheme, parts.hostname, parts.port)
        begun = time.monotonic()
        try:
            kept = self._kept(origin)
            if kept is not None:
                try:
                    return self._exchange(kept, origin, request)
                except (OSError, HTTPException) as error:
                    # TLS has errors of its own for a connection that ended.
                    if isinstance(error, TimeoutError) or request.method.upper() not in _IDEMPOTENT:
                        raise
                    left = begun + request.timeout - time.monotonic()
                    if left <= 0:
                        raise
                    request = request._replace(timeout=left)
            return self._exchange(self._opened(origin), origin, request)
        except (OSError, HTTPException) as error:
            # The query may hold a signature.
            where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
            raise AwsConnectionError(
                f"{request.method} {where} failed: {type(error).__name__}: {error}",
                code=type(error).__name__,
                operation=request.method,
                resource=where,
            ) from error

    def close(self) -> None:
        """Close the connections that are idle."""
        with self._lock:
            idle = [connection for kept in self._idle.values() for connection, _ in kept]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _kept(self, origin: Origin) -> "HTTPConnection | None":
        while True:
            with self._lock:
                kept = self._idle.get(origin)
                connection, since = kept.pop() if kept else (None, 0.0)
            # The wall clock, which runs on while the function is frozen.
            if connection is None or (time.time() - since < _LONGEST_IDLE and not _has_ended(connection)):
                return connection
            connection.close()

    def _opened(self, origin: Origin) -> "HTTPConnection":
        from http.client import HTTPConnection, HTTPSConnection

        scheme, host, port = origin
        if scheme == "http":
            opened = HTTPConnection(host, port, timeout=self._connect_timeout)
        else:
            opened = HTTPSConnection(host, port, timeout=self._connect_timeout, context=self._tls_context())
        try:
            opened.connect()
        except BaseException:
            opened.close()
            raise
        return opened

    def _tls_context(self) -> "SSLContext":
        with self._lock:
            if self._tls is None:
                from ssl import create_default_context

                self._tls = create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
            return self._tls

    def _exchange(self, connection: "HTTPConnection", origin: Origin, request: Request) -> Answer:
        reusable = False
        ends = time.monotonic() + request.timeout
        try:
            connection.sock.settimeout(request.timeout)
            # The signature is over UTF-8, http.client itself would send Latin-1.
            headers = {name: value.encode() for name, value in request.headers.items()}
            connection.request(request.method, _target(request.url), request.body or None, headers)
            response = connection.getresponse()
            body = _read(connection, response, ends)
            reusable = not response.will_close
            return Answer(response.status, response.headers, body)  # type: ignore[arg-type]
        finally:
            if not (reusable and self._keep(origin, connection)):
                connection.close()

    def _keep(self, origin: Origin, connection: "HTTPConnection") -> bool:
        with self._lock:
            kept = self._idle.setdefault(origin, [])
            if len(kept) < self._most_idle:
                kept.append((connection, time.time()))
                return True
        return False


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _read(connection: "HTTPConnection", response: "HTTPResponse", ends: float) -> bytes:
    """Return the whole body; a server that sends it drop by drop is cut off."""
    chunks = []
    while True:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        if connection.sock is not None:  # None once the answer is the connection's last
            connection.sock.settimeout(left)
        chunk = response.read1(_CHUNK)
        if not chunk:
            break
        chunks.append(chunk)
    if response.length:
        raise ConnectionError("the answer broke off")
    response.read()  # says that this was all
    return b"".join(chunks)


def _has_ended(connection: "HTTPConnection") -> bool:
    """Say whether the server has closed the connection: then, and only then, an idle one has something to read."""
    import select

    if not hasattr(select, "poll"):
        return bool(select.select([connection.sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
