"""Redis's protocol (RESP2) on a socket: commands out, replies in.

redis-py takes 60 ms of CPU to import, and most of a hit's time in Python. A cache needs a dozen commands.
"""

import socket
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssl import SSLSocket

Part = bytes | str | int


_CHUNK = 65536
_DEEPEST = 8


class ReplyError(Exception):
    """Is an error that Redis has answered with; `code` is its first word."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = message.partition(" ")[0]


class ProtocolError(OSError):
    """Say that the bytes that came are no replies: the connection is of no use any more."""


def pack(commands: Iterable[Sequence[Part]]) -> bytes:
    """Return the bytes of commands."""
    out: list[bytes] = []
    for command in commands:
        out.append(b"*%d\r\n" % len(command))
        for part in command:
            if isinstance(part, str):
                raw = part.encode("utf-8", "surrogatepass")
            else:
                raw = part if isinstance(part, bytes) else b"%d" % part
            out.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(out)


class Wire:
    """One connection; not for several threads at once."""

    def __init__(self, sock: "socket.socket | SSLSocket", timeout: float) -> None:
        self._sock = sock
        self._timeout = timeout
        self._data = b""
        self._at = 0
        self._ends = 0.0
        self.used = time.monotonic()

    def ask(self, packed: bytes, count: int) -> "list[object]":
        """Send packed commands and return their replies; errors of Redis are among these. OSError if it fails."""
        self._ends = time.monotonic() + self._timeout
        self._sock.sendall(packed)
        replies = [self._reply() for _ in range(count)]
        if self._at != len(self._data):
            raise ProtocolError("more replies than commands")
        self.used = self._ends - self._timeout
        return replies

    def is_quiet(self) -> bool:
        """Tell whether the connection is open, and nothing came that nobody asked for."""
        try:
            self._sock.setblocking(False)
            try:
                self._sock.recv(1)
            finally:
                self._sock.settimeout(self._timeout)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError as error:
            return type(error).__name__ == "SSLWantReadError"
        return False

    def close(self) -> None:
        """Close it."""
        self._sock.close()

    def _reply(self, depth: int = 0) -> object:
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return self._bulk(_number(rest))
        if kind == b"+":
            return rest
        if kind == b":":
            return _number(rest)
        if kind == b"-":
            return ReplyError(rest.decode("utf-8", "replace"))
        if kind == b"*" and depth < _DEEPEST:
            count = _number(rest)
            return None if count < 0 else [self._next(depth + 1) for _ in range(count)]
        raise ProtocolError("not a reply")

    def _next(self, depth: int) -> object:
        """Return an item of a list; a text that has come already, as most have, at once."""
        data, at = self._data, self._at
        if data[at : at + 1] == b"$" and (end := data.find(b"\r\n", at)) > 0:
            start, length = end + 2, _number(data[at + 1 : end])
            stop = start + length
            if length >= 0 and stop + 2 <= len(data):
                self._at = stop + 2
                return data[start:stop]
        return self._reply(depth)

    def _line(self) -> bytes:
        end = self._data.find(b"\r\n", self._at)
        while end < 0:
            self._data = self._data[self._at :] + self._receive()
            self._at = 0
            end = self._data.find(b"\r\n")
        line = self._data[self._at : end]
        self._at = end + 2
        return line

    def _bulk(self, length: int) -> bytes | None:
        if length < 0:
            return None
        end = self._at + length
        missing = end + 2 - len(self._data)
        if missing > 0:
            parts = [self._data[self._at :]]
            while missing > 0:
                parts.append(self._receive(missing))
                missing -= len(parts[-1])
            self._data, self._at, end = b"".join(parts), 0, length
        body = self._data[self._at : end]
        self._at = end + 2
        return body

    def _receive(self, least: int = 0) -> bytes:
        if time.monotonic() > self._ends:
            raise TimeoutError("Redis takes too long")
        chunk = self._sock.recv(max(_CHUNK, min(least, 1 << 20)))
        if not chunk:
            raise ConnectionResetError("Redis has closed the connection")
        return chunk


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError:
        raise ProtocolError("not a reply") from None
