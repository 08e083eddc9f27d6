"""Calls against a server that breaks off, resets, refuses, is slow, and whose clock is another."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import kit_aws
import pytest
from kit_aws import AwsConnectionError, AwsError, ThrottlingError
from kit_aws.calls import sending
from kit_core import invocation
from kit_core.connections import Answer, Request

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "SECRETEXAMPLE", "AWS_REGION": "eu-west-1"}
GET = ("dynamodb", "GetItem", {"TableName": "t", "Key": {}})
SEND = ("sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": "m"})
PUBLISH = ("sns", "Publish", {"TopicArn": "t", "Message": "m"})
INVOKE = ("lambda", "Invoke", {"FunctionName": "f"})
POST = ("apigatewaymanagementapi", "PostToConnection", {"ConnectionId": "c", "Data": b"x"})
WHOAMI = ("sts", "GetCallerIdentity", {})
OBJECT = ("s3", "GetObject", {"Bucket": "b-b", "Key": "k"})
ITEM = b'{"Item":{"k":{"S":"a"}}}'


class Peer:
    """A server that answers each request with the next of the given bytes, or of a function of the request.

    None hangs up, a number waits as long.
    """

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                if self._closed.is_set():
                    connection.close()
                    return
                self._open.append(connection)
                thread = threading.Thread(target=self._talk, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while heard := self._hear(connection):
                self.requests.append(heard)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(answer):
                    answer = answer(heard)
                if isinstance(answer, int | float):
                    self._closed.wait(answer)
                    continue
                if answer is None:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                    return
                connection.sendall(answer)
                if b"Content-Length: 9999" in answer or b"chunked" in answer or b"HTTP/1.1" not in answer:
                    return

    def _hear(self, connection: socket.socket) -> bytes:
        heard = b""
        while b"\r\n\r\n" not in heard:
            if not (chunk := connection.recv(65_536)):
                return b""
            heard += chunk
        head, _, body = heard.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                while len(body) < int(line.partition(b":")[2]):
                    body += connection.recv(65_536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._closed.set()
        socket.create_connection(self._listening.getsockname()).close()
        self._listening.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Peer]]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    started: list[Peer] = []

    def start(*answers: Any) -> Peer:
        started.append(Peer(list(answers)))
        monkeypatch.setenv("AWS_ENDPOINT_URL", started[-1].url)
        return started[-1]

    yield start
    sending.forget()
    for each in started:
        each.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, which are not waited for."""
    waited: list[float] = []
    monkeypatch.setattr("kit_aws.calls.sending.time.sleep", waited.append)
    return waited


def http(status: int, body: bytes = b"{}", length: int | None = None, **headers: str) -> bytes:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {length or len(body)}\r\n\r\n".encode() + body


BROKEN = {
    "closed before the answer": None,
    "no HTTP": b"this is not HTTP\r\n\r\n",
    "short": http(200, b'{"Item"', length=9999),
    "missing": http(200, b""),
    "no JSON": http(200, b"<html>hello</html>"),
    "half of a JSON text": http(200, b'{"Item":{'),
    "no object": http(200, b"[]"),
    "not of its form": http(200, b'{"Item":5}'),
    "nested too deeply": http(200, b"[" * 100_000),
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "a failure": http(500, b'{"__type":"InternalServerError"}'),
    "an unavailable service": http(503, b"<html><body>no</body></html>"),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_asked_for_again(peer: Any, waits: list[float], answer: Any) -> None:
    server = peer(answer, http(200, ITEM))
    got = kit_aws.call(*GET)
    assert got["Item"] == {"k": {"S": "a"}}
    assert got["ResponseMetadata"]["RetryAttempts"] == 1
    assert len(server.requests) == 2
    assert len(waits) == 1


@pytest.mark.parametrize(
    "answer", [each for name, each in BROKEN.items() if "un" not in name and "failure" not in name]
)
def test_an_answer_that_stays_broken_is_an_error(peer: Any, waits: list[float], answer: Any) -> None:
    server = peer(answer)
    with pytest.raises(AwsConnectionError, match="GetItem for 't' failed"):
        kit_aws.call(*GET)
    assert len(server.requests) == 7


def test_an_outage_of_a_second_is_bridged(peer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = peer(http(200, ITEM))
    ends = time.monotonic() + 1
    real = sending._connections.send
    tried: list[bool] = []

    def unreachable(request: Any) -> Any:
        tried.append(time.monotonic() < ends)
        return real(request._replace(url="http://127.0.0.1:9/") if tried[-1] else request)

    monkeypatch.setattr(sending._connections, "send", unreachable)
    assert kit_aws.call(*GET)["Item"] == {"k": {"S": "a"}}
    assert (tried[0], tried[-1], len(server.requests)) == (True, False, 1)


def test_no_more_time_is_taken_than_the_invocation_has(peer: Any, waits: list[float]) -> None:
    server = peer(http(503, b""))
    with invocation.enter(remaining_ms=520), pytest.raises(AwsError, match="503"):
        kit_aws.call(*GET)
    assert (len(server.requests), waits) == (1, [])


def test_the_service_says_how_long_to_wait(peer: Any, waits: list[float]) -> None:
    peer(http(429, b'{"__type":"X"}', Retry_After="2"), http(503, b"{}", x_amz_retry_after="7000"), http(200, ITEM))
    kit_aws.call(*GET)
    assert waits[0] >= 2
    assert waits[1] >= 7


@pytest.mark.parametrize("header", ["retry_after", "x_amz_retry_after"])
def test_a_wait_without_end_is_not_begun(peer: Any, waits: list[float], header: str) -> None:
    peer(http(503, b"", **{header: "9" * 5000}))
    with pytest.raises(AwsError, match="503"):
        kit_aws.call(*GET)
    assert waits == []


def test_a_wait_beyond_the_time_that_is_left_is_not_begun(peer: Any, waits: list[float]) -> None:
    server = peer(http(429, b'{"__type":"ThrottlingException"}', Retry_After="60"))
    with pytest.raises(ThrottlingError):
        kit_aws.call(*GET)
    assert (len(server.requests), waits) == (1, [])


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (SEND, b'{"__type":"KmsThrottled"}'),
        (SEND, b'{"__type":"com.amazonaws.sqs#RequestThrottled"}'),
        (PUBLISH, b"<ErrorResponse><Error><Code>KMSThrottling</Code></Error></ErrorResponse>"),
    ],
)
def test_throttling_is_waited_for(peer: Any, waits: list[float], call: Any, code: bytes) -> None:
    found = b"<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"
    peer(http(400, code), http(200, found if call is PUBLISH else b'{"MessageId":"m"}'))
    assert kit_aws.call(*call)["MessageId"] == "m"
    assert len(waits) == 1


@pytest.mark.parametrize("call", [PUBLISH, WHOAMI])
@pytest.mark.parametrize("body", [b"", b"no", b"<!DOCTYPE html><html></html>", b"<html/>"])
def test_an_error_without_xml_is_an_error_of_aws(peer: Any, waits: list[float], call: Any, body: bytes) -> None:
    server = peer(http(503, body))
    with pytest.raises(AwsError) as caught:
        kit_aws.call(*call)
    assert (caught.value.code, caught.value.status) == ("503", 503)
    assert len(server.requests) == 7
    peer(http(403, body))
    with pytest.raises(kit_aws.AccessDeniedError):
        kit_aws.call(*call)


@pytest.mark.parametrize(
    "body", [b"", b"<html/>", b"<Other/>", b"<PublishResponse>", b'<?xml version="1.0" encoding="x"?>']
)
def test_an_answer_in_no_xml_is_no_success(peer: Any, waits: list[float], body: bytes) -> None:
    peer(http(200, body))
    with pytest.raises(AwsConnectionError, match="MalformedAnswer"):
        kit_aws.call(*PUBLISH)


@pytest.mark.parametrize("moment", ["1e300", "Infinity", "NaN", "[]"])
def test_a_time_out_of_range_is_no_success(peer: Any, waits: list[float], moment: str) -> None:
    peer(http(200, f'{{"CreatedDate":{moment}}}'.encode()))
    with pytest.raises(AwsConnectionError, match="MalformedAnswer"):
        kit_aws.call("secretsmanager", "GetSecretValue", {"SecretId": "s"})


@pytest.mark.parametrize("call", [INVOKE, POST])
@pytest.mark.parametrize("answer", [None, 5, http(200, b"ab", length=9999)], ids=["reset", "silent", "short"])
def test_work_that_may_be_done_is_not_asked_for_again(peer: Any, waits: list[float], call: Any, answer: Any) -> None:
    server = peer(answer)
    with pytest.raises(AwsConnectionError):
        kit_aws.call(*call, timeout=0.3)
    assert (len(server.requests), waits) == (1, [])


def test_an_invocation_that_was_not_begun_is_asked_for_again(peer: Any, waits: list[float]) -> None:
    server = peer(http(429, b'{"Reason":"x"}', x_amzn_errortype="TooManyRequestsException"), http(200, b"7"))
    assert kit_aws.call(*INVOKE)["Payload"] == b"7"
    assert len(server.requests) == 2


def test_a_slow_answer_is_not_waited_for_beyond_the_timeout(peer: Any, waits: list[float]) -> None:
    server = peer(5, 5, http(200, b'{"MessageId":"m"}'))
    assert kit_aws.call(*SEND, timeout=0.3)["MessageId"] == "m"
    assert len(server.requests) == 3


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_off_is_corrected_once(peer: Any, waits: list[float], hours: int) -> None:
    there = datetime.now(UTC) + timedelta(hours=hours)
    date = there.strftime("%a, %d %b %Y %H:%M:%S GMT")
    skewed = http(400, b'{"__type":"InvalidSignatureException","message":"Signature expired"}', Date=date)
    server = peer(skewed, http(200, ITEM))
    assert kit_aws.call(*GET)["Item"]
    assert kit_aws.call(*GET)["Item"]
    stamps = [request.lower().partition(b"x-amz-date: ")[2][:9] for request in server.requests]
    assert len(server.requests) == 3
    assert stamps[1:] == [there.strftime("%Y%m%dt").lower().encode()] * 2
    for request in server.requests[1:]:
        stamp = request.lower().partition(b"x-amz-date: ")[2][:16].decode()
        signed_at = datetime.strptime(stamp, "%Y%m%dt%H%M%Sz").replace(tzinfo=UTC)
        assert abs(signed_at - there) < timedelta(minutes=5)
    assert waits == []


def test_threads_whose_calls_meet_a_clock_that_is_off_correct_it_together(
    peer: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = datetime.now(UTC) + timedelta(hours=1)
    date = there.strftime("%a, %d %b %Y %H:%M:%S GMT")
    skewed = http(400, b'{"__type":"InvalidSignatureException","message":"Signature expired"}', Date=date)

    def by_its_date(request: bytes) -> bytes:
        stamp = request.lower().partition(b"x-amz-date: ")[2][:16].decode()
        signed_at = datetime.strptime(stamp, "%Y%m%dt%H%M%Sz").replace(tzinfo=UTC)
        return http(200, ITEM) if abs(signed_at - there) < timedelta(minutes=5) else skewed

    server = peer(by_its_date)
    together = threading.Barrier(4)
    signed = sending.signed

    def first_together(*given: Any) -> dict[str, str]:
        headers = signed(*given)
        if given[-1] < there.timestamp() - 300:
            together.wait(60)
        return headers

    monkeypatch.setattr(sending, "signed", first_together)
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(kit_aws.call(*GET))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), len(server.requests)) == (4, 8)
    assert 3500 < sending._clock_offset < 3700


def test_a_wrong_key_is_not_taken_for_a_wrong_clock(peer: Any, waits: list[float]) -> None:
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    server = peer(http(400, b'{"__type":"InvalidSignatureException"}', Date=date))
    with pytest.raises(kit_aws.AccessDeniedError):
        kit_aws.call(*GET)
    assert len(server.requests) == 1


def test_a_body_with_another_checksum_is_asked_for_again(peer: Any, waits: list[float]) -> None:
    peer(http(200, b"hellx", x_amz_checksum_crc32="NhCmhg=="), http(200, b"hello", x_amz_checksum_crc32="NhCmhg=="))
    assert kit_aws.call(*OBJECT)["Body"] == b"hello"
    assert len(waits) == 1
    peer(http(200, b"hello", x_amz_checksum_crc32="AAAAAA==-2"))
    assert kit_aws.call(*OBJECT)["Body"] == b"hello"


def test_a_service_that_stays_away_is_not_asked_for_ever(peer: Any, waits: list[float]) -> None:
    server = peer(http(503, b""))
    for _ in range(40):
        with pytest.raises(AwsError):
            kit_aws.call(*GET)
    assert 40 + 100 <= len(server.requests) < 40 + 140  # of 240 repetitions


def test_credentials_of_the_container_are_read_and_kept(
    peer: Any, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = f'{{"AccessKeyId":"AKIDCONTAINER","SecretAccessKey":"s","Token":"t","Expiration":"{ends}"}}'.encode()
    container = peer(http(200, keys))
    server = peer(http(200, ITEM))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{container.url}/creds")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret")
    for _ in range(2):
        kit_aws.call(*GET)
    [asked] = container.requests
    assert b"authorization: secret" in asked.lower()
    assert all(b"Credential=AKIDCONTAINER/" in request for request in server.requests)


def test_a_container_without_credentials_is_an_error(peer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    container = peer(http(500, b""))
    server = peer(http(200, ITEM))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url + "/other")
    with pytest.raises(kit_aws.CredentialsError, match="500"):
        kit_aws.call(*GET)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/creds")
    with pytest.raises(kit_aws.CredentialsError, match="neither HTTPS"):
        kit_aws.call(*GET)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[::1]:9/creds")
    with pytest.raises(kit_aws.CredentialsError, match="HttpConnectionError"):
        kit_aws.call(*GET)
    strange = peer(http(200, b'["no keys"]'))
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", strange.url)
    with pytest.raises(kit_aws.CredentialsError):
        kit_aws.call(*GET)
    assert server.requests == []


def test_a_key_with_a_line_break_is_an_error_without_the_key(peer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    peer(http(200, ITEM))
    monkeypatch.setenv("AWS_SESSION_TOKEN", "dG9rZW4=\n")
    with pytest.raises(kit_aws.CredentialsError, match="AWS_SESSION_TOKEN has a line break") as caught:
        kit_aws.call(*GET)
    assert "dG9r" not in str(caught.value)


@pytest.mark.parametrize("bucket", ["papers", "old.papers"])
def test_a_bucket_in_another_region_is_asked_there(monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
    """Real hosts, so that the connections are taken away."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        if "s3.eu-west-1." in request.url:
            return Answer(301, {"x-amz-bucket-region": "eu-north-1"}, b"<Error><Code>PermanentRedirect</Code></Error>")
        return Answer(200, {"Content-Length": "1"}, b"x")

    monkeypatch.setattr(sending._connections, "send", answer)
    for _ in range(2):
        assert kit_aws.call("s3", "GetObject", {"Bucket": bucket, "Key": "k"})["Body"] == b"x"
    host = f"{bucket}.s3.{{}}.amazonaws.com/k" if "." not in bucket else f"s3.{{}}.amazonaws.com/{bucket}/k"
    places = [host.format(region) for region in ("eu-west-1", "eu-north-1", "eu-north-1")]
    assert [request.url for request in asked] == [f"https://{place}" for place in places]
    assert all("/eu-north-1/s3/" in request.headers["authorization"] for request in asked[1:])
    kit_aws.clear_caches()
    kit_aws.call("s3", "GetObject", {"Bucket": bucket, "Key": "k"})
    assert "s3.eu-west-1." in asked[3].url
