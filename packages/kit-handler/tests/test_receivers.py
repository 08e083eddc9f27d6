"""The receiver of errors: what it is told, and that it can neither break nor hold up the answer."""

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
from kit_core.invocation import correlation_id
from kit_handler import AppError, aws_lambda_handler
from kit_handler.envelope import receivers
from kit_handler.envelope.reports import ErrorReport
from kit_testing import LambdaContext
from kit_testing.events import http_event

EVENT = http_event("POST", "/loans", headers={"Authorization": "Bearer hush"}, body={"pin": "hush", "a": 1})


def fail(receiver: Any, error: Exception | None = None, context: Any = None, **options: Any) -> dict[str, Any]:
    @aws_lambda_handler(error_receiver=receiver, **options)
    def handler(event: Any, context: Any) -> Any:
        raise error or ValueError("password=hush")

    answer: dict[str, Any] = json.loads(handler(EVENT, context or LambdaContext())["body"])
    return answer


def test_the_report_is_text_and_has_its_parts() -> None:
    told: list[ErrorReport] = []
    context = LambdaContext(function_name="loans", aws_request_id="r-1")
    fail(told.append, context=context)
    fail(told.append, AppError("B1", "No", details={"loan": 7, "token": "hush"}), context=context)
    first, second = told
    assert isinstance(first, str)
    assert first.startswith("*ValueError: password=[redacted]*\nFunction: loans\n")
    assert (first.type, first.code, first.source_ip, first.request_id) == ("ValueError", None, "203.0.113.7", "r-1")
    assert json.loads(first.payload["body"]) == {"pin": "[redacted]", "a": 1}
    assert (second.code, second.message) == ("B1", "AppError[B1]: No")
    assert second.details == {"loan": 7, "token": "[redacted]"}
    assert "'loan': 7" in second
    for report in told:
        assert "hush" not in json.dumps(report) + json.dumps(report.to_dict())
        assert "Traceback" in report.traceback


def test_a_receiver_knows_what_it_is_about() -> None:
    told = []
    fail(lambda report: told.append(correlation_id()))
    assert told == [EVENT["requestContext"]["requestId"]]


def test_a_receiver_that_hangs_does_not_hold_up_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    release, finished = threading.Event(), threading.Event()

    def hang(report: str) -> None:
        release.wait(30)
        finished.set()

    assert fail(hang, receiver_timeout=0.05)["rslt_cd"] == "S99999"
    assert "hang takes too long" in caplog.text
    assert not finished.is_set()
    release.set()
    assert finished.wait(10)


def test_the_remaining_ms_bounds_the_wait() -> None:
    release, finished = threading.Event(), threading.Event()

    def hang(report: str) -> None:
        release.wait(30)
        finished.set()

    fail(hang, context=LambdaContext(timeout=0.6), receiver_timeout=60)
    assert not finished.is_set()
    release.set()
    assert finished.wait(10)


def test_hanging_receivers_do_not_pile_up(caplog: pytest.LogCaptureFixture) -> None:
    release, called = threading.Event(), []

    def hang(report: str) -> None:
        called.append(threading.current_thread())
        release.wait(30)

    for _ in range(7):
        assert fail(hang, receiver_timeout=0.01)["rslt_cd"] == "S99999"
    assert len(called) == 4
    assert caplog.text.count("still busy") == 3
    release.set()
    for thread in called:
        thread.join(10)
    fail(hang)
    assert len(called) == 5


def test_an_asynchronous_receiver_that_hangs_is_cancelled() -> None:
    ended = []

    async def hang(report: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    assert fail(hang, receiver_timeout=0.05)["rslt_cd"] == "S99999"
    assert ended == [True]


def test_a_plain_receiver_may_return_an_awaitable() -> None:
    told = []

    async def tell(report: str) -> None:
        told.append(report)

    fail(lambda report: tell(report))
    assert len(told) == 1


@pytest.mark.parametrize("failure", [ValueError("token=hush"), SystemExit(1), KeyboardInterrupt()])
def test_whatever_a_receiver_raises_is_logged(failure: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    def receiver(report: str) -> None:
        raise failure

    assert fail(receiver)["rslt_cd"] == "S99999"
    assert "receiver failed" in caplog.text


@pytest.mark.parametrize("receiver", [print, lambda: None, 7])
def test_a_receiver_that_can_not_be_called_so_breaks_nothing(receiver: Any) -> None:
    assert fail(receiver)["rslt_cd"] == "S99999"


class Chat:
    """A chat's web hook."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.port = 0
        self.start()

    def start(self) -> None:
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                chat.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def post(self, report: str) -> None:
        body = json.dumps({"text": report}).encode()
        with urlopen(HttpRequest(f"http://127.0.0.1:{self.port}/", body), timeout=5):
            pass


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    yield chat
    if chat.thread.is_alive():
        chat.stop()


def test_a_chat_that_is_down_changes_nothing_and_hears_of_the_next_error(chat: Chat) -> None:
    assert fail(chat.post)["rslt_cd"] == "S99999"
    chat.stop()
    assert fail(chat.post)["rslt_cd"] == "S99999"
    chat.start()
    fail(chat.post)
    assert len(chat.messages) == 2


def test_nothing_of_this_is_loaded_until_something_fails() -> None:
    assert receivers.__name__ in sys.modules
    import subprocess

    script = """
import sys
from kit_handler import aws_lambda_handler
handler = aws_lambda_handler(error_receiver=print)(lambda event, context: {"a": 1})
assert handler({"httpMethod": "GET"})["statusCode"] == 200
print(*sorted({"kit_handler.envelope.receivers", "kit_core.redaction", "threading", "asyncio"} & set(sys.modules)))
"""
    command = [sys.executable, "-S", "-c", f"import sys\nsys.path[:] = {sys.path!r}\n{script}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == ""
