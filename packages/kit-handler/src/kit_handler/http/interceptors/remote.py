"""The endpoints that guards ask, over kit-core's kept connections."""

from kit_handler.errors import ServiceUnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_core.connections import Connections

_MOST_IDLE = 8


class RemoteEndpoint:
    """Ask an endpoint again and again. Redirects are not followed: an answer is that of the endpoint itself.

    name: its name in log lines and errors
    most_read: bytes at which the body of an answer is cut off
    """

    def __init__(self, name: str, *, timeout: float, most_read: int = 65_536) -> None:
        self._name = name
        self._timeout = timeout
        self._most_read = most_read
        self._connections: Connections | None = None

    def ask(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Return status and body of the answer; raise ServiceUnavailableError if there is none in time.

        The question changes nothing at the endpoint, and is asked again where a kept connection has died.
        """
        from kit_core.connections import Connections, Request
        from kit_core.errors import HttpConnectionError

        if self._connections is None:
            self._connections = Connections(
                connect_timeout=self._timeout, most_idle=_MOST_IDLE, most_read=self._most_read
            )
        try:
            answer = self._connections.send(Request(method, url, headers, body, self._timeout, repeatable=True))
        except HttpConnectionError as error:
            self.warn("can't be reached: %s", error.cause)
            raise ServiceUnavailableError(f"{self._name} can't be asked right now") from error
        return answer.status, answer.body

    def warn(self, message: str, value: object) -> None:
        """Log the endpoint's failure."""
        from kit_handler import _log

        _log.warning(f"{self._name} {message}", value)

    def close(self) -> None:
        """Close the connections that are kept for the next question."""
        if self._connections is not None:
            self._connections.close()
