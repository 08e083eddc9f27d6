"""The event loop: one per process, kept, and gone at the end."""

import asyncio
import os
import subprocess
import sys

import pytest
from kit_handler import Request, Response, correlation_id, route
from kit_handler.testing import http_event

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
    assert run(script) == "done"


def run(script: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert finished.stderr == ""
    return finished.stdout.strip()
