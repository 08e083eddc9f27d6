"""An ASGI door: handlers of HTTP events under a server such as uvicorn, also behind the Lambda Web Adapter.

Source: the ASGI specification, "HTTP & WebSocket ASGI Message Format" and "Lifespan Protocol".
"""

import asyncio
import logging
import os
from binascii import a2b_base64
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, TypeAlias

from kit_core import guards
from kit_core.invocation import begin, end
from kit_core.loop import in_thread

from kit_handler._asgi_events import event_of, read_body
from kit_handler._asgi_streams import send_stream
from kit_handler._coroutines import server_loop
from kit_handler.errors import HttpError
from kit_handler.http.adapters.asgi import encode
from kit_handler.http.response import Response

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_MOST_BYTES = 6_291_456  # a request that Lambda takes: 6 MB, "Lambda quotas"
_WITHOUT_BODY = (204, 304)
_FRAMING = ("content-length", "transfer-encoding")  # the server's own


class AsgiApp:
    """Serve requests with a handler of HTTP events: a `Router`, a `route`, a `Dispatcher`, or any `(event, context)`.

    lifespan: a function that returns an async context manager, entered when the server starts and left when it stops
    timeout: seconds that a request has, as under Lambda's time limit; None for no limit of the server's own
    most_bytes: the largest body of a request; 413 over it
    lambda_web_adapter: whether the Lambda Web Adapter stands in front, which tells caller and time limit in header
        fields that anybody could write; by default it does in a Lambda function and nowhere else

    Each request is an invocation of its own, in a thread; `async def` runs in the server's event loop. The event has
    the shape of payload 1.0 with `requestContext.asgi`. A stream (`Response.stream`, `Response.events`) goes out chunk
    by chunk. WebSocket connections are refused.

    Example:
        >>> application = AsgiApp(app)  # and on the command line: uvicorn shop.api:application
    """

    def __init__(
        self,
        handler: Callable[..., Any],
        *,
        lifespan: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
        timeout: float | None = None,
        most_bytes: int = _MOST_BYTES,
        lambda_web_adapter: bool | None = None,
    ) -> None:
        if not callable(handler):
            raise TypeError(f"AsgiApp takes a handler (event, context): {handler!r}")
        self._handler = handler
        self._lifespan = lifespan
        self._timeout = timeout
        self._most_bytes = most_bytes
        behind = "AWS_LAMBDA_FUNCTION_NAME" in os.environ if lambda_web_adapter is None else lambda_web_adapter
        self._believe_adapter = behind

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request, or the server's own life, as the ASGI specification has it."""
        kind = scope["type"]
        if kind == "http":
            await self._serve(scope, receive, send)
        elif kind == "lifespan":
            await self._live(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            raise ValueError(f"AsgiApp serves requests, and no {kind!r}")

    async def _serve(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive, self._most_bytes)
        except HttpError as error:
            await _send_answer(encode(Response.errors(error.status, [error.entry()])), scope, send)
            return
        if body is None:
            return
        event, context = event_of(scope, body, timeout=self._timeout, believe_adapter=self._believe_adapter)
        loop = server_loop.set(asyncio.get_running_loop())
        invocation = begin(event, context)
        try:
            answer: dict[str, Any] | None = await self._answer(event, context)
            if answer is not None and "stream" in answer:
                head = {"type": "http.response.start", "status": answer["statusCode"], "headers": list(_fields(answer))}
                answer = await send_stream(answer["stream"], head, receive, send, context)
            if answer is not None:
                await _send_answer(answer, scope, send)
        finally:
            end(invocation)
            server_loop.reset(loop)

    async def _answer(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        try:
            answer = await in_thread(self._handler, event, context)
            if hasattr(answer, "__await__"):
                answer = await answer
            if not isinstance(answer, dict) or type(answer.get("statusCode")) is not int:
                raise TypeError(f"an answer is a dict with a statusCode, not {type(answer).__qualname__!r}")
            return answer
        except Exception as error:  # noqa: BLE001  (the client gets an answer without its text)
            guards.log("kit.handler", logging.ERROR, "the handler behind the ASGI door failed", exc_info=error)
            return encode(Response.internal_server_error())

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        manager = None
        try:
            manager = self._lifespan() if self._lifespan else None
            if manager is not None:
                await manager.__aenter__()
        except Exception as error:  # noqa: BLE001  (the server is told)
            guards.log("kit.handler", logging.ERROR, "the application can't start", exc_info=error)
            await send({"type": "lifespan.startup.failed", "message": type(error).__qualname__})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        try:
            if manager is not None:
                await manager.__aexit__(None, None, None)
        except Exception as error:  # noqa: BLE001  (as above)
            guards.log("kit.handler", logging.ERROR, "the application can't stop", exc_info=error)
            await send({"type": "lifespan.shutdown.failed", "message": type(error).__qualname__})
            return
        await send({"type": "lifespan.shutdown.complete"})


async def _send_answer(answer: Mapping[str, Any], scope: Mapping[str, Any], send: Send) -> None:
    status, text = answer["statusCode"], answer.get("body") or ""
    content = a2b_base64(text) if answer.get("isBase64Encoded") else text.encode(errors="backslashreplace")
    headers = list(_fields(answer))
    if status in _WITHOUT_BODY or scope["method"] == "HEAD":
        content = b""
    else:
        headers.append((b"content-length", str(len(content)).encode()))
    with suppress(OSError):  # the client has gone
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def _fields(answer: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the header fields of an answer, whichever payload it is for."""
    several = answer.get("multiValueHeaders") or {}
    pairs = [(name, value) for name, value in (answer.get("headers") or {}).items() if name not in several]
    pairs += [(name, value) for name, values in several.items() for value in values]
    pairs += [("set-cookie", cookie) for cookie in answer.get("cookies") or ()]
    for name, value in pairs:
        if name.lower() not in _FRAMING:
            yield name.lower().encode("latin-1", "replace"), str(value).encode(errors="backslashreplace")
