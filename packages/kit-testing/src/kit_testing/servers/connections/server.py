"""An HTTP server that answers `@connections` as API Gateway does, with connections that exist in a test only."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from kit_testing.errors import ServerError
from kit_testing.servers.aws.bridges import Call, Reply
from kit_testing.servers.connections import answers
from kit_testing.servers.connections.listener import Listener
from kit_testing.servers.connections.throttle import Throttle


@dataclass(frozen=True)
class Command:
    """One request: POST a message, GET the state, DELETE the connection; `status` is the answer's."""

    method: str
    connection_id: str
    size: int  # bytes of the body
    status: int


@dataclass
class _Connection:
    messages: list[bytes] = field(default_factory=list)
    taken: int = 0  # how many of them `receive` has returned
    open: bool = True
    opened_at: float = field(default_factory=time.time)
    active_at: float = field(default_factory=time.time)
    deleted: Callable[[], object] | None = None


class ConnectionsServer:
    """The management API of a WebSocket API on 127.0.0.1, for connections that `open` names.

    A connection that is not open is 410, a message over 128 KB 413, a command without a signature 403.

    port: 0 for any free one
    delay: seconds between a command and its answer; a message has arrived before, as in a response that is lost
    throttle: requests that it does not let through are 429

    Example:
        with ConnectionsServer() as server:
            server.open("abc=")
            ...
            assert server.receive("abc=") == b"hello"
    """

    stage = "test"

    def __init__(self, port: int = 0, *, delay: float = 0.0, throttle: Throttle | None = None) -> None:
        self.delay, self.throttle = delay, throttle
        self.commands: list[Command] = []
        self._port = port
        self._known: dict[str, _Connection] = {}
        self._failures: deque[tuple[int, str | None]] = deque()  # status, connection
        self._deleted: deque[Callable[[], object]] = deque()
        self._changed = threading.Condition()
        self._listener: Listener | None = None

    # ---- The server

    @property
    def url(self) -> str:
        """The endpoint, with its stage. ServerError while it is not started."""
        return f"http://{self.domain}/{self.stage}"

    @property
    def domain(self) -> str:
        """The host and port, as `requestContext.domainName` has them. ServerError while it is not started."""
        if self._listener is None:
            raise ServerError("the @connections server is not started")
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, unless it runs. ServerError when the port is taken."""
        if self._listener is None:
            self._listener = Listener(self._port, self._answer)
            self._port = self._listener.port

    def stop(self) -> None:
        """Stop it; what is connected to it is cut off. The connections and their messages stay."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def environment(self) -> dict[str, str]:
        """Return the variables that lead an AWS SDK here, with credentials that mean nothing."""
        from kit_testing.events._values import REGION
        from kit_testing.servers.aws.endpoint import KEY_ID, SECRET_KEY

        return {
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": self.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- The connections

    def open(self, connection_id: str, *, deleted: Callable[[], object] | None = None) -> None:
        """Let a connection be open. `deleted` is called by `tell_deleted` once a DELETE has closed it."""
        with self._changed:
            self._known[connection_id] = _Connection(deleted=deleted)

    def close(self, connection_id: str) -> None:
        """Let a connection be gone, as when the client has left: 410 from here on."""
        with self._changed:
            if connection_id in self._known:
                self._known[connection_id].open = False
            self._changed.notify_all()

    def is_open(self, connection_id: str) -> bool:
        """Tell whether a connection is open."""
        return connection_id in self._known and self._known[connection_id].open

    def knows(self, connection_id: str) -> bool:
        """Tell whether a connection is or was open."""
        return connection_id in self._known

    def messages(self, connection_id: str) -> list[bytes]:
        """Return everything that a connection has been sent, in order."""
        with self._changed:
            return list(self._known[connection_id].messages) if connection_id in self._known else []

    def receive(self, connection_id: str, *, timeout: float = 5.0) -> bytes:
        """Return the next message of a connection, and wait for it.

        TimeoutError if none comes within `timeout` seconds, ConnectionError if the connection closes before, KeyError
        if it was never open.
        """
        connection = self._known[connection_id]
        with self._changed:
            arrived = self._changed.wait_for(
                lambda: len(connection.messages) > connection.taken or not connection.open, timeout
            )
            if len(connection.messages) > connection.taken:
                connection.taken += 1
                return connection.messages[connection.taken - 1]
        if arrived:
            raise ConnectionError(f"the connection {connection_id!r} is closed")
        raise TimeoutError(f"no message for {connection_id!r} within {timeout:g} s")

    def tell_deleted(self) -> None:
        """Call `deleted` of each connection that a DELETE has closed since; API Gateway calls `$disconnect` then."""
        while self._deleted:
            self._deleted.popleft()()

    def fail(self, status: int, *, times: int = 1, connection_id: str | None = None) -> None:
        """Answer the next commands with an error status, and deliver nothing.

        times: how many commands; those of one connection if `connection_id` is given
        """
        if status < 400:
            raise ValueError(f"{status!r} is not the status of an error")
        with self._changed:
            self._failures.extend([(status, connection_id)] * times)

    # ---- Requests, on the listener's thread

    async def _answer(self, call: Call) -> Reply:
        stage, found, encoded = call.path.partition(answers.COMMANDS)
        connection_id = unquote(encoded)
        reply = self._reply(call, connection_id) if found and stage == f"/{self.stage}" else answers.forbidden()
        with self._changed:
            self.commands.append(Command(call.method, connection_id, len(call.body), reply.status))
            self._changed.notify_all()
        if self.delay:
            await asyncio.sleep(self.delay)
        return reply

    def _reply(self, call: Call, connection_id: str) -> Reply:
        with self._changed:
            if call.service != "execute-api":
                return answers.forbidden()
            if self.throttle and not self.throttle.take():
                return answers.throttled()
            for failure in self._failures:
                if failure[1] in (None, connection_id):
                    self._failures.remove(failure)
                    return answers.refusal(failure[0])
            connection = self._known.get(connection_id)
            if connection is None or not connection.open:
                return answers.gone()
            return self._command(call, connection)

    def _command(self, call: Call, connection: _Connection) -> Reply:
        if call.method == "POST":
            if len(call.body) > answers.MESSAGE_LIMIT:
                return answers.too_large()
            connection.active_at = time.time()
            connection.messages.append(call.body)
            return Reply(200, (), b"")
        if call.method == "GET":
            times = {"connected_at": connection.opened_at, "active_at": connection.active_at}
            return answers.state(**times, source_ip="127.0.0.1", user_agent="test")
        if call.method == "DELETE":
            connection.open = False
            if connection.deleted:
                self._deleted.append(connection.deleted)
            return Reply(204, (), b"")
        return answers.forbidden()
