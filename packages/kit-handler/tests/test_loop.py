"""Coroutines as routes: in one kept loop, within the time that is left."""

import asyncio
import threading
import time
from typing import Any

import pytest
from kit_core import loop
from kit_core.invocation import correlation_id
from kit_handler import Request, Response, route
from kit_testing import LambdaContext
from kit_testing.events import http_event

loops = []


@route
async def remember(request: Request) -> Response:
    loops.append(asyncio.get_running_loop())
    return Response.ok({"id": correlation_id()})


def test_every_invocation_runs_in_the_same_loop_and_its_own_context() -> None:
    loops.clear()
    answers = [remember(http_event(headers={"x-correlation-id": name})) for name in ("a", "b")]
    assert [answer["body"] for answer in answers] == ['{"data":{"id":"a"}}', '{"data":{"id":"b"}}']
    assert loops[0] is loops[1]


def test_what_is_left_running_goes_on_with_the_next_invocation() -> None:
    done = []

    async def later() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.append(True)

    @route
    async def start(request: Request) -> Response:
        start.task = asyncio.create_task(later())  # type: ignore[attr-defined]
        return Response.no_content()

    @route
    async def wait(request: Request) -> Response:
        await start.task  # type: ignore[attr-defined]
        return Response.no_content()

    start(http_event())
    wait(http_event())
    assert done == [True]


def test_inside_a_running_loop_the_error_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    async def call() -> int:
        return remember(Request()).status_code

    assert asyncio.run(call()) == 500
    assert "await the coroutine instead" in caplog.text


def test_a_coroutine_is_cancelled_before_the_invocation_ends_and_may_clean_up(caplog: pytest.LogCaptureFixture) -> None:
    cleaned = []

    @route(cors=True)
    async def slow(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)
        return Response.ok()

    answer = slow(http_event(), LambdaContext(timeout=0.3))
    assert (answer["statusCode"], cleaned) == (503, [True])
    assert "The request took too long" in answer["body"]
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert "slow was cancelled" in caplog.text


def test_a_coroutine_that_answers_while_it_is_cancelled_is_heard() -> None:
    @route
    async def prepared(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return Response.accepted()
        return Response.ok()

    assert prepared(http_event(), LambdaContext(timeout=0.2))["statusCode"] == 202


def test_a_coroutine_that_will_not_end_is_left_behind() -> None:
    release = asyncio.Event()

    @route
    async def stubborn(request: Request) -> Response:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return Response.ok()

    assert stubborn(http_event(), LambdaContext(timeout=0.3))["statusCode"] == 503

    async def let_go() -> None:
        release.set()
        await asyncio.sleep(0)

    loop.run(let_go())


@pytest.mark.parametrize("context", [None, object(), LambdaContext(timeout=30)])
def test_with_time_enough_nothing_is_cancelled(context: Any) -> None:
    assert remember(http_event(), context)["statusCode"] == 200


def test_a_task_that_somebody_else_cancels_is_a_500_and_ends_nothing() -> None:
    @route
    async def cancelled(request: Request) -> Response:
        raise asyncio.CancelledError

    assert cancelled(http_event(), LambdaContext())["statusCode"] == 500


def test_a_blocking_call_is_not_cut_but_the_next_wait_is() -> None:
    @route
    async def blocking(request: Request) -> Response:
        time.sleep(0.12)
        await asyncio.sleep(10)
        return Response.ok()

    assert blocking(http_event(), LambdaContext(timeout=0.1))["statusCode"] == 503


def test_threads_that_call_at_the_same_time_all_get_their_answer() -> None:
    everybody_is_in = threading.Barrier(3)

    @route
    async def meet(request: Request) -> Response:
        await loop.in_thread(everybody_is_in.wait, 20)
        return Response.ok(request.query["name"])

    answers: dict[str, Any] = {}

    def call(name: str) -> None:
        answers[name] = meet(http_event(query={"name": name}), LambdaContext())["body"]

    threads = [threading.Thread(target=call, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {name: f'{{"data":"{name}"}}' for name in "abc"}
