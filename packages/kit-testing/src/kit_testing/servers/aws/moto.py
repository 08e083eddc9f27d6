"""moto's AWS, served over HTTP/1.1 with connections that stay open.

moto's own server closes every connection after one answer, and logs every request.
"""

import io
import logging
import socket
import sys
import threading
from collections.abc import Iterable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

from kit_testing.errors import ServerError
from kit_testing.servers.aws import binary, fifo, tracking
from kit_testing.servers.aws.bridges import Bridge, Call, Reply, through
from kit_testing.servers.aws.pages import refusal
from kit_testing.servers.ports import HOST, free_port

# moto's DynamoDB copies whole tables for a transaction, and puts the copies back where it fails: a change that another
# thread makes meanwhile would be lost, or end the transaction.
_ONE_AT_A_TIME = {"dynamodb": threading.Lock()}
_TOLD = 100  # refusals of different pages and hosts that are logged
log = logging.getLogger("kit.testing")
for change in (binary, fifo, tracking):
    change.install()


class MotoServer:
    """moto on a port of 127.0.0.1, 0 for any, from now until `close`; calls pass the `bridges` that there are then."""

    def __init__(self, port: int, bridges: list[Bridge]) -> None:
        try:
            bound = socket.create_server((HOST, port or free_port()))
        except OSError as error:
            raise ServerError(f"port {port} cannot be had: {error}") from error
        with bound:
            app = DomainDispatcherApplication(create_backend_app)
            self.port: int = bound.getsockname()[1]
            self._server = _Server(HOST, self.port, app, handler=_Handler, fd=bound.fileno())
            self._server.bridges = bridges
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
    bridges: list[Bridge]

    def __init__(self, *args: Any, **options: Any) -> None:
        self._open: set[socket.socket] = set()
        self._told: set[str] = set()
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

    def tell(self, refusal: str) -> None:
        """Log why a request is refused, once: a page may send many."""
        if refusal not in self._told and len(self._told) < _TOLD:
            self._told.add(refusal)
            log.warning("the local AWS endpoint has refused a request: %s", refusal)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # the client has gone
            log.exception("the local AWS endpoint failed")


class _Handler(MotoRequestHandler):
    """One connection: reads a request to its end before the next, and sends every answer with its length."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body

    def handle_expect_100(self) -> bool:
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        content = b""
        if "wsgi.input_terminated" in environ:  # sent in chunks, whose end werkzeug does not read
            self.close_connection = True
        else:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            content = self.rfile.read(length)
            if len(content) < length:  # the client has gone, and half a request is none
                self.close_connection = True
                return
            environ["wsgi.input"] = io.BytesIO(content)
        if reason := refusal(environ.get("HTTP_HOST", ""), self.headers):
            self.server.tell(reason)
            self._send(Reply.error(403, "AccessDeniedException", f"refused: {reason}"))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        call = Call(self.command, path, headers, content, query)
        try:
            reply = through(self.server.bridges, lambda _: self._moto(environ, call))(call)
        except Exception as error:
            log.exception("a bridge failed in %s", call.name)
            reply = Reply.failure(call, f"{type(error).__name__}: {error}")
        self._send(reply)

    def _moto(self, environ: Any, call: Call) -> Reply:
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None, /) -> Any:
            head[:] = [status, headers]

        try:
            with _ONE_AT_A_TIME.get(call.service, nullcontext()):
                body = _joined(self.server.app(environ, start_response))
        except Exception as error:  # a call that moto does not have, or does wrong
            text = f"moto failed in {call.name}: {type(error).__name__}: {error}"
            log.error(text)
            log.debug("moto failed", exc_info=True)
            return Reply.failure(call, text)
        status, headers = head
        return Reply(int(status.partition(" ")[0]), headers, body)

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        empty = reply.status < HTTPStatus.OK or reply.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        for name, value in reply.headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        sized = any(name.lower() == "content-length" for name, _ in reply.headers)
        if not empty and self.command != "HEAD" and not sized:
            self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not empty and self.command != "HEAD":
            self.wfile.write(reply.body)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        log.debug(message.rstrip(), *args)


def _joined(parts: Iterable[bytes]) -> bytes:
    try:
        return b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
