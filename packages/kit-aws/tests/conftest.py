"""A real HTTP server that answers as a test says."""

import threading
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest
from botocore.loaders import JSONFileLoader
from kit_aws.calls import sending

read_model = cache(JSONFileLoader().load_file)


@pytest.fixture(scope="module", autouse=True)
def models_are_read_once() -> Iterator[None]:
    """Let botocore keep the files that describe AWS for every session, as it does for all clients of one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", staticmethod(read_model))
        yield


class Call(NamedTuple):
    """A request that arrived."""

    method: str
    path: str
    headers: Any
    body: bytes


# Status, headers and body.
Reply = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """Keeps connections open, and every request in `calls`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer: Callable[[Call], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.calls: list[Call] = []
        self.connections = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hung up


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = Call(self.command, self.path, self.headers, body)
        server.calls.append(call)
        status, headers, content = server.answer(call)
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Call], Reply]], Server]]:
    """Start servers, each with the function that answers."""
    running: list[tuple[Server, threading.Thread]] = []

    def start(answer: Callable[[Call], Reply]) -> Server:
        server = Server(answer)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that are called without boto3, in their order."""
    called: list[str] = []
    send = sending.send

    def recorded(call: sending.Call) -> dict[str, Any]:
        called.append(call.operation.name)
        return send(call)

    monkeypatch.setattr(sending, "send", recorded)
    return called
