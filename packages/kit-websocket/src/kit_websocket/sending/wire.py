"""One HTTP/1.1 connection: a request at a time, awaited in any event loop.

It is a socket that a loop watches only while a request is on its way. A kept connection thus belongs to no loop, and
serves `asyncio.run` for each invocation as well as a loop that stays.
"""

import asyncio
import socket
import time
from ssl import SSLContext, SSLSocket, SSLWantReadError, SSLWantWriteError
from typing import Any, NamedTuple

_CHUNK = 65_536
_LONGEST_ANSWER = 1_048_576
_NOT_YET = (BlockingIOError, InterruptedError, SSLWantReadError, SSLWantWriteError)


class Answer(NamedTuple):
    """Hold a status, and the error's name at AWS (`x-amzn-ErrorType`, without its address), "" where there is none."""

    status: int
    code: str


class Wire:
    """Send a request and read its answer.

    idle_since: the wall clock of the last answer, which runs on while the function is frozen
    reusable: whether another request can be sent
    """

    __slots__ = ("_is_tls", "_loop", "_received", "_rest", "_socket", "_waiting", "idle_since", "reusable")

    def __init__(self, sock: socket.socket) -> None:
        self.idle_since = 0.0
        self.reusable = True
        self._socket = sock
        self._is_tls = isinstance(sock, SSLSocket)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rest: memoryview | None = None
        self._received = b""
        self._waiting: asyncio.Future[Answer] | None = None

    def attach(self) -> None:
        """Let the running loop watch the connection, until `detach`."""
        loop, number = asyncio.get_running_loop(), self._socket.fileno()
        if number >= 0:
            loop.add_reader(number, self._on_readable)
            self._loop = loop

    def detach(self) -> None:
        """Belong to no loop any more."""
        loop, self._loop = self._loop, None
        if loop is not None and self._socket.fileno() >= 0:
            loop.remove_reader(self._socket.fileno())

    async def ask(self, request: bytes, seconds: float) -> Answer:
        """Return the answer to a request. Raise TimeoutError after `seconds`, ConnectionError if there is none."""
        loop = self._loop
        if loop is None or not self.reusable:
            raise ConnectionResetError("the connection is closed")
        waiting: asyncio.Future[Answer] = loop.create_future()
        self._waiting = waiting
        self._rest = memoryview(request)
        timer = loop.call_later(max(seconds, 0), self._fail, TimeoutError("no answer in time"))
        try:
            self._write()
            if self._rest is not None:
                loop.add_writer(self._socket.fileno(), self._on_writable, loop)
            return await waiting
        except OSError:
            self.reusable = False
            raise
        finally:
            timer.cancel()
            self._waiting = None
            if self._rest is not None:
                loop.remove_writer(self._socket.fileno())
            if not waiting.done() or waiting.cancelled():  # the request may still be answered, to nobody
                self.reusable = False
            if not self.reusable:
                self.close()

    def close(self) -> None:
        """Close the connection."""
        self.reusable = False
        self.detach()
        self._socket.close()

    def is_dead(self) -> bool:
        """Tell whether an idle connection has ended: only then is there something to read on it."""
        if not self.reusable or self._socket.fileno() < 0:
            return True
        import select

        if not hasattr(select, "poll"):
            return bool(select.select([self._socket], [], [], 0)[0])
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _write(self) -> None:
        while self._rest:
            try:
                sent = self._socket.send(self._rest)
            except _NOT_YET:
                return
            self._rest = self._rest[sent:]
        self._rest = None

    def _on_writable(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._write()
        except OSError as error:
            self._fail(ConnectionResetError(str(error)))
        if self._rest is None:
            loop.remove_writer(self._socket.fileno())

    def _on_readable(self) -> None:
        ended = False
        try:
            data = self._socket.recv(_CHUNK)
            self._received = self._received + data if self._received else data
            while data and (self._is_tls or len(data) == _CHUNK):  # TLS may hold more than the socket shows
                data = self._socket.recv(_CHUNK)
                self._received += data
            ended = not data
        except _NOT_YET:
            pass
        except OSError as error:
            self._fail(ConnectionResetError(str(error)))
            return
        answer = read_answer(self._received, ended=ended) if self._received else None
        if answer is not None:
            found, keep = answer
            self.reusable = keep and self._rest is None
            self._received = b""
            self.idle_since = time.time()
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(found)
            else:
                self.close()  # an answer that nobody has asked for
        elif ended:
            self._fail(ConnectionResetError("the connection ended without an answer"))
        elif len(self._received) > _LONGEST_ANSWER:
            self._fail(ConnectionAbortedError("the answer is too long"))

    def _fail(self, error: Exception) -> None:
        self.reusable = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)
        elif self._waiting is None:
            self.close()


async def opened(addresses: list[Any], host: str, tls: SSLContext | None) -> Wire:
    """Return a new connection to the first of a host's addresses that takes it. Raise OSError."""
    failed: OSError = ConnectionRefusedError(f"{host} has no address")
    for family, kind, protocol, _, address in addresses:
        sock: socket.socket | None = None
        try:
            sock = socket.socket(family, kind, protocol)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(sock, address)
            if tls is not None:
                sock = tls.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
                await _shake_hands(sock)
            return Wire(sock)
        except OSError as error:
            failed = error
            if sock is not None:
                sock.close()
        except BaseException:
            if sock is not None:
                sock.close()
            raise
    raise failed


async def _shake_hands(sock: SSLSocket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            sock.do_handshake()
        except SSLWantReadError:
            watch, forget = loop.add_reader, loop.remove_reader
        except SSLWantWriteError:
            watch, forget = loop.add_writer, loop.remove_writer
        else:
            return
        ready = loop.create_future()
        number = sock.fileno()
        watch(number, _set, ready)
        try:
            await ready
        finally:
            forget(number)


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


_NO_HTTP = Answer(502, "NoHttpAnswer")


def read_answer(received: bytes, *, ended: bool) -> tuple[Answer, bool] | None:
    """Return an answer, and whether its connection can be used again; None while it is not whole.

    The body is passed over: the management API names an error in a header field.
    """
    if not received.startswith(b"HTTP/1.") and not b"HTTP/1.".startswith(received[:7]):
        return _NO_HTTP, False
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = received[:end]
    fields = head.lower()
    if not head[9:12].isdigit():
        return _NO_HTTP, False
    status = int(head[9:12])
    keep = head.startswith(b"HTTP/1.1") and b"\r\nconnection: close" not in fields and not ended
    length = _value(head, fields, b"content-length")
    if length.isdigit():
        missing = int(length) - (len(received) - end - 4)
        if missing > 0 and not ended:
            return None
        keep = keep and missing == 0
    elif status not in (204, 304) and not ended and not _ends_chunked(fields, received):
        return None
    code = _value(head, fields, b"x-amzn-errortype").partition(b":")[0].decode("latin-1") if status >= 300 else ""
    return Answer(status, code), keep


def _ends_chunked(fields: bytes, received: bytes) -> bool:
    return b"\r\ntransfer-encoding: chunked" in fields and received.endswith(b"\r\n0\r\n\r\n")


def _value(head: bytes, fields: bytes, name: bytes) -> bytes:
    start = fields.find(b"\r\n" + name + b":")
    if start < 0:
        return b""
    start += len(name) + 3
    end = fields.find(b"\r\n", start)
    return head[start : len(head) if end < 0 else end].strip()
