"""HTTP connections that are kept open between requests.

They are the standard library's: importing it costs a quarter of the import of urllib3, which counts on a cold start.
Redirects are not followed, proxies of the environment are not used. `AWS_CA_BUNDLE` names other certificates to trust;
the TLS context is one for all connections of the process.
"""

import os
import threading
import time
from collections.abc import Mapping
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urlsplit
from weakref import WeakSet

from kit_core import invocation
from kit_core.errors import HttpConnectionError
from kit_core.loading import load_early, renew_with_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPConnection
    from socket import socket
    from ssl import SSLContext
    from typing import Any

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})  # RFC 9110, 9.2.2
# Load balancers close a connection after a minute without use, NAT gateways forget it. A frozen function notices
# neither.
_LONGEST_IDLE = 50  # seconds
_FIRST_BYTE_SHARE = 0.25  # of the timeout, on a kept connection
_RESERVE = 0.5  # seconds of the invocation that are kept for answering
_SHORTEST = 0.1  # seconds, however little time the invocation has

Origin = tuple[str, str, int | None]

_all: "WeakSet[Connections]" = WeakSet()


class Request(NamedTuple):
    """Hold a request as it goes over the wire.

    url: encoded already
    timeout: seconds within which the connection has to stand and the whole answer has to be there
    repeatable: whether sending it twice is as good as once; by default the method's idempotence decides
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float
    repeatable: bool | None = None


class Answer(NamedTuple):
    """Hold a server's answer; the names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Send requests over connections that are kept open; threads may share it, and a forked process starts with none.

    connect_timeout: seconds within which a connection has to stand
    most_idle: connections that are kept for each origin
    most_read: bytes at which an answer's body is cut off; by default nowhere
    ca_file: root certificates to trust (PEM) instead of the machine's, or a function that returns the file or None

    >>> connections = Connections(connect_timeout=1, most_idle=4)
    >>> connections.send(Request("GET", "https://example.com/", {}, b"", timeout=5)).status  # doctest: +SKIP
    200
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        most_idle: int,
        most_read: int | None = None,
        ca_file: "str | Callable[[], str | None] | None" = None,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._most_idle = most_idle
        self._most_read = most_read
        self._lock = threading.Lock()
        self._ca_file = ca_file
        self._idle: dict[Origin, list[tuple[HTTPConnection, float]]] = {}
        _all.add(self)

    def __del__(self) -> None:
        """Close the idle connections."""
        self.close()

    def send(self, request: Request) -> Answer:
        """Return the server's answer, whatever its status. Raise `HttpConnectionError` if there is none in time.

        Inside an invocation the timeout is at most its remaining time, less half a second. ValueError is raised for a
        URL or a header that HTTP cannot carry.

        A kept connection may have been closed meanwhile: that is noticed before anything is sent, or else the request
        is sent again on a new connection if it is `repeatable`. A kept connection may also have died without a word,
        where a NAT or a firewall forgot it: a repeatable request waits a quarter of its timeout for the first byte on
        it, and the rest on a new connection. On a new connection nothing is ever sent twice.
        """
        from http.client import HTTPException

        parts, where = _checked(request)
        origin = (parts.scheme, parts.hostname or "", parts.port)
        repeatable = request.method.upper() in _IDEMPOTENT if request.repeatable is None else request.repeatable
        ends = time.monotonic() + _bounded(request.timeout)
        try:
            kept = self._kept(origin)
            if kept is not None:
                try:
                    return self._exchange(kept, origin, request, ends, patience=_FIRST_BYTE_SHARE if repeatable else 1)
                except (OSError, HTTPException) as error:  # TLS has errors of its own for a connection that ended
                    if isinstance(error, TimeoutError):
                        self._close_idle(origin)  # these have been idle for longer
                    if not repeatable or time.monotonic() >= ends:
                        raise
            return self._exchange(self._opened(origin, ends), origin, request, ends)
        except (OSError, HTTPException) as error:
            raise HttpConnectionError(request.method, where, type(error).__name__, str(error)) from error

    def close(self) -> None:
        """Close the idle connections; the next request opens one again."""
        for origin in tuple(self._idle):
            self._close_idle(origin)

    def renew(self) -> None:
        """Close this process's ends of another's connections, with a lock that no thread of it holds."""
        self._lock = threading.Lock()
        self.close()

    def _close_idle(self, origin: Origin) -> None:
        with self._lock:
            idle = self._idle.pop(origin, ())
        for connection, _ in idle:
            connection.close()

    def _kept(self, origin: Origin) -> "HTTPConnection | None":
        while True:
            with self._lock:
                kept = self._idle.get(origin)
                connection, since = kept.pop() if kept else (None, 0.0)
            # By the wall clock, which runs on while the function is frozen. Only an ended connection has something to
            # read while it is idle.
            if connection is None or (time.time() - since < _LONGEST_IDLE and not _is_readable(connection.sock, 0)):
                return connection
            connection.close()

    def _keep(self, origin: Origin, connection: "HTTPConnection") -> bool:
        with self._lock:
            kept = self._idle.setdefault(origin, [])
            if len(kept) < self._most_idle:
                kept.append((connection, time.time()))
                return True
        return False

    def _opened(self, origin: Origin, ends: float) -> "HTTPConnection":
        from http.client import HTTPConnection, HTTPSConnection

        scheme, host, port = origin
        timeout = min(self._connect_timeout, _seconds_until(ends))
        if scheme == "http":
            opened = HTTPConnection(host, port, timeout=timeout)
        else:
            opened = HTTPSConnection(host, port, timeout=timeout, context=self._tls_context())
        try:
            opened.connect()
        except TimeoutError as error:
            opened.close()
            raise ConnectTimeoutError(f"no connection in {timeout:g} seconds") from error
        except BaseException:
            opened.close()
            raise
        return opened

    def _tls_context(self) -> "SSLContext":
        from kit_core.certificates import tls_context

        return tls_context(self._ca_file() if callable(self._ca_file) else self._ca_file)

    def _exchange(
        self, connection: "HTTPConnection", origin: Origin, request: Request, ends: float, *, patience: float = 1
    ) -> Answer:
        """Send the request and read the answer, whose first byte may take the share `patience` of the time."""
        from http.client import HTTPResponse

        reusable = False
        try:
            _begin(connection, request, _seconds_until(ends) * patience)
            sock = connection.sock
            connection.response_class = lambda _, **options: HTTPResponse(_Timed(sock, ends), **options)  # type: ignore[assignment, arg-type]
            response = connection.getresponse()
            body = response.read(self._most_read)
            if response.length and len(body) != self._most_read:
                raise ConnectionError("the answer broke off")
            reusable = response.isclosed() and not response.will_close
            return Answer(response.status, response.headers, body)  # type: ignore[arg-type]
        finally:
            if not (reusable and self._keep(origin, connection)):
                connection.close()


class ConnectTimeoutError(TimeoutError):
    """Is the cause of an `HttpConnectionError` where no connection stood in time, so that nothing was sent."""


class _Timed(RawIOBase):
    """Read a socket until a given time, however small the pieces in which the server sends its answer."""

    def __init__(self, sock: "socket", ends: float) -> None:
        self._sock = sock
        self._file: Any = sock.makefile("rb", buffering=0)
        self._ends = ends

    def makefile(self, _: str) -> BufferedReader:
        return BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Any") -> int | None:
        self._sock.settimeout(_seconds_until(self._ends))
        read: int | None = self._file.readinto(buffer)
        return read

    def close(self) -> None:
        self._file.close()
        super().close()


def _checked(request: Request) -> tuple[SplitResult, str]:
    """Return the parts of the URL, and the URL without its query, which may hold a signature, and without a user."""
    parts = urlsplit(request.url)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{parts.scheme}://{parts.hostname or ''} is not the beginning of an HTTP URL")
    if not (request.url.isascii() and request.url.isprintable()) or " " in request.url:
        raise ValueError(f"{where!r} holds a character that is not encoded, or its query does")
    for name, value in request.headers.items():
        if "\r" in value or "\n" in value:  # http.client would refuse it too, and show the value
            raise ValueError(f"The header {name!r} has a line break in its value")
    return parts, where


def _bounded(timeout: float) -> float:
    """Return the timeout, or less if the current invocation has less time."""
    remaining = invocation.remaining_ms()
    return timeout if remaining is None else min(timeout, max(_SHORTEST, remaining / 1000 - _RESERVE))


def _seconds_until(ends: float) -> float:
    seconds = ends - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the answer did not end in time")
    return seconds


def _begin(connection: "HTTPConnection", request: Request, seconds: float) -> None:
    """Send the request and wait for the first byte of the answer."""
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # A signature is over UTF-8; http.client itself would send Latin-1.
    headers = {name: value.encode() for name, value in request.headers.items()}
    begun = time.monotonic()
    connection.sock.settimeout(seconds)
    connection.request(request.method, target, request.body or None, headers)
    if not _is_readable(connection.sock, begun + seconds - time.monotonic()):
        raise TimeoutError("no answer in time")


def _is_readable(sock: "socket", seconds: float) -> bool:
    import select

    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], max(seconds, 0))[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(max(seconds, 0) * 1000))


def _renew() -> None:
    for connections in tuple(_all):
        connections.renew()


@load_early
def _load_early() -> None:
    """Load what the first request needs; `idna` encodes the names of hosts."""
    import encodings.idna  # noqa: F401
    import http.client  # noqa: F401
    import select  # noqa: F401


renew_with_snapshot(_renew)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
