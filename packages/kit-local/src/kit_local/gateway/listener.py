"""The HTTP server of one port: what it says of requests that cannot be read holds nothing of them."""

import asyncio
import logging
import socket
from typing import Any

from aiohttp import web

from kit_local.gateway import http
from kit_local.gateway.frames import FrameLimit
from kit_local.gateway.incoming import REFUSALS, GatewayError
from kit_local.runtime.pool import Functions

logger = logging.getLogger("kit.local")


class Listener:
    """An aiohttp server on a socket that is bound already; subclasses answer."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._http = web.Server(self.serve)
        self._server: asyncio.Server | None = None

    async def start(self, bound: socket.socket) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Protocol(self, self._http, loop), sock=bound)

    async def stop(self) -> None:
        """Close the port and what is connected to it."""
        if self._server:
            self._server.close()
        await self._http.shutdown(0.5)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        raise web.HTTPNotFound

    def refuse_unread(self, status: int) -> web.Response:
        """Show and answer a request that the HTTP parser has refused."""
        self._show_refusal("a request that is not valid HTTP", status, "bad request")
        return web.json_response({"message": "Bad Request"}, status=status)

    def _refused(self, request: web.BaseRequest, error: GatewayError, status: int) -> None:
        """Show a request that no function's own line tells of; without its query, which may hold a token."""
        if reason := REFUSALS.get(error.reason):
            self._show_refusal(f"{request.method} {request.raw_path.partition('?')[0]}", status, reason)

    def _show_refusal(self, what: str, status: int, reason: str) -> None:
        text, colour = http.outcome(status)
        self._functions.console.refused(what, (f"{text} {reason}", colour))


class Protocol(web.RequestHandler):
    """One connection. aiohttp logs and answers errors with parts of the request, which may be tokens.

    `frames` is set once the connection becomes a WebSocket; all data goes through it.
    """

    frames: FrameLimit | None = None

    def __init__(self, listener: Listener, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(server, loop=loop, access_log=None, auto_decompress=False)  # type: ignore[arg-type]
        self._listener = listener

    def data_received(self, data: bytes) -> None:
        """Take what the client sends."""
        super().data_received(self.frames.feed(data) if self.frames else data)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer a request that the parser or the server has refused."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of another answer is sent already")
        answer = self._listener.refuse_unread(status)
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, exc_info: Any = None, **options: Any) -> None:
        """Log an error of aiohttp's by its name; a body that is no body has been told of already."""
        if not isinstance(exc_info, web.RequestPayloadError):
            logger.error("a connection has failed: %s", type(exc_info).__name__)
