"""Connections to the endpoints that guards ask: kept alive, replaced when the other side has closed them."""

from kit_handler.errors import ServiceUnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse
    from typing import Any

_RESERVE = 0.5  # seconds of the invocation that are kept for answering
_MOST_IDLE = 8


class Pool:
    """Ask one URL again and again. Redirects are not followed: an answer is what the endpoint itself says."""

    def __init__(self, what: str, *, most_read: int = 65_536) -> None:
        self._what = what
        self._most_read = most_read
        self._idle: list[HTTPConnection] = []

    def ask(
        self, method: str, url: str, headers: dict[str, str], *, timeout: float, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Return status and body of the answer; raise ServiceUnavailableError when there is none within `timeout`."""
        from http.client import HTTPException

        question = (method, url, headers, body, timeout)
        try:
            connection = self._kept()
            if connection:
                try:
                    return self._exchange(connection, *question)
                except (ConnectionError, HTTPException):
                    pass  # it was closed while nobody used it; a fresh one decides
            return self._exchange(_connection(url, timeout), *question)
        except (OSError, HTTPException) as error:
            self.warn("can't be reached: %s", type(error).__qualname__)
            raise ServiceUnavailableError(f"{self._what} can't be asked right now") from error

    def warn(self, message: str, value: object) -> None:
        """Log what is wrong with the endpoint."""
        from kit_handler import _log

        _log.warning(f"{self._what} {message}", value)

    def close(self) -> None:
        """Close the connections that are kept."""
        while connection := self._kept():
            connection.close()

    def _kept(self) -> "HTTPConnection | None":
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _exchange(
        self,
        connection: "HTTPConnection",
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        timeout: float,
    ) -> tuple[int, bytes]:
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        reusable = False
        try:
            connection.timeout = timeout
            if connection.sock is not None:
                connection.sock.settimeout(timeout)
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            content, reusable = self._read(answer, timeout)
            return answer.status, content
        finally:
            if reusable and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
            else:
                connection.close()

    def _read(self, answer: "HTTPResponse", timeout: float) -> tuple[bytes, bool]:
        """Return the body, and whether another answer can follow; a server that sends drop by drop is cut off."""
        from time import monotonic

        ends, content = monotonic() + timeout, b""
        while chunk := answer.read1(self._most_read - len(content)):
            content += chunk
            if monotonic() > ends:
                raise TimeoutError
        if len(content) >= self._most_read:
            return content, False
        answer.read()  # says that this was all
        return content, not answer.will_close


def seconds_for(context: "Any", timeout: float) -> float:
    """Return `timeout`, or less when the invocation has less left."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    return timeout if left is None else max(0.1, min(timeout, left() / 1000 - _RESERVE))


def _connection(url: str, timeout: float) -> "HTTPConnection":
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout)
