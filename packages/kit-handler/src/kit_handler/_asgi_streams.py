"""Streamed answers on their way through `kit_handler.asgi`: chunk by chunk, until the end or an error."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextvars import Context, copy_context
from typing import Any

from kit_core import guards
from kit_core.loop import in_thread

from kit_handler._limits import seconds_left
from kit_handler.errors import StreamInterruptedError, TimeUpError
from kit_handler.http.adapters.asgi import encode
from kit_handler.http.response import Response
from kit_handler.http.streaming import Stream

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_END = object()


class _ClientGoneError(Exception):
    """Says that the server can send nothing any more (ASGI, "Disconnected Client": an OSError)."""


async def send_stream(stream: Stream, head: Message, receive: Receive, send: Send, context: Any) -> Any:
    """Send a stream; return None, or the answer to send instead where it failed before its first chunk.

    The stream is closed at its end, when the client goes away, and half a second before the invocation's time is over.
    Raises StreamInterruptedError for an error after the first chunk, so that the server breaks the connection off: the
    client must not take the answer for a whole one.
    """
    around = stream.context or copy_context()
    task = asyncio.get_running_loop().create_task(_send_chunks(stream, head, send, context), context=around)
    listener = asyncio.ensure_future(_wait_for_disconnect(receive))
    try:
        await asyncio.wait({task, listener}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        return None if task.cancelled() else task.result()
    except asyncio.CancelledError:  # by the server
        task.cancel()
        await asyncio.wait({task})
        raise
    finally:
        listener.cancel()


async def _send_chunks(stream: Stream, head: Message, send: Send, context: Any) -> Any:
    chunks, started = _chunks(stream), False
    limit = asyncio.timeout(seconds_left(context))
    try:
        async with limit:
            async for chunk in chunks:
                if not started:
                    await _deliver(send, head)
                    started = True
                await _deliver(send, {"type": "http.response.body", "body": chunk, "more_body": True})
        if not started:
            await _deliver(send, head)
        await _deliver(send, {"type": "http.response.body", "body": b""})
    except _ClientGoneError:
        return None
    except Exception as failure:  # noqa: BLE001  (the generator's own code)
        error = TimeUpError() if limit.expired() and isinstance(failure, TimeoutError) else failure
        if not started:
            return await in_thread(_answer_error, stream, error)
        guards.log("kit.handler", logging.ERROR, "the stream of %s has broken off", stream.name, exc_info=error)
        raise StreamInterruptedError(stream.name) from None
    finally:
        await chunks.aclose()
    return None


async def _deliver(send: Send, message: Message) -> None:
    try:
        await send(message)
    except OSError as error:
        raise _ClientGoneError from error


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def _answer_error(stream: Stream, error: Exception) -> dict[str, Any]:
    """Return the answer to an error before the first chunk, as the route would have answered it."""
    try:
        if stream.on_error is None:  # no route has answered with it
            raise error
        response = stream.on_error(error)
        if response.streams:
            response = Response(
                response.status_code, response.body.joined(), response.headers, cookies=response.cookies
            )
        return encode(response)
    except Exception:  # noqa: BLE001  (a handler of exceptions may return anything)
        guards.log("kit.handler", logging.ERROR, "the answer of %s can't be sent", stream.name, exc_info=True)
        return encode(Response.internal_server_error())


async def _chunks(stream: Stream) -> AsyncGenerator[bytes, None]:
    if hasattr(stream.chunks, "__aiter__"):
        source = aiter(stream.chunks)
        try:
            async for item in source:
                yield stream.chunk(item)
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()
        return
    iterator: Any = iter(stream.chunks)
    step: Any = next
    around, pending = copy_context(), None  # a generator keeps its context variables, whatever threads it runs in
    try:
        while True:
            pending = asyncio.ensure_future(in_thread(around.run, step, iterator, _END))
            item = await asyncio.shield(pending)
            if item is _END:
                return
            yield stream.chunk(item)
    finally:
        await _close(iterator, around, pending)


async def _close(iterator: Any, around: Context, pending: "asyncio.Future[Any] | None") -> None:
    """Close a generator; one that a thread is still in, when that leaves it."""
    close = getattr(iterator, "close", None)
    if pending is None or pending.done():
        if close is not None:
            await in_thread(around.run, close)
        return

    def close_late(future: "asyncio.Future[Any]") -> None:
        if not future.cancelled():
            future.exception()  # nobody waits for it
        if close is not None:
            future.get_loop().run_in_executor(None, around.run, close)

    pending.add_done_callback(close_late)
