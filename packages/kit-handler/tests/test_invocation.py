"""Each handler enters the invocation, a job each of its records, and all of them leave it again."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from kit_core import invocation
from kit_handler import Dispatcher, Request, Response, Router, aws_lambda_handler, job, route, trigger
from kit_testing import LambdaContext
from kit_testing.events import http_event, sqs_event


class Clock(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 12_345


def handler_of(kind: str, note: Callable[[], None]) -> Any:
    """Return a handler of a kind that calls `note` for each request, record or event."""
    router = Router()

    @route
    def of_route(request: Request) -> Response:
        note()
        return Response.no_content()

    @route
    async def of_async_route(request: Request) -> Response:
        await asyncio.sleep(0)
        note()
        return Response.no_content()

    @router.get("/")
    def of_path(request: Request) -> Response:
        note()
        return Response.no_content()

    @job
    def of_job(record: dict[str, Any]) -> None:
        note()

    @job(concurrency=2)
    def of_concurrent_job(record: dict[str, Any]) -> None:
        note()

    @job
    async def of_async_job(record: dict[str, Any]) -> None:
        note()

    @job(concurrency=2)
    async def of_concurrent_async_job(record: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        note()

    @job
    def of_batch(records: list[dict[str, Any]]) -> None:
        note()

    @trigger
    def of_trigger(event: dict[str, Any], context: Any) -> dict[str, Any]:
        note()
        return {}

    @aws_lambda_handler()
    def of_envelope(event: Any, context: Any) -> dict[str, Any]:
        note()
        return {}

    def plain(event: Any, context: Any) -> None:
        note()

    handlers = {**locals(), "of_router": router, "of_dispatcher": Dispatcher(http=plain)}
    return handlers[f"of_{kind}"]


HTTP = ("route", "async_route", "router", "trigger", "envelope", "dispatcher")
JOBS = ("job", "concurrent_job", "async_job", "concurrent_async_job", "batch")


@pytest.mark.parametrize("kind", [*HTTP, *JOBS])
def test_the_time_that_is_left_is_that_of_the_invocation_and_none_afterwards(kind: str) -> None:
    notes: list[Any] = []
    handler = handler_of(kind, lambda: notes.append(invocation.remaining_ms()))
    event = sqs_event(["a", "b"]) if kind in JOBS else http_event()
    handler(event, Clock())
    assert set(notes) == {12_345}
    assert invocation.current() is None
    handler(event, None)
    assert notes[-1] is None


@pytest.mark.parametrize("kind", HTTP)
def test_a_request_has_the_correlation_id_of_its_event(kind: str) -> None:
    notes: list[Any] = []
    handler_of(kind, lambda: notes.append(invocation.correlation_id()))(
        http_event(headers={"X-Correlation-Id": "cause"}), LambdaContext()
    )
    assert notes == ["cause"]


@pytest.mark.parametrize("kind", JOBS[:-1])
def test_a_record_has_a_correlation_id_of_its_own(kind: str) -> None:
    notes: list[Any] = []

    def note() -> None:
        current = invocation.current()
        assert current is not None
        notes.append((current.event["body"], current.correlation_id))

    handler_of(kind, note)(sqs_event(["a", "b", "c"]), LambdaContext())
    assert sorted(notes) == [("a", "message-1"), ("b", "message-2"), ("c", "message-3")]


def test_a_whole_batch_has_the_id_of_the_invocation() -> None:
    notes: list[Any] = []
    handler = handler_of("batch", lambda: notes.append(invocation.correlation_id()))
    handler(sqs_event(["a", "b"]), LambdaContext(aws_request_id="invocation-1"))
    assert notes == ["invocation-1"]


def test_it_is_left_after_a_failure_too() -> None:
    @aws_lambda_handler()
    def fail(event: Any, context: Any) -> None:
        raise LookupError

    @job(partial=False)
    def fail_record(record: dict[str, Any]) -> None:
        raise LookupError

    fail(http_event())
    with pytest.raises(ExceptionGroup):
        fail_record(sqs_event(["a"]))
    assert invocation.current() is None


def test_an_id_that_a_handler_sets_is_the_one_that_is_logged_outside_of_it() -> None:
    seen = []

    @route
    def set_it(request: Request) -> Response:
        invocation.set_correlation_id("import-7")
        return Response.no_content()

    @invocation.handler
    def around(event: Any, context: Any) -> Any:
        answer = set_it(event, context)
        seen.append(invocation.correlation_id())
        return answer

    around(http_event(), LambdaContext())
    assert seen == ["import-7"]
