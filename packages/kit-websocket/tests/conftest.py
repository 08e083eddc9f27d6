"""Events as API Gateway sends them, and an API Gateway to send to."""

import json
import socket
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

CODES = {
    400: "BadRequestException",
    403: "ForbiddenException",
    410: "GoneException",
    413: "PayloadTooLargeException",
    429: "LimitExceededException",
}


@pytest.fixture
def make_event() -> Callable[..., dict[str, Any]]:
    """Return a function that makes the event of a route; a body that isn't text becomes JSON."""

    def make(route_key: str, body: object = None, *, connection_id: str = "abc=", **context: Any) -> dict[str, Any]:
        name = {"$connect": "connect", "$disconnect": "disconnect"}.get(route_key, "message")
        event = json.loads((Path(__file__).parent / "events" / f"{name}.json").read_text())
        event["requestContext"] |= {"routeKey": route_key, "connectionId": connection_id, **context}
        if name == "message":
            event["body"] = body if isinstance(body, str) or body is None else json.dumps(body)
        return event

    return make


class _Server(ThreadingHTTPServer):
    request_queue_size = 256


class FakeGateway:
    """Is the @connections part of API Gateway: `answers[connection id]` are the statuses to come, then 200."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, list[int]] = defaultdict(list)
        self.received: list[tuple[str, bytes]] = []
        self.requests: list[str] = []
        self.signed: list[str] = []
        # Whether an answer has AWS's name for the error beside the status.
        self.names_errors = True
        # Called before a request is answered.
        self.hold: Callable[[], object] = lambda: None
        # Called with a new connection's number, and its requests so far; False: never answer, and don't close either.
        self.speaks: Callable[[int, int], bool] = lambda connection, request: True
        self.connections = 0
        self.closed: list[str] = []
        self._sockets: list[Any] = []
        self._stopped = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/live"

    def messages(self, connection_id: str) -> list[Any]:
        """Return what a connection has received, as JSON says it."""
        return [json.loads(data) for receiver, data in self.received if receiver == connection_id]

    def use_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    def hang_up(self) -> None:
        """End the connections that are open, as a load balancer does with idle ones."""
        for each in self._sockets:
            with suppress(OSError):  # the client has closed it
                each.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                gateway.connections += 1
                gateway._sockets.append(self.request)
                self.number, self.count = gateway.connections, 0

            def do_POST(self) -> None:
                self.count += 1
                data = self.rfile.read(int(self.headers["Content-Length"]))
                prefix, _, connection_id = self.path.rpartition("/")
                prefix, connection_id = unquote(prefix), unquote(connection_id)
                gateway.requests.append(prefix)
                gateway.signed.append(self.headers.get("Authorization", ""))
                gateway.hold()
                if not gateway.speaks(self.number, self.count):
                    gateway._stopped.wait(30)
                    self.close_connection = True
                    return
                status = gateway.answers[connection_id].pop(0) if gateway.answers[connection_id] else 200
                if status == 200:
                    gateway.received.append((connection_id, data))
                self.send_response(status)
                if status in CODES and gateway.names_errors:
                    self.send_header("x-amzn-ErrorType", CODES[status])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                identity = {"sourceIp": "203.0.113.7", "userAgent": "Firefox"}
                times = {"connectedAt": "2026-01-02T03:04:05Z", "lastActiveAt": "2026-01-02T03:04:06Z"}
                self.answer(json.dumps({**times, "identity": identity}).encode())

            def do_DELETE(self) -> None:
                gateway.closed.append(unquote(self.path.rpartition("/")[2]))
                self.answer(b"")

            def answer(self, body: bytes) -> None:
                connection_id = unquote(self.path.rpartition("/")[2])
                status = gateway.answers[connection_id].pop(0) if gateway.answers[connection_id] else 200
                body = body if status == 200 else b""
                self.send_response(status)
                if status in CODES:
                    self.send_header("x-amzn-ErrorType", CODES[status])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Keep quiet."""

        return Handler


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGateway]:
    """Return a running fake of API Gateway's management API, which the environment points to."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fake = FakeGateway()
    monkeypatch.setenv("KIT_WEBSOCKET_ENDPOINT", fake.url)
    yield fake
    fake.stop()
