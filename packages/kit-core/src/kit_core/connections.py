"""HTTP connections that are kept open between requests.

Redirects are not followed, proxies of the environment are not used. `AWS_CA_BUNDLE` names other certificates to trust;
the TLS context is one for all connections of the process.
"""

import os
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urlsplit
from weakref import WeakSet

from kit_core import invocation
from kit_core.errors import HttpConnectionError
from kit_core.http import Reader, connected, head_of, seconds_until
from kit_core.loading import load_early, renew_with_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})  # RFC 9110, 9.2.2
# Load balancers close a connection after a minute without use, NAT gateways forget it. A frozen function notices
# neither.
_LONGEST_IDLE = 50  # seconds
_FIRST_BYTE_SHARE = 0.25  # of the timeout, on a kept connection
_RESERVE = 0.5  # seconds of the invocation that are kept for answering
_SHORTEST = 0.1  # seconds, however little time the invocation has
_SHORTEST_WAIT = 0.001  # seconds for the first byte, after a request that took all of the time to send
_SENT_AT_ONCE = 65_536  # bytes of a body that go out with the head
_PORTS = {"http": 80, "https": 443}

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
        self._idle: dict[Origin, list[tuple[socket, float]]] = {}
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
        parts, where = _checked(request)
        origin = (parts.scheme, parts.hostname or "", parts.port)
        repeatable = request.method.upper() in _IDEMPOTENT if request.repeatable is None else request.repeatable
        ends = time.monotonic() + _bounded(request.timeout)
        try:
            kept = self._kept(origin)
            if kept is not None:
                try:
                    return self._exchange(kept, origin, request, ends, patience=_FIRST_BYTE_SHARE if repeatable else 1)
                except OSError as error:  # TLS has errors of its own for a connection that ended
                    if isinstance(error, TimeoutError):
                        self._close_idle(origin)  # these have been idle for longer
                    if not repeatable or time.monotonic() >= ends:
                        raise
            return self._exchange(self._opened(origin, ends), origin, request, ends)
        except OSError as error:
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

    def _kept(self, origin: Origin) -> "socket | None":
        while True:
            with self._lock:
                kept = self._idle.get(origin)
                connection, since = kept.pop() if kept else (None, 0.0)
            # By the wall clock, which runs on while the function is frozen. Only an ended connection has something to
            # read while it is idle.
            if connection is None or (time.time() - since < _LONGEST_IDLE and not _is_readable(connection)):
                return connection
            connection.close()

    def _keep(self, origin: Origin, connection: "socket") -> bool:
        with self._lock:
            kept = self._idle.setdefault(origin, [])
            if len(kept) < self._most_idle:
                kept.append((connection, time.time()))
                return True
        return False

    def _opened(self, origin: Origin, ends: float) -> "socket":
        scheme, host, port = origin
        timeout = min(self._connect_timeout, seconds_until(ends))
        context = None
        if scheme == "https":
            from kit_core.certificates import tls_context

            context = tls_context(self._ca_file() if callable(self._ca_file) else self._ca_file)
        try:
            return connected(host, port or _PORTS[scheme], timeout, context)
        except TimeoutError as error:
            raise ConnectTimeoutError(f"no connection in {timeout:g} seconds") from error

    def _exchange(
        self, connection: "socket", origin: Origin, request: Request, ends: float, *, patience: float = 1
    ) -> Answer:
        """Send the request and read the answer, whose first byte may take the share `patience` of the time."""
        reader = Reader(connection, ends)
        try:
            method = request.method.upper()
            begun = time.monotonic()
            seconds = seconds_until(ends) * patience
            connection.settimeout(seconds)
            _send(connection, method, origin, request)
            rest = begun + seconds - time.monotonic()
            status, headers, body = reader.read(method, max(rest, _SHORTEST_WAIT), self._most_read)
            return Answer(status, headers, body)
        finally:
            if not (reader.is_reusable and self._keep(origin, connection)):
                connection.close()


class ConnectTimeoutError(TimeoutError):
    """Is the cause of an `HttpConnectionError` where no connection stood in time, so that nothing was sent."""


def _checked(request: Request) -> tuple[SplitResult, str]:
    """Return the parts of the URL, and the URL without its query, which may hold a signature, and without a user."""
    parts = urlsplit(request.url)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{parts.scheme}://{parts.hostname or ''} is not the beginning of an HTTP URL")
    if not (request.url.isascii() and request.url.isprintable()) or " " in request.url:
        raise ValueError(f"{where!r} holds a character that is not encoded, or its query does")
    for name, value in request.headers.items():
        if "\r" in value or "\n" in value:
            raise ValueError(f"The header {name!r} has a line break in its value")
    return parts, where


def _bounded(timeout: float) -> float:
    """Return the timeout, or less if the current invocation has less time."""
    remaining = invocation.remaining_ms()
    return timeout if remaining is None else min(timeout, max(_SHORTEST, remaining / 1000 - _RESERVE))


def _send(connection: "socket", method: str, origin: Origin, request: Request) -> None:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    scheme, host, port = origin
    name = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[scheme]:
        name = f"{name}:{port}"
    head = head_of(method, target, name, request.headers, len(request.body))
    if len(request.body) <= _SENT_AT_ONCE:
        connection.sendall(head + request.body)
    else:
        connection.sendall(head)
        connection.sendall(request.body)


def _is_readable(connection: "socket") -> bool:
    """Say whether there is something to read already."""
    import select

    if not hasattr(select, "poll"):
        return bool(select.select([connection], [], [], 0)[0])
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _renew() -> None:
    for connections in tuple(_all):
        connections.renew()


@load_early
def _load_early() -> None:
    """Load what the first request needs; `idna` encodes the names of hosts."""
    import encodings.idna  # noqa: F401
    import select  # noqa: F401
    import socket  # noqa: F401

    import kit_core.http  # noqa: F401


renew_with_snapshot(_renew)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
