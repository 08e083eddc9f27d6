"""The connections of a WebSocket API, and the commands about them.

After "Use @connections commands in your backend service".
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from kit_testing.servers.aws import Reply

from kit_local.gateway.incoming import Incoming, short_id

MESSAGE_LIMIT = 128 * 1024  # bytes
PATH = "/@connections/"


@dataclass
class Connection:
    """One client. It can be written to once `$connect` has let it in."""

    incoming: Incoming
    id: str = field(default_factory=short_id)
    socket: web.WebSocketResponse | None = None
    authorizer: dict[str, Any] | None = None
    active_at: float = field(default_factory=time.time)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def open(self) -> bool:
        """Whether it can be written to."""
        return self.socket is not None and not self.socket.closed

    async def send(self, data: bytes) -> None:
        """Send one message, as text wherever it is that."""
        assert self.socket is not None
        self.active_at = time.time()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            await self.socket.send_bytes(data)
        else:
            await self.socket.send_str(text)

    async def close(self) -> None:
        """End it."""
        assert self.socket is not None
        await self.socket.close()


class Connections:
    """The connections of one API that `$connect` has let in."""

    def __init__(self) -> None:
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
        connection = self._known.get(connection_id)
        if connection is None or not connection.open:
            return gone()
        if method == "POST":
            if len(body) > MESSAGE_LIMIT:
                return _error(413, "PayloadTooLargeException")
            try:
                await connection.send(body)
            except ConnectionError:
                return gone()
            return Reply(200, (), b"")
        if method == "GET":
            return Reply(200, _JSON, json.dumps(_state(connection)).encode())
        if method == "DELETE":
            await connection.close()
            return Reply(204, (), b"")
        return _error(403, "ForbiddenException")


_JSON = (("Content-Type", "application/json"),)


def gone() -> Reply:
    """Return the answer about a connection that is not open."""
    return _error(410, "GoneException")


def _state(connection: Connection) -> dict[str, Any]:
    incoming = connection.incoming
    identity = {"sourceIp": incoming.source_ip, "userAgent": incoming.header("user-agent")}
    return {
        "connectedAt": _iso(incoming.at),
        "lastActiveAt": _iso(connection.active_at),
        "identity": identity,
    }


def _error(status: int, kind: str) -> Reply:
    return Reply(status, (*_JSON, ("x-amzn-ErrorType", kind)), json.dumps({"message": kind}).encode())


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
