"""Answers of HTTP/1.1, in one piece and byte by byte, and beside the standard library's reader."""

import http.client
import random
import socket
import threading
import time
from typing import Any

import pytest
from kit_core.http import Fields, ProtocolError, Reader, RemoteDisconnectedError, head_of


def read(wire: bytes, method: str = "GET", most: int | None = None, *, step: int = 0) -> tuple[Any, bool]:
    """Return what a reader makes of the bytes, which come `step` at a time, and whether the connection is reusable."""
    ours, theirs = socket.socketpair()

    def say() -> None:
        with theirs:
            for start in range(0, len(wire), step or len(wire) or 1):
                theirs.sendall(wire[start : start + (step or len(wire))])

    with ours:
        thread = threading.Thread(target=say)
        thread.start()
        reader = Reader(ours, time.monotonic() + 5)
        try:
            return reader.read(method, 5, most), reader.is_reusable
        finally:
            thread.join()


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
OLD = b"HTTP/1.0 200 OK\r\n"
OK = b"Content-Length: 2\r\n\r\nok"
WHOLE: dict[str, tuple[bytes, str, int, bytes, bool]] = {
    "a length": (HEAD + OK, "GET", 200, b"ok", True),
    "no reason": (b"HTTP/1.1 204\r\n\r\n", "GET", 204, b"", True),
    "nothing of a 304": (b"HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", "GET", 304, b"", True),
    "nothing for HEAD": (HEAD + b"Content-Length: 5\r\n\r\n", "HEAD", 200, b"", True),
    "after a 100": (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + OK, "GET", 200, b"ok", True),
    "chunks": (CHUNKED + b"1;a=b\r\no\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n", "GET", 200, b"o0123456789", True),
    "chunks and a length": (
        HEAD + b"Content-Length: 99\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\no\r\n0\r\n\r\n",
        "GET",
        200,
        b"o",
        False,
    ),
    "until the end": (HEAD + b"\r\nok", "GET", 200, b"ok", False),
    "a close": (HEAD + b"Connection: Close\r\n" + OK, "GET", 200, b"ok", False),
    "an old version": (OLD + OK, "GET", 200, b"ok", False),
    "an old version that stays": (OLD + b"Connection: keep-alive\r\n" + OK, "GET", 200, b"ok", True),
    "more than the whole": (HEAD + OK + b"HTTP/1.1", "GET", 200, b"ok", False),
}


@pytest.mark.parametrize(("wire", "method", "status", "body", "reusable"), WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("step", [0, 1, 7])
def test_an_answer_is_read_whole(wire: bytes, method: str, status: int, body: bytes, reusable: bool, step: int) -> None:
    (seen, _, content), again = read(wire, method, step=step)
    assert (seen, content) == (status, body)
    assert again is reusable or (step and b"okHTTP" in wire)  # bytes that come later are met by the next request


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        HEAD[:10],
        HEAD + b"Content-Length: 5\r\n\r\nok",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nok",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_an_error(wire: bytes) -> None:
    with pytest.raises(RemoteDisconnectedError):
        read(wire)


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        HEAD + b"no field\r\n\r\n",
        HEAD + b": x\r\n\r\n",
        HEAD + b"a b: x\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        HEAD + b"X: a\nTransfer-Encoding: chunked\r\n" + OK,
        HEAD + b"X: a\rb\r\n" + OK,
        HEAD + b"X: \0\r\n" + OK,
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nok",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nokay\r\n",
        HEAD + b"X: " + b"x" * 300_000,
    ],
)
def test_an_answer_that_is_no_http_is_an_error(wire: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(wire)


@pytest.mark.parametrize("wire", [HEAD + b"Content-Length: 4\r\n\r\nokay", HEAD + b"\r\nokay",
                                  HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nokay\r\n0\r\n\r\n"])  # fmt: skip
def test_a_body_is_cut_off(wire: bytes) -> None:
    (_, _, body), reusable = read(wire, most=2)
    assert (body, reusable) == (b"ok", False)


def test_a_large_chunk_is_not_read_beyond_the_cut() -> None:
    (_, _, body), _ = read(CHUNKED + b"FFFFFFFF\r\nokay", most=4)
    assert body == b"okay"


def test_fields_are_found_in_any_case_and_joined() -> None:
    wire = HEAD + b"X-One: a\r\nx-one:  b \r\nLong: a\r\n  b\r\nEmpty:\r\nContent-Length: 0\r\n\r\n"
    (_, fields, _), _ = read(wire)
    assert isinstance(fields, Fields)
    assert (fields["x-ONE"], fields["long"], fields["Empty"]) == ("a, b", "a b", "")
    assert list(fields) == ["X-One", "Long", "Empty", "Content-Length"]
    assert fields.get("missing") is None
    assert fields.lowered() == {"x-one": "a, b", "long": "a b", "empty": "", "content-length": "0"}


def test_a_server_that_says_nothing_is_a_timeout() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        Reader(ours, time.monotonic() + 5).read("GET", 0.01, None)


def test_the_head_of_a_request() -> None:
    assert (
        head_of("GET", "/a?b", "h:1", {}, 0) == b"GET /a?b HTTP/1.1\r\nHost: h:1\r\nAccept-Encoding: identity\r\n\r\n"
    )
    head = head_of("POST", "/", "h", {"host": "other", "X": "\u00e9"}, 0)
    assert head.endswith("host: other\r\nX: \u00e9\r\nContent-Length: 0\r\n\r\n".encode())
    assert head.count(b"ost: ") == 1
    for method, name in (("GE T", "X"), ("G\r\n", "X"), ("GET", "a b"), ("GET", ""), ("GET", "a:b"), ("GET", "a\r\nb")):
        with pytest.raises(ValueError, match="is not a"):
            head_of(method, "/", "h", {name: "x"}, 0)


def test_generated_answers_are_those_of_the_standard_library() -> None:
    chance = random.Random(7)
    for _ in range(300):
        body = bytes(chance.randrange(256) for _ in range(chance.choice([0, 1, 5, 300])))
        names = chance.sample(["X-A", "x-b", "Date", "ETag", "Content-Type"], 3)
        lines = [f"{name}:{chance.choice(['', ' '])}{chance.choice(['a', 'b c', 'd,e'])}" for name in names]
        if chance.random() < 0.5:
            lines.append(f"Content-Length: {len(body)}")
            sent = body
        else:
            lines.append("Transfer-Encoding: chunked")
            cut = chance.randrange(len(body) + 1)
            parts = [part for part in (body[:cut], body[cut:]) if part]
            sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        status = chance.choice([200, 201, 400, 500])
        wire = f"HTTP/1.1 {status} X\r\n".encode() + "\r\n".join(lines).encode() + b"\r\n\r\n" + sent
        (seen, fields, content), reusable = read(wire, step=chance.choice([0, 3, 64]))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(wire)
            response = http.client.HTTPResponse(ours)
            response.begin()
            assert (seen, content, reusable) == (response.status, response.read(), not response.will_close)
            assert fields.lowered() == {name.lower(): value for name, value in response.headers.items()}
