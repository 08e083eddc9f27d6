"""The connections of a WebSocket API, and the commands about them.

After "Use @connections commands in your backend service".
"""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kit_testing.servers.aws import Reply
from kit_testing.servers.connections import MESSAGE_LIMIT, forbidden, gone, state, throttled, too_large

from kit_local.gateway.incoming import Incoming, short_id
from kit_local.gateway.rules import WebSocketRules

SEND_SECONDS = 10.0  # that a client may leave its buffers full


@dataclass
class Connection:
    """One client. It can be written to once `$connect` has let it in."""

    incoming: Incoming
    id: str = field(default_factory=short_id)
    socket: web.WebSocketResponse | None = None
    transport: asyncio.Transport | None = None
    authorizer: dict[str, Any] | None = None
    active_at: float = field(default_factory=time.time)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    refused: int | None = None  # the close code, once API Gateway has ended it

    @property
    def open(self) -> bool:
        """Whether it can be written to."""
        return self.socket is not None and not self.socket.closed

    async def send(self, data: bytes) -> None:
        """Send one message, as text wherever it is that. A client that does not read is cut off: ConnectionError."""
        assert self.socket is not None
        self.active_at = time.time()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._write(self.socket, data)
        except TimeoutError:
            if self.transport:
                self.transport.abort()
            raise ConnectionResetError("the client does not read") from None

    async def _write(self, socket: web.WebSocketResponse, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            await socket.send_bytes(data)
        else:
            await socket.send_str(text)

    async def close(self) -> None:
        """End it."""
        assert self.socket is not None
        await self.socket.close()

    def refuse(self, code: int) -> None:
        """End it for a message that API Gateway does not take, at once or as soon as it has been opened."""
        if self.refused is None:
            self.refused = code
            if self.open:
                assert self.socket is not None
                self.start(self.socket.close(code=code))

    async def reply(self, data: bytes) -> None:
        """Send the answer to a message, unless the client has gone."""
        if self.open:
            with suppress(ConnectionError):
                await self.send(data)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do some work of the connection's beside everything else."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Connections:
    """The connections of one API that `$connect` has let in."""

    def __init__(self, rules: WebSocketRules | None = None) -> None:
        self._rules = rules or WebSocketRules()
        self._known: dict[str, Connection] = {}

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._known.values()))

    def __contains__(self, connection_id: str) -> bool:
        return connection_id in self._known

    def add(self, connection: Connection) -> None:
        """Take a connection that is open."""
        self._known[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._known.pop(connection.id, None)

    async def command(self, connection_id: str, method: str, body: bytes) -> Reply:
        """Answer a call of the management API: POST a message, GET the state, DELETE the connection."""
        if self._rules.throttles():
            return throttled()
        connection = self._known.get(connection_id)
        if connection is None or not connection.open:
            return gone()
        if method == "POST":
            if len(body) > MESSAGE_LIMIT:
                return too_large()
            try:
                await connection.send(body)
            except ConnectionError:
                return gone()
            return Reply(200, (), b"")
        if method == "GET":
            incoming = connection.incoming
            times = {"connected_at": incoming.at, "active_at": connection.active_at}
            return state(**times, source_ip=incoming.source_ip, user_agent=incoming.header("user-agent"))
        if method == "DELETE":
            await connection.close()
            return Reply(204, (), b"")
        return forbidden()
