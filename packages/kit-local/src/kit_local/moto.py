"""moto's AWS, served over HTTP/1.1 with connections that stay open.

moto's own server closes every connection after one answer, and logs every request.
"""

import io
import logging
import socket
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

from kit_local.errors import CloudError
from kit_local.stores.ports import HOST, free_port

log = logging.getLogger("kit.local")


class MotoServer:
    """moto on a port of 127.0.0.1, 0 for any, from now until `close`."""

    def __init__(self, port: int) -> None:
        try:
            bound = socket.create_server((HOST, port or free_port()))
        except OSError as error:
            raise CloudError(f"port {port} cannot be had: {error}") from error
        with bound:
            app = DomainDispatcherApplication(create_backend_app)
            self.port: int = bound.getsockname()[1]
            self._server = _Server(HOST, self.port, app, handler=_Handler, fd=bound.fileno())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="aws", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering, and close every connection."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()


def reset() -> None:
    """Forget everything that moto holds in this process."""
    BackendDict.reset()
    reset_model_data()


class _Server(ThreadedWSGIServer):
    def __init__(self, *args: Any, **options: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args, **options)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that are still open; their threads see it and end too."""
        for connection in tuple(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the other side was faster

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("the local AWS endpoint failed")


class _Handler(MotoRequestHandler):
    """One connection: reads a request to its end before the next, and sends every answer with its length."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body

    def handle_expect_100(self) -> bool:
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        if "wsgi.input_terminated" in environ:  # sent in chunks, whose end werkzeug does not read
            self.close_connection = True
        else:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            content = self.rfile.read(length)
            if len(content) < length:  # the client has gone, and half a request is none
                self.close_connection = True
                return
            environ["wsgi.input"] = io.BytesIO(content)
        head: tuple[str, list[tuple[str, str]]] = ("500 INTERNAL SERVER ERROR", [])

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None, /) -> Any:
            nonlocal head
            head = status, headers

        try:
            body = _joined(self.server.app(environ, start_response))
        except Exception:
            log.exception("moto failed in %s %s", self.command, self.path.partition("?")[0])
            head, body = ("500 INTERNAL SERVER ERROR", []), b""
        self._send(*head, body)

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response_only(int(code), reason)
        empty = int(code) < HTTPStatus.OK or int(code) in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        if not empty and self.command != "HEAD" and not any(n.lower() == "content-length" for n, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not empty and self.command != "HEAD":
            self.wfile.write(body)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        log.debug(message.rstrip(), *args)


def _joined(parts: Iterable[bytes]) -> bytes:
    try:
        return b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
