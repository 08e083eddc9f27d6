"""The client that signs, over real connections."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import kit_aws
import pytest
from botocore import auth as reference
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as ReferenceCredentials
from kit_aws import Answer, Credentials, SignedSession
from kit_core import invocation

KEY = Credentials("AKIDEXAMPLE", "secret", "token")


@pytest.fixture
def session() -> Iterator[SignedSession]:
    with SignedSession("execute-api", "eu-west-1", KEY, connect_timeout=5, read_timeout=5) as session:
        yield session


def is_signed_like_botocore(call: Any, server: Any, monkeypatch: pytest.MonkeyPatch) -> bool:
    header = call.headers["Authorization"]
    request = AWSRequest(call.method, server.url + call.path, data=call.body)
    for name in re.search("SignedHeaders=([^,]*)", header)[1].split(";"):  # type: ignore[index]
        request.headers[name] = call.headers[name].encode("latin-1").decode()
    request.context["timestamp"] = call.headers["X-Amz-Date"]
    signer = reference.SigV4Auth(ReferenceCredentials(*KEY), "execute-api", "eu-west-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return bool(header.endswith(f"Signature={signer.signature(text, request)}"))


@pytest.mark.parametrize(
    ("method", "tail", "headers", "body"),
    [
        ("GET", "", {}, b""),
        ("GET", "/a%20b/é?q=x+y&q=a:b&e", {"Accept": "*/*"}, b""),
        ("POST", "/", {"Content-Type": "application/json", "X-Name": "Zoë"}, '{"é": 1}'),
        ("put", "/p?a#part", {}, b"\x00" * 70_000),
        ("DELETE", "/p", {}, b""),
    ],
)
def test_a_request_arrives_as_it_was_signed(
    serve: Any, session: SignedSession, monkeypatch: pytest.MonkeyPatch, method: str, tail: str, headers: Any, body: Any
) -> None:
    server = serve(lambda call: (201, {"X-Reply": "yes"}, call.body))
    answer = session.request(method, server.url + tail, headers, body)
    [call] = server.calls
    assert call.method == method.upper()
    assert is_signed_like_botocore(call, server, monkeypatch)
    assert call.headers["X-Amz-Security-Token"] == "token"
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["x-reply"]) == (201, "yes")
    assert answer.body == (body.encode() if isinstance(body, str) else body)


def test_a_connection_serves_many_requests(serve: Any, session: SignedSession) -> None:
    server = serve(lambda call: (200, {}, b"x"))
    for method in ("GET", "POST", "HEAD", "GET"):
        session.request(method, server.url)
    assert server.connections == 1


def test_threads_share_a_session(serve: Any) -> None:
    server = serve(lambda call: (200, {}, call.path.encode()))
    with SignedSession("execute-api", "eu-west-1", KEY) as session, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(session.request, "GET", f"{server.url}/{n}") for n in range(64)]
        assert [each.result().body for each in asked] == [f"/{n}".encode() for n in range(64)]
    assert server.connections <= 8


def test_a_redirect_is_an_answer_and_its_target_sees_nothing(serve: Any, session: SignedSession) -> None:
    other = serve(lambda call: (200, {}, b""))
    server = serve(lambda call: (307, {"Location": other.url}, b""))
    answer = session.request("GET", server.url)
    assert (answer.status, answer.headers["location"]) == (307, other.url)
    assert other.calls == []


def test_an_error_status_is_an_answer(serve: Any, session: SignedSession) -> None:
    server = serve(lambda call: (503, {}, b"later"))
    assert session.request("POST", server.url)[::2] == (503, b"later")
    assert len(server.calls) == 1


def test_a_url_that_is_not_http_is_refused(session: SignedSession) -> None:
    for url in ("ftp://h/", "/path"):
        with pytest.raises(ValueError, match="not the beginning of an HTTP URL"):
            session.request("GET", url)


@contextmanager
def speaking(speak: Callable[[socket.socket, int], None]) -> Iterator[tuple[str, list[int]]]:
    """Serve connections by hand: `speak` gets each, with its number from 0."""
    met: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        stopping = threading.Event()

        def accept() -> None:
            while not stopping.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                met.append(1)
                threading.Thread(target=converse, args=(connection, len(met) - 1)).start()

        def converse(connection: socket.socket, number: int) -> None:
            with connection:
                connection.settimeout(5)
                speak(connection, number)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", met
        finally:
            stopping.set()
            thread.join()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def hear(connection: socket.socket) -> bytes:
    """Return one request without a body, or nothing when the client has gone."""
    heard = b""
    while not heard.endswith(b"\r\n\r\n"):
        chunk = connection.recv(65_536)
        if not chunk:
            break
        heard += chunk
    return heard


def closing_on_the_second(connection: socket.socket, number: int) -> None:
    """Answer the first request of a connection, and hang up when the second has been sent."""
    hear(connection)
    connection.sendall(OK)
    if number == 0:
        hear(connection)


def test_what_may_have_taken_effect_is_not_repeated(session: SignedSession) -> None:
    with speaking(closing_on_the_second) as (url, met):
        session.request("GET", url)
        with pytest.raises(kit_aws.AwsConnectionError, match="RemoteDisconnected"):
            session.request("POST", url)
        assert len(met) == 1


def hang(connection: socket.socket, number: int) -> None:
    while connection.recv(65_536):
        pass


def break_off(connection: socket.socket, number: int) -> None:
    hear(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def reset(connection: socket.socket, number: int) -> None:
    hear(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def drip(connection: socket.socket, number: int) -> None:
    hear(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    try:
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)
    except OSError:
        pass  # the client has had enough


def babble(connection: socket.socket, number: int) -> None:
    hear(connection)
    connection.sendall(b"this is not HTTP\r\n\r\n")


@pytest.mark.parametrize("speak", [hang, break_off, reset, drip, babble])
def test_a_server_that_does_not_answer_is_a_connection_error_in_bounded_time(
    session: SignedSession, speak: Any
) -> None:
    with speaking(speak) as (url, _), pytest.raises(kit_aws.AwsConnectionError) as caught:
        session.request("GET", f"{url}/p?X-Amz-Signature=secret", timeout=0.3)
    assert caught.value.resource == f"{url}/p"
    assert caught.value.operation == "GET"
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_server_that_is_gone_is_a_connection_error(session: SignedSession) -> None:
    with pytest.raises(kit_aws.AwsConnectionError, match="ConnectionRefusedError"):
        session.request("GET", "http://127.0.0.1:9/")


def test_a_timeout_may_differ_for_one_request(aws: Any) -> None:
    session = SignedSession("execute-api", "eu-west-1", KEY, read_timeout=3600)
    with speaking(hang) as (url, _), pytest.raises(kit_aws.AwsConnectionError):
        session.request("GET", url, timeout=0.05)


def test_an_answer_is_not_waited_for_beyond_the_invocation(aws: Any) -> None:
    session = SignedSession("execute-api", "eu-west-1", KEY, read_timeout=3600)
    with speaking(hang) as (url, _), invocation.enter(remaining_ms=600), pytest.raises(kit_aws.AwsConnectionError):
        session.request("GET", url)


@contextmanager
def full() -> Iterator[int]:
    """Listen on a port whose queue of connections is full, so that the kernel answers no further one."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting: list[socket.socket] = []
        while len(waiting) < 16:
            each = socket.socket()
            each.settimeout(0.1)
            waiting.append(each)
            try:
                each.connect(listening.getsockname())
            except TimeoutError:
                break
        yield listening.getsockname()[1]
        for each in waiting:
            each.close()


@pytest.mark.parametrize("speak", [hang, reset, babble])
def test_calls_of_boto3_clients_fail_in_bounded_time_too(aws: Any, monkeypatch: pytest.MonkeyPatch, speak: Any) -> None:
    with speaking(speak) as (url, met):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(kit_aws.AwsConnectionError), kit_aws.aws_errors("GetSecretValue"):
            kit_aws.client("secretsmanager", connect_timeout=0.2, read_timeout=0.2, max_attempts=2).get_secret_value(
                SecretId="a"
            )
        assert len(met) == 2


def test_half_an_answer_to_a_boto3_client_is_no_answer(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(connection: socket.socket, number: int) -> None:
        while not connection.recv(65_536).endswith(b"}"):
            pass
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")

    with speaking(half) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(kit_aws.AwsConnectionError):  # older versions of botocore notice it themselves
            kit_aws.get_secret("a", force=True)


def test_a_boto3_client_gives_up_connecting(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with full() as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(kit_aws.AwsConnectionError) as caught, kit_aws.aws_errors("GetSecretValue"):
            kit_aws.client("secretsmanager", connect_timeout=0.2, max_attempts=1).get_secret_value(SecretId="a")
        assert caught.value.code == "ConnectTimeoutError"


def test_a_line_break_in_a_header_is_refused_without_showing_the_value(serve: Any) -> None:
    server = serve(lambda call: (200, {}, b""))
    key = Credentials("AKIDEXAMPLE", "secret", "hidden-token\n")
    refused = pytest.raises(kit_aws.SigningError, match="'X-Amz-Security-Token' has a line break")
    with SignedSession("execute-api", "eu-west-1", key) as session, refused as caught:
        session.request("GET", server.url)
    assert "hidden-token" not in repr(caught.value)
    assert server.calls == []
