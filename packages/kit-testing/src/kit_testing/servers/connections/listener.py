"""The least of HTTP/1.1 that an SDK speaks: requests with a length, on kept connections."""

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from uuid import uuid4

from kit_testing.errors import ServerError
from kit_testing.servers.aws.bridges import Call, Reply
from kit_testing.servers.ports import HOST

_HEAD_LIMIT = 64 * 1024  # bytes


class Listener:
    """Answer requests on a thread of its own, with a loop of its own.

    `answer` is a coroutine function from a Call to a Reply. ServerError if the port is taken.
    """

    def __init__(self, port: int, answer: Callable[[Call], Awaitable[Reply]]) -> None:
        try:
            self._socket = socket.create_server((HOST, port), backlog=1024)
        except OSError as error:
            raise ServerError(f"port {port} cannot be had: {os.strerror(error.errno or 0)}") from error
        self.port: int = self._socket.getsockname()[1]
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="kit-testing @connections", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port and every connection, and wait for the thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                with suppress(asyncio.CancelledError):  # Python 3.11 logs the end of a task that was cancelled
                    await self._requests(reader, writer)
            finally:
                tasks.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(connected, sock=self._socket, limit=_HEAD_LIMIT)
        await self._stopping.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            while True:
                call = await _read(reader)
                reply = await self._answer(call)
                writer.write(_written(reply))
                await writer.drain()
                if call.headers.get("connection", "").lower() == "close":
                    return


async def _read(reader: asyncio.StreamReader) -> Call:
    """Read one request. ValueError if it is none."""
    line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ")
    pairs = (field.partition(":") for field in lines if field)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    path, _, query = target.partition("?")
    return Call(method, path, headers, body, query)


def _written(reply: Reply) -> bytes:
    fields = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}", f"x-amzn-RequestId: {uuid4()}"]
    fields += [f"{name}: {value}" for name, value in reply.headers]
    if reply.status != 204:
        fields.append(f"Content-Length: {len(reply.body)}")
    return "\r\n".join([*fields, "", ""]).encode("latin-1") + reply.body
