"""One request and its answer in HTTP/1.1 (RFC 9112), over a socket.

The standard library's `http.client` reads header fields by its e-mail package: importing it takes 10 ms of a cold
start, and reading an answer a third of the time of a whole call to AWS.
"""

import time
from collections.abc import Iterator, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket
    from typing import Any

_CHUNK = 65_536
_LONGEST_HEAD = 262_144
_MOST_DIGITS = 18  # of a length
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SPACES = " \t"
_NO_NAME = frozenset("\0\t\n\r :")


class ProtocolError(ConnectionError):
    """Is the cause of an `HttpConnectionError` where the answer is not HTTP."""


class RemoteDisconnectedError(ConnectionResetError):
    """Is the cause of an `HttpConnectionError` where the server closed the connection before the answer was whole."""


class Fields(Mapping[str, str]):
    """Hold the header fields of an answer, whose names are found in any case; values of one name are joined by commas.

    >>> Fields([("X-Name", "a"), ("x-name", "b")])["X-NAME"]
    'a, b'
    """

    __slots__ = ("_by_name",)

    def __init__(self, pairs: "list[tuple[str, str]]") -> None:
        self._by_name: dict[str, tuple[str, str]] = {}
        for name, value in pairs:
            lower = name.lower()
            known = self._by_name.get(lower)
            self._by_name[lower] = (name, value) if known is None else (known[0], f"{known[1]}, {value}")

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._by_name.values()])

    def __len__(self) -> int:
        return len(self._by_name)

    def lowered(self) -> dict[str, str]:
        """Return the fields by their names in lower case."""
        return {name: value for name, (_, value) in self._by_name.items()}

    def __repr__(self) -> str:
        return f"Fields({list(self._by_name.values())!r})"


def head_of(method: str, target: str, host: str, headers: Mapping[str, str], length: int) -> bytes:
    """Return the bytes before a body. Raise ValueError for a method or a name that HTTP cannot carry."""
    given = {name.lower() for name in headers}
    if not method.isalpha() or not method.isascii():
        raise ValueError(f"{method!r} is not a method of HTTP")
    lines = [f"{method} {target} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {host}")
    if "accept-encoding" not in given:
        lines.append("Accept-Encoding: identity")
    for name, value in headers.items():
        if not name or not name.isascii() or not _NO_NAME.isdisjoint(name):
            raise ValueError(f"{name!r} is not a name of a header field")
        lines.append(f"{name}: {value}")
    if "content-length" not in given and (length or method in _WITH_BODY):
        lines.append(f"Content-Length: {length}")
    lines.append("\r\n")
    return "\r\n".join(lines).encode()  # a signature is over UTF-8


class Reader:
    """Read one answer from a socket, until a moment of the monotonic clock."""

    def __init__(self, sock: "socket", ends: float) -> None:
        self._sock = sock
        self._ends = ends
        self._buffer = bytearray()
        self.is_reusable = False

    def read(self, method: str, seconds: float, most: int | None) -> "tuple[int, Fields, bytes]":
        """Return status, fields and body. Raise OSError: a timeout, an end before the whole, or no HTTP.

        seconds: for the first byte
        most: bytes at which the body is cut off
        """
        self._receive(seconds)
        version, status, fields = self._head()
        while 100 <= status < 200:
            version, status, fields = self._head()
        body, is_whole = self._body(method, status, fields, most)
        connection = fields.get("connection", "").lower()
        stays = "close" not in connection if version == b"HTTP/1.1" else "keep-alive" in connection
        self.is_reusable = is_whole and stays and not self._buffer
        return status, fields, body

    def _receive(self, seconds: float) -> None:
        self._sock.settimeout(seconds)
        received = self._sock.recv(_CHUNK)
        if not received:
            raise RemoteDisconnectedError("the connection was closed before the answer was whole")
        self._buffer += received

    def _more(self) -> None:
        self._receive(seconds_until(self._ends))

    def _head(self) -> "tuple[bytes, int, Fields]":
        """Return version, status and fields of one head, and take it from the buffer."""
        start = 0
        while (end := self._buffer.find(b"\r\n\r\n", start)) < 0:
            if len(self._buffer) > _LONGEST_HEAD or not b"HTTP/".startswith(bytes(self._buffer[:5])):
                raise ProtocolError("the answer does not begin as HTTP does")
            start = max(0, len(self._buffer) - 3)
            self._more()
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        if not head.count(b"\r") == head.count(b"\n") == head.count(b"\r\n") or b"\0" in head:
            raise ProtocolError("the head of the answer has a character that no line holds")
        first, _, rest = head.partition(b"\r\n")
        version, _, status = first.partition(b" ")
        if version not in (b"HTTP/1.1", b"HTTP/1.0") or not status[:3].isdigit() or status[3:4] not in (b"", b" "):
            raise ProtocolError("the answer does not begin as HTTP does")
        return version, int(status[:3]), _fields(rest.decode("latin-1"))

    def _body(self, method: str, status: int, fields: Fields, most: int | None) -> "tuple[bytes, bool]":
        """Return the body, and whether it was read to its end."""
        if method == "HEAD" or status in (204, 304):
            return b"", True
        if "transfer-encoding" in fields:
            if fields["transfer-encoding"].strip().lower() != "chunked":
                raise ProtocolError("the answer has a transfer encoding other than chunked")
            body, is_whole = self._chunks(most)
            # Two lengths may be read as two answers by somebody in between (RFC 9112, 6.3).
            return body, is_whole and "content-length" not in fields
        announced = fields.get("content-length")
        if announced is None:
            return self._until_closed(most), False
        if not (announced.isascii() and announced.isdigit() and len(announced) <= _MOST_DIGITS):
            raise ProtocolError("the answer has a length that is no number")
        length = int(announced)
        wanted = length if most is None else min(length, most)
        return self._take(wanted), wanted == length

    def _take(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._more()
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _until_closed(self, most: int | None) -> bytes:
        while most is None or len(self._buffer) < most:
            self._sock.settimeout(seconds_until(self._ends))
            received = self._sock.recv(_CHUNK)
            if not received:
                break
            self._buffer += received
        return bytes(self._buffer[:most])

    def _chunks(self, most: int | None) -> "tuple[bytes, bool]":
        """Return a body in chunks (RFC 9112, 7.1); extensions and trailers are dropped."""
        parts: list[bytes] = []
        size = 0
        while length := self._chunk_length():
            if most is not None and size + length > most:
                return b"".join((*parts, self._take(most - size))), False
            parts.append(self._take(length))
            size += length
            if self._take(2) != b"\r\n":
                raise ProtocolError("a chunk of the answer is longer than it says")
        while self._line():
            pass
        return b"".join(parts), True

    def _chunk_length(self) -> int:
        text = self._line().partition(b";")[0].strip()
        if not text or text.strip(b"0123456789abcdefABCDEF"):
            raise ProtocolError("a chunk of the answer has no length")
        return int(text, 16)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise ProtocolError("a line of the answer is too long")
            self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line


def seconds_until(ends: float) -> float:
    """Return the seconds until a moment of the monotonic clock. Raise TimeoutError if it is over."""
    seconds = ends - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the answer did not end in time")
    return seconds


def _fields(text: str) -> Fields:
    pairs: list[tuple[str, str]] = []
    for line in text.split("\r\n") if text else ():
        if line[:1] in _SPACES and line and pairs:  # a value in several lines, which is obsolete (RFC 9112, 5.2)
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line.strip(_SPACES)}")
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or not _NO_NAME.isdisjoint(name):
            raise ProtocolError("the answer has a header field without a name")
        pairs.append((name, value.strip(_SPACES)))
    return Fields(pairs)


def connected(host: str, port: int, timeout: float, context: "Any") -> "socket":
    """Return a socket that is connected, and speaks TLS if there is a context for it. Raise OSError."""
    import socket as sockets

    opened = sockets.create_connection((host, port), timeout)
    try:
        opened.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        return opened if context is None else context.wrap_socket(opened, server_hostname=host)
    except BaseException:
        opened.close()
        raise
