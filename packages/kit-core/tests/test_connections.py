"""Kept connections, over real sockets."""

import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from kit_core import invocation
from kit_core.connections import Answer, Connections, ConnectTimeoutError, Request
from kit_core.errors import CoreError, HttpConnectionError
from kit_core.http import Reader

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Wire:
    """A server whose connections are spoken by hand; `requests` has (connection's number, bytes heard)."""

    def __init__(self, speak: Callable[["Line"], None]) -> None:
        self.requests: list[tuple[int, bytes]] = []
        self.connections = 0
        self._speak = speak
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._threads: list[threading.Thread] = []
        self._lines: list[Line] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            if self.closed:
                connection.close()
                return
            line = Line(self, connection, self.connections)
            self.connections += 1
            self._lines.append(line)
            thread = threading.Thread(target=line.converse, args=(self._speak,))
            self._threads.append(thread)
            thread.start()

    closed = False

    def close(self) -> None:
        self.closed = True
        socket.create_connection(self._listening.getsockname()).close()
        self._accepting.join()
        self._listening.close()
        for line in self._lines:
            line.hang_up()
        for thread in self._threads:
            thread.join()


class Line:
    """One connection, seen by the server."""

    def __init__(self, wire: Wire, connection: socket.socket, number: int) -> None:
        self.number = number
        self.connection = connection
        self._wire = wire

    def converse(self, speak: Callable[["Line"], None]) -> None:
        with self.connection, suppress(OSError):  # the client has had enough
            speak(self)

    def hear(self) -> bytes:
        """Return one request, with as much of a body as it announces; nothing when the client has gone."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            chunk = self.connection.recv(65_536)
            if not chunk:
                return b""
            heard += chunk
        head, _, body = heard.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                missing = int(line.partition(b":")[2]) - len(body)
                while missing > 0:
                    body += self.connection.recv(65_536)
                    missing = int(line.partition(b":")[2]) - len(body)
        self._wire.requests.append((self.number, head + b"\r\n\r\n" + body))
        return heard

    def say(self, content: bytes) -> None:
        self.connection.sendall(content)

    def hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


Start = Callable[[Callable[[Line], None]], Wire]


@pytest.fixture
def serve() -> Iterator[Start]:
    started: list[Wire] = []

    def start(speak: Callable[[Line], None]) -> Wire:
        started.append(Wire(speak))
        return started[-1]

    yield start
    for wire in started:
        wire.close()


@pytest.fixture
def connections() -> Iterator[Connections]:
    made = Connections(connect_timeout=0.5, most_idle=8)
    yield made
    made.close()


def request(method: str, url: str, timeout: float = 5.0, **more: Any) -> Request:
    return Request(method, url, more.pop("headers", {}), more.pop("body", b""), timeout, **more)


def answer_all(line: Line) -> None:
    while line.hear():
        line.say(OK)


def silent_on_the_second(line: Line) -> None:
    """Answer the first request of the first connection, and never again, without closing; answer all others."""
    if line.number > 0:
        return answer_all(line)
    line.hear()
    line.say(OK)
    while line.hear():
        pass
    return None


def closing_on_the_second(line: Line) -> None:
    """Answer the first request of a connection, and hang up when the second has been sent."""
    line.hear()
    line.say(OK)
    line.hear()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "get"])
def test_what_can_be_repeated_is_when_a_kept_connection_breaks(
    serve: Start, connections: Connections, method: str
) -> None:
    wire = serve(closing_on_the_second)
    connections.send(request("GET", wire.url))
    assert connections.send(request(method, wire.url)).status == 200
    assert [number for number, _ in wire.requests] == [0, 0, 1]


@pytest.mark.parametrize(("method", "more"), [("POST", {}), ("PATCH", {}), ("GET", {"repeatable": False})])
@pytest.mark.parametrize("speak", [closing_on_the_second, silent_on_the_second])
def test_what_may_have_taken_effect_is_not_repeated(
    serve: Start, connections: Connections, method: str, more: Any, speak: Any
) -> None:
    wire = serve(speak)
    connections.send(request("GET", wire.url))
    with pytest.raises(HttpConnectionError):
        connections.send(request(method, wire.url, timeout=0.3, **more))
    assert [number for number, _ in wire.requests] == [0, 0]


def test_a_post_that_may_be_repeated_is(serve: Start, connections: Connections) -> None:
    wire = serve(closing_on_the_second)
    connections.send(request("GET", wire.url))
    assert connections.send(request("POST", wire.url, body=b"x", repeatable=True)).body == b"ok"
    assert [number for number, _ in wire.requests] == [0, 0, 1]
    assert wire.requests[-1][1].endswith(b"\r\n\r\nx")


def test_a_kept_connection_that_died_without_a_word_costs_a_share_of_the_time(
    serve: Start, connections: Connections
) -> None:
    wire = serve(silent_on_the_second)
    connections.send(request("POST", wire.url, body=b"x"))
    assert connections.send(request("POST", wire.url, timeout=2, body=b"x", repeatable=True)).body == b"ok"
    assert [number for number, _ in wire.requests] == [0, 0, 1]


def test_those_idle_for_longer_than_one_that_died_are_not_tried(serve: Start, connections: Connections) -> None:
    both = threading.Barrier(2)

    def speak(line: Line) -> None:
        if line.number > 1:
            return answer_all(line)
        line.hear()
        both.wait(5)
        line.say(OK)
        while line.hear():
            pass
        return None

    wire = serve(speak)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: connections.send(request("GET", wire.url)), range(2)))
    for _ in range(2):
        assert connections.send(request("GET", wire.url, timeout=2)).body == b"ok"
    assert len(wire.requests) == 5  # two, one without an answer, two
    assert wire.connections == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_first_request_without_an_answer_is_not_repeated(serve: Start, connections: Connections, method: str) -> None:
    wire = serve(lambda line: line.hear() and line.hear() and None)
    with pytest.raises(HttpConnectionError, match="TimeoutError"):
        connections.send(request(method, wire.url, timeout=0.2, repeatable=True))
    assert len(wire.requests) == 1


def test_a_slow_answer_on_a_kept_connection_is_waited_for_once_it_has_begun(
    serve: Start, connections: Connections
) -> None:
    def speak(line: Line) -> None:
        line.hear()
        line.say(OK)
        line.hear()
        line.say(OK[:20])
        time.sleep(0.4)  # longer than the share of the timeout
        line.say(OK[20:])

    wire = serve(speak)
    connections.send(request("GET", wire.url))
    assert connections.send(request("GET", wire.url, timeout=1.2)).body == b"ok"
    assert wire.connections == 1


def test_a_closed_connection_is_replaced_before_anything_is_sent(serve: Start, connections: Connections) -> None:
    closed = threading.Event()

    def once(line: Line) -> None:
        line.hear()
        line.say(OK)
        line.hang_up()
        closed.set()

    wire = serve(once)
    for _ in range(2):
        closed.clear()
        assert connections.send(request("POST", wire.url)).body == b"ok"
        assert closed.wait(5)
    assert [number for number, _ in wire.requests] == [0, 1]


def test_a_connection_idle_for_long_by_the_wall_clock_is_not_used(
    serve: Start, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve(answer_all)
    connections.send(request("POST", wire.url))
    later = time.time() + 51
    monkeypatch.setattr(time, "time", lambda: later)
    connections.send(request("POST", wire.url))
    assert [number for number, _ in wire.requests] == [0, 1]


def test_threads_share_connections(serve: Start, connections: Connections) -> None:
    def speak(line: Line) -> None:
        while heard := line.hear():
            path = heard.split(b" ")[1]
            line.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))

    wire = serve(speak)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda n: connections.send(request("GET", f"{wire.url}{n}")), range(64))
        assert [each.body for each in answers] == [f"/{n}".encode() for n in range(64)]
    assert wire.connections <= 8


def test_no_more_are_kept_than_asked_for(serve: Start) -> None:
    wire = serve(answer_all)
    none_kept = Connections(connect_timeout=1, most_idle=0)
    for _ in range(2):
        none_kept.send(request("POST", wire.url))
    assert wire.connections == 2


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_a_last_answer_is_read_whole_and_its_connection_not_kept(
    serve: Start, connections: Connections, head: bytes
) -> None:
    def once(line: Line) -> None:
        line.hear()
        line.say(head)

    wire = serve(once)
    for _ in range(2):
        assert connections.send(request("POST", wire.url)).body == b"ok"
    assert wire.connections == 2


def test_a_body_in_chunks_is_read_and_its_connection_kept(serve: Start, connections: Connections) -> None:
    def chunked(line: Line) -> None:
        while line.hear():
            line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n")

    wire = serve(chunked)
    for _ in range(2):
        assert connections.send(request("POST", wire.url)).body == b"ok"
    assert wire.connections == 1


def test_a_body_is_cut_off_where_told_and_its_connection_not_kept(serve: Start) -> None:
    wire = serve(answer_all)
    short = Connections(connect_timeout=1, most_idle=1, most_read=1)
    for _ in range(2):
        assert short.send(request("POST", wire.url)).body == b"o"
    assert wire.connections == 2


def test_the_limit_of_a_body_that_is_shorter_changes_nothing(serve: Start) -> None:
    wire = serve(answer_all)
    wide = Connections(connect_timeout=1, most_idle=1, most_read=1000)
    for _ in range(2):
        assert wide.send(request("POST", wire.url)).body == b"ok"
    wide.close()
    assert wire.connections == 1


def hang(line: Line) -> None:
    while line.hear():
        pass


def break_off(line: Line) -> None:
    line.hear()
    line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def break_off_in_chunks(line: Line) -> None:
    line.hear()
    line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf")


def reset(line: Line) -> None:
    line.hear()
    line.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def drip_body(line: Line) -> None:
    line.hear()
    line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        line.say(b"x")
        time.sleep(0.02)


def drip_header(line: Line) -> None:
    line.hear()
    line.say(b"HTTP/1.1 200 OK\r\nX-Name: ")
    while True:
        line.say(b"x")
        time.sleep(0.02)


def babble(line: Line) -> None:
    line.hear()
    line.say(b"this is not HTTP\r\n\r\n")


@pytest.mark.parametrize("most_read", [None, 65_536])
@pytest.mark.parametrize("speak", [hang, break_off, break_off_in_chunks, reset, drip_body, drip_header, babble])
def test_a_server_that_does_not_answer_whole_and_in_time_is_an_error(serve: Start, speak: Any, most_read: Any) -> None:
    wire = serve(speak)
    made = Connections(connect_timeout=1, most_idle=1, most_read=most_read)
    with pytest.raises(HttpConnectionError) as caught:  # a drip would last for ever
        made.send(request("GET", f"{wire.url}p?X-Amz-Signature=secret", timeout=0.3))
    assert str(caught.value).startswith(f"GET {wire.url}p failed: {caught.value.cause}: ")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_the_error_pickles_and_is_the_packages() -> None:
    with pytest.raises(HttpConnectionError, match="ConnectionRefusedError") as caught:
        Connections(connect_timeout=1, most_idle=1).send(request("GET", "http://user:secret@127.0.0.1:9/"))
    assert isinstance(caught.value, CoreError)
    assert "secret" not in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_connection_that_does_not_stand_in_time_is_given_up() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        waiting: list[socket.socket] = []
        while len(waiting) < 16:  # the kernel answers nobody once the queue is full
            each = socket.socket()
            each.settimeout(0.1)
            waiting.append(each)
            try:
                each.connect(address)
            except TimeoutError:
                break
        made = Connections(connect_timeout=30, most_idle=1)
        with pytest.raises(HttpConnectionError) as caught:
            made.send(request("GET", f"http://127.0.0.1:{address[1]}/", timeout=0.2))
        assert caught.value.cause == ConnectTimeoutError.__name__
        for each in waiting:
            each.close()


def test_a_second_try_has_the_rest_of_the_time(
    serve: Start, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = serve(answer_all)
    connections.send(request("GET", wire.url))
    begun = time.monotonic()

    def read(*_: Any) -> Any:
        monkeypatch.setattr(time, "monotonic", lambda: begun + 60)
        raise ConnectionResetError("closed")

    monkeypatch.setattr(Reader, "read", read)
    with pytest.raises(HttpConnectionError, match="ConnectionResetError"):
        connections.send(request("GET", wire.url))
    assert wire.connections == 1


def test_a_kept_tls_connection_that_ends_is_made_good(
    serve: Start, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ssl import SSLEOFError

    wire = serve(answer_all)
    connections.send(request("GET", wire.url))
    ended = [SSLEOFError(8, "EOF occurred in violation of protocol")]
    respond = Reader.read

    def read(reader: Reader, *given: Any) -> Any:
        if ended:
            raise ended.pop()
        return respond(reader, *given)

    monkeypatch.setattr(Reader, "read", read)
    assert connections.send(request("GET", wire.url)).status == 200
    assert wire.connections == 2


@pytest.mark.parametrize(
    ("remaining", "timeout", "expected"),
    [(None, 5.0, 5.0), (60_000, 5.0, 5.0), (2_000, 5.0, 1.5), (300, 5.0, 0.1), (-1, 5.0, 0.1), (300, 0.05, 0.05)],
)
def test_the_timeout_ends_before_the_invocation(
    serve: Start, connections: Connections, monkeypatch: pytest.MonkeyPatch, remaining: Any, timeout: Any, expected: Any
) -> None:
    wire = serve(answer_all)
    connections.send(request("POST", wire.url))
    asked = []
    settimeout = socket.socket.settimeout
    monkeypatch.setattr(socket.socket, "settimeout", lambda sock, value: (asked.append(value), settimeout(sock, value)))
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: remaining)
    with invocation.enter({}, context):
        connections.send(request("POST", wire.url, timeout=timeout))
    assert asked[0] == pytest.approx(expected)


def test_headers_are_sent_as_utf_8_and_found_in_any_case(serve: Start, connections: Connections) -> None:
    def speak(line: Line) -> None:
        line.hear()
        line.say(b"HTTP/1.1 201 Created\r\nX-Reply: yes\r\nContent-Length: 0\r\n\r\n")

    wire = serve(speak)
    answer = connections.send(request("GET", f"{wire.url}a?b=c#d", headers={"X-Name": "Zoë 東"}))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["x-reply"], answer.body) == (201, "yes", b"")
    heard = wire.requests[0][1]
    assert heard.startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert "X-Name: Zoë 東\r\n".encode() in heard


@pytest.mark.parametrize("url", ["ftp://h/", "/path", "http:///p", "http://h/a b", "http://h/é", "http://h/a?b=\x00"])
def test_a_url_that_http_cannot_carry_is_refused(connections: Connections, url: str) -> None:
    with pytest.raises(ValueError, match=r"not the beginning of an HTTP URL|not encoded"):
        connections.send(request("GET", url))


def test_a_line_break_in_a_header_is_refused_without_its_value(serve: Start, connections: Connections) -> None:
    wire = serve(answer_all)
    with pytest.raises(ValueError, match="'X-Token' has a line break") as caught:
        connections.send(request("GET", wire.url, headers={"X-Token": "hidden\nX: y"}))
    assert "hidden" not in repr(caught.value)
    assert wire.connections == 0


def test_the_certificates_to_trust_are_those_of_the_environment(
    serve: Start, connections: Connections, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    wire = serve(answer_all)
    with pytest.raises(HttpConnectionError, match="FileNotFoundError"):
        connections.send(request("GET", wire.url.replace("http:", "https:")))


IN_CHILD = """
import os, signal, sys, threading
from kit_core import invocation
from kit_core.connections import Connections, Request

def in_child(work):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            work()
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        os._exit(1)

locks, lock = [], threading.Lock
threading.Lock = lambda: locks.append(lock()) or locks[-1]
connections = Connections(connect_timeout=1, most_idle=2)
threading.Lock = lock
ask = lambda: connections.send(Request("POST", sys.argv[1], {}, b"", 5))
ask()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    "script",
    [
        "in_child(ask)",
        "locks[0].acquire(); in_child(ask); locks[0].release()",
    ],
    ids=["sockets", "a lock that another thread held"],
)
def test_a_forked_child_has_connections_of_its_own(serve: Start, script: str) -> None:
    wire = serve(answer_all)
    ended = subprocess.run(
        [sys.executable, "-c", f"{IN_CHILD}\n{script}\nask()\nconnections.close()", wire.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert [number for number, _ in wire.requests] == [0, 1, 0]


AROUND_A_SNAPSHOT = """
import sys
import snapshot_restore_py
from kit_core.connections import Connections, Request

connections = Connections(connect_timeout=1, most_idle=2)
ask = lambda: connections.send(Request("POST", sys.argv[1], {}, b"", 5))
ask()
for function, args, kwargs in reversed(snapshot_restore_py.get_before_snapshot()):
    function(*args, **kwargs)
ask()  # another hook of the snapshot, which runs later
for function, args, kwargs in snapshot_restore_py.get_after_restore():
    function(*args, **kwargs)
ask()
"""


def test_around_a_snapshot_connections_are_opened_anew(serve: Start) -> None:
    pytest.importorskip("snapshot_restore_py", reason="AWS's runtime client is for Linux alone")
    wire = serve(answer_all)
    environment = {**os.environ, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    subprocess.run([sys.executable, "-c", AROUND_A_SNAPSHOT, wire.url], timeout=60, check=True, env=environment)
    assert [number for number, _ in wire.requests] == [0, 1, 2]


def test_importing_the_module_loads_no_http_client() -> None:
    script = (
        "import sys, kit_core.connections; print(*sorted({'http.client', 'ssl', 'socket', 'select', 'asyncio', "
        "'logging', 'email'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []


def test_a_closed_one_opens_again(serve: Start, connections: Connections) -> None:
    wire = serve(answer_all)
    connections.send(request("POST", wire.url))
    connections.close()
    connections.send(request("POST", wire.url))
    assert wire.connections == 2
