"""The event loop: one per process, kept, and gone at the end."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kit_handler import Request, Response, _loop, correlation_id, route
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
    assert "__wrapped__" in caplog.text


def test_what_is_left_behind_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    async def background() -> None:
        await asyncio.Event().wait()

    async def numbers() -> AsyncIterator[int]:
        for number in range(3):
            yield number
            await asyncio.sleep(0)

    kept: list[Any] = []

    @route
    async def start(request: Request) -> Response:
        kept.append(asyncio.create_task(background()))
        kept.append(numbers())
        await anext(kept[-1])
        return Response.no_content()

    assert start(http_event())["statusCode"] == 204
    assert "background, " in caplog.text
    assert "numbers" in caplog.text
    caplog.clear()
    remember(http_event())
    assert caplog.text == ""

    async def tidy_up() -> None:
        kept[0].cancel()
        await kept[1].aclose()

    _loop.run(tidy_up())


def test_a_generator_that_was_only_dropped_is_closed_and_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    closed = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    async def first() -> int:
        async for number in numbers():
            return number
        return 0

    assert _loop.run(first()) == 1
    assert (closed, caplog.text) == ([True], "")


def test_a_coroutine_is_cancelled_before_the_invocation_ends_and_may_clean_up(caplog: pytest.LogCaptureFixture) -> None:
    cleaned = []

    @route(cors=True)
    async def slow(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(request.context.get_remaining_time_in_millis() > 0)
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

    context = LambdaContext(timeout=0.3)
    assert stubborn(http_event(), context)["statusCode"] == 503
    assert context.get_remaining_time_in_millis() > 0

    async def let_go() -> None:
        release.set()
        await asyncio.sleep(0)

    _loop.run(let_go())


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    script = """
import os
from kit_handler import _loop
async def loop():
    import asyncio
    return id(asyncio.get_running_loop())
mine = _loop.run(loop())
child = os.fork()
if child == 0:
    os._exit(0 if _loop.run(loop()) != mine else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), _loop.run(loop()) == mine)
"""
    assert run(script) == "0 True"


def test_the_loop_is_closed_quietly_at_the_end_with_tasks_still_running() -> None:
    script = """
import asyncio
from kit_handler import _loop
async def forever():
    await asyncio.Event().wait()
async def start():
    task = asyncio.create_task(forever())
    _loop.kept_for_the_test = task
    await asyncio.to_thread(int)
_loop.run(start())
print("done")
"""
    assert run(script, says="forever\n") == "done"


def run(script: str, *, says: str = "") -> str:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert finished.stderr.endswith(says) if says else finished.stderr == ""
    assert len(finished.stderr.splitlines()) == (1 if says else 0)
    return finished.stdout.strip()
