"""Streams where Lambda's runtime takes whole answers: joined, in time, or an error like any other."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from kit_core import invocation
from kit_handler import (
    NotFoundError,
    Request,
    Response,
    Router,
    ServerSentEvent,
    StreamInterruptedError,
    aws_lambda_handler,
    route,
)
from kit_testing import Client, LambdaContext
from kit_testing.events import PAYLOADS, http_event

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


def once(items: list[Any]) -> Iterator[Any]:
    yield from items


async def later(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


@pytest.fixture(params=PAYLOADS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("make", [list, once, later])
@pytest.mark.parametrize(
    ("items", "content"),
    [
        (["a;b\n", "ä;1\n"], "a;b\nä;1\n".encode()),
        ([b"a", bytearray(b"\xff"), memoryview(b"b")], b"a\xffb"),
        (["a", b"b", ""], b"ab"),
        ([], b""),
    ],
)
def test_chunks_are_joined(make: Any, items: list[Any], content: bytes, version: str) -> None:
    @route
    def report(request: Request) -> Response:
        return Response.stream(make(items), content_type="text/csv; charset=utf-8", headers={"X-A": ["1", "2"]})

    answer = Client(report, version=version).get()
    assert (answer.status, answer.content, answer.headers["x-a"]) == (200, content, "1, 2")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_given_field_wins_in_any_case() -> None:
    fields = {"content-type": "text/html", "cache-control": "no-cache"}
    for make in (Response.stream, Response.events):
        answer = Client(route(lambda request, make=make: make(["a"], headers=fields))).get()  # type: ignore[misc]
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("text/html", "no-cache")


@pytest.mark.parametrize("make", [once, later])
def test_a_coroutine_function_may_answer_with_a_stream(make: Any) -> None:
    async def with_field(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["X-Seen"] = "yes"
        return response.set_cookie("a", "1")

    @route(interceptors=[with_field], cors="https://a.example", security_headers=True)
    async def report(request: Request) -> Response:
        await asyncio.sleep(0)
        return Response.stream(make(["a", "b"]), status_code=206)

    answer = Client(report, headers={"Origin": "https://a.example"}).get()
    assert (answer.status, answer.text, answer.headers["x-seen"]) == (206, "ab", "yes")
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.set_cookies[0].startswith("a=1;")


def test_a_plain_request_is_answered_with_the_whole_body() -> None:
    app = Router(prefix="/v1")
    app.get("/report")(route(lambda request: Response.stream(once(["a", "b"]))))
    assert app(Request(path="/v1/report")).body == b"ab"


def test_a_joined_stream_has_a_tag_and_is_compressed() -> None:
    handler = route(etag=True, compress=True)(lambda request: Response.stream(once(["so long "] * 400)))
    answer = Client(handler).get(headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert Client(handler).get(headers={"If-None-Match": answer.headers["etag"]}).status == 304


def test_head_reads_nothing(version: str) -> None:
    read: list[str] = []

    def chunks() -> Iterator[str]:
        read.append("read")
        yield "a"

    answer = Client(route(lambda request: Response.stream(chunks())), version=version).head()
    assert (answer.status, answer.content, read) == (200, b"", [])
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


EVENTS = [
    ("text", "data: text\n\n"),
    ("two\nlines\r\nand\rmore", "data: two\ndata: lines\ndata: and\ndata: more\n\n"),
    ("", "data: \n\n"),
    ({"a": 1}, 'data: {"a":1}\n\n'),
    ([1], "data: [1]\n\n"),
    ("\u2028", "data: \u2028\n\n"),
    (ServerSentEvent("x", event="step", id="7", retry=500), "event: step\nid: 7\nretry: 500\ndata: x\n\n"),
    (ServerSentEvent(id="7"), "id: 7\n\n"),
    (ServerSentEvent(comment="still\nhere"), ": still\n: here\n\n"),
    (ServerSentEvent("a\ud800"), "data: a\\ud800\n\n"),
]


@pytest.mark.parametrize("make", [once, later])
def test_server_sent_events(make: Any, version: str) -> None:
    @route
    def progress(request: Request) -> Response:
        return Response.events(make([item for item, _ in EVENTS]), headers={"X-A": "1"})

    answer = Client(progress, version=version).get()
    assert answer.text == "".join(text for _, text in EVENTS)
    assert answer.headers["content-type"] == "text/event-stream"
    assert (answer.headers["cache-control"], answer.headers["x-a"]) == ("no-store", "1")


@pytest.mark.parametrize(
    "options",
    [
        {"event": "a\nb"},
        {"event": "a\r"},
        {"id": "1\r\n2"},
        {"id": "1\0"},
        {"retry": -1},
        {"retry": "1"},
        {"retry": True},
    ],
)
def test_an_event_cannot_write_further_fields(options: Any) -> None:
    with pytest.raises(ValueError, match="of an event"):
        ServerSentEvent("x", **options)


@pytest.mark.parametrize("body", ["text", b"bytes", bytearray(b"x"), 7, None, once, later])
def test_something_else_is_no_stream(body: Any) -> None:
    for make in (Response.stream, Response.events):
        with pytest.raises(TypeError, match="a stream is an iterable"):
            make(body)


@pytest.mark.parametrize("make", [once, later])
@pytest.mark.parametrize("items", [["a", 7], [None], [{"a": 1}]])
def test_a_chunk_is_text_or_bytes(make: Any, items: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert Client(route(lambda request: Response.stream(make(items)))).get().status == 500
    assert "a chunk of a stream is text or bytes" in caplog.text


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("error", "status"), [(NotFoundError("No report"), 404), (KeyError("secret"), 500)])
def test_an_error_anywhere_is_answered_as_one(kind: str, error: Exception, status: int) -> None:
    closed: list[str] = []

    def broken() -> Iterator[str]:
        try:
            yield "a"
            raise error
        finally:
            closed.append("closed")

    async def broken_async() -> AsyncIterator[str]:
        for item in broken():
            yield item

    @route(exception_handlers={LookupError: lambda error, request: Response.text("odd", status_code=status)})
    def report(request: Request) -> Response:
        return Response.stream(broken() if kind == "sync" else broken_async())

    answer = Client(report).get()
    assert (answer.status, "secret" in answer.text, closed) == (status, False, ["closed"])


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_endless_stream_ends_at_the_limit_of_an_answer(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    closed: list[str] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1_000_000
        finally:
            closed.append("closed")

    async def endless_async() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 1_000_000
        finally:
            closed.append("closed")

    answer = Client(route(lambda request: Response.stream(endless() if kind == "sync" else endless_async()))).get()
    assert (answer.status, closed) == (500, ["closed"])
    assert "6291556 are let through" in caplog.text


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_stream_that_outlives_the_invocation_is_503(kind: str) -> None:
    closed: list[str] = []

    def slow() -> Iterator[str]:
        context = invocation.current()
        assert context is not None
        try:
            while True:
                yield "."
        finally:
            closed.append("closed")

    async def slow_async() -> AsyncIterator[str]:
        try:
            yield "."
            await asyncio.Event().wait()
        finally:
            closed.append("closed")

    handler = route(lambda request: Response.stream(slow() if kind == "sync" else slow_async()))
    answer = handler(http_event(), LambdaContext(timeout=0.2))
    assert (answer["statusCode"], closed) == (503, ["closed"])


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_stream_sees_its_invocation_and_its_functions_context(kind: str) -> None:
    def seen() -> Iterator[str]:
        yield f"{invocation.correlation_id()} "
        yield TENANT.get()

    async def seen_async() -> AsyncIterator[str]:
        yield f"{invocation.correlation_id()} "
        yield "acme"

    @route
    def report(request: Request) -> Response:
        TENANT.set("acme")
        return Response.stream(seen() if kind == "sync" else seen_async())

    answer = report(http_event(headers={"X-Correlation-Id": "c-7"}))
    assert answer["body"] == "c-7 acme"
    TENANT.set("nobody")


def test_an_enveloped_function_may_answer_with_a_stream(version: str) -> None:
    handler = aws_lambda_handler()(lambda event, context: Response.stream(once(["a", "b"])))
    assert Client(handler, version=version).get().text == "ab"
    failed = aws_lambda_handler()(lambda event, context: Response.stream(once(["a", 7])))
    assert json.loads(failed(http_event(version=version), None)["body"])["rslt_cd"] == "S99999"


def test_a_function_that_yields_is_refused_at_import() -> None:
    def yielding(request: Request) -> Any:
        yield "a"

    async def yielding_async(request: Request) -> Any:
        yield "a"

    for function in (yielding, yielding_async):
        for decorate in (route, route(role="A"), Router().get("/")):
            with pytest.raises(TypeError, match=r"Response\.stream"):
                decorate(function)


@pytest.mark.parametrize("make", [once, later])
def test_a_generator_that_is_returned_as_it_is_is_no_response(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert Client(route(lambda request: make(["a"]))).get().status == 500
    assert "Response.stream makes one of it" in caplog.text


def test_the_error_of_a_broken_stream_names_its_function() -> None:
    assert str(StreamInterruptedError("report")) == "the streamed answer of report has broken off"
