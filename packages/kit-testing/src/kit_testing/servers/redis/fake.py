"""fakeredis behind the face of a server process: for machines that no Redis server can be had for."""

import signal
import threading

from kit_testing.errors import ServerError, require
from kit_testing.servers.ports import HOST


class FakeRedis:
    """A Redis written in Python, in threads of this process; ending it closes every connection."""

    pid: int | None = None

    def __init__(self, port: int) -> None:
        require("fakeredis", extra="redis")
        from fakeredis import TcpFakeServer

        try:
            self._server = TcpFakeServer((HOST, port))
        except OSError as error:
            raise ServerError(f"port {port} cannot be had: {error}") from error
        self._server.daemon_threads = True  # one that hangs must not hold up the end of the process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="fakeredis", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def poll(self) -> int | None:
        """Return 0 once it has ended."""
        return 0 if self._ended.is_set() else None

    def wait(self, timeout: float | None = None) -> int:
        """Return 0 once it has ended; TimeoutError after `timeout` seconds."""
        if not self._ended.wait(timeout):
            raise TimeoutError("fakeredis is still running")
        return 0

    def end(self, *signals: signal.Signals) -> None:
        """End it, by any signals."""
        if not self._ended.is_set():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._ended.set()

    def tail(self, lines: int = 15) -> str:
        """Return nothing: there is no log."""
        return ""
