"""The event loop: one per process, kept, and gone at the end."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from kit_core import loop
from kit_core.errors import CoroutineCancelledError, TimeUpError
from kit_core.invocation import correlation_id, enter


class Context:
    """Is a Lambda context whose time runs out."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int((self.end - time.monotonic()) * 1000)


async def running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_every_call_runs_in_the_same_loop_and_its_own_context() -> None:
    async def seen() -> tuple[str | None, object]:
        return correlation_id(), asyncio.get_running_loop()

    answers = []
    for name in ("a", "b"):
        with enter({"id": name}):
            answers.append(loop.run(seen()))
    assert [name for name, _ in answers] == ["a", "b"]
    assert answers[0][1] is answers[1][1]


def test_a_loop_that_was_closed_is_replaced() -> None:
    loop.run(running_loop()).close()
    assert not loop.run(running_loop()).is_closed()


def test_tasks_of_one_call_go_on_with_the_next() -> None:
    done = []
    kept: list[asyncio.Task[None]] = []

    async def later() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.append(True)

    async def start() -> None:
        kept.append(asyncio.create_task(later()))

    async def wait() -> None:
        await kept[0]

    loop.run(start())
    loop.run(wait())
    assert done == [True]


def test_inside_a_running_loop_the_error_tells_the_remedy() -> None:
    async def call() -> None:
        loop.run(running_loop())

    with pytest.raises(RuntimeError, match="await the coroutine instead"):
        asyncio.run(call())


def test_unfinished_tasks_and_generators_are_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    async def background() -> None:
        await asyncio.Event().wait()

    async def numbers() -> AsyncIterator[int]:
        for number in range(3):
            yield number
            await asyncio.sleep(0)

    kept: list[Any] = []

    async def start() -> None:
        kept.append(asyncio.create_task(background()))
        kept.append(numbers())
        await anext(kept[-1])

    loop.run(start())
    assert "background, " in caplog.text
    assert "numbers" in caplog.text
    caplog.clear()
    loop.run(running_loop())
    assert caplog.text == ""

    async def tidy_up() -> None:
        kept[0].cancel()
        await kept[1].aclose()

    loop.run(tidy_up())


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

    assert loop.run(first()) == 1
    assert (closed, caplog.text) == ([True], "")


@pytest.mark.parametrize("limit", ["context", "seconds", "invocation"])
def test_a_coroutine_is_cancelled_before_its_time_is_over_and_may_clean_up(
    limit: str, caplog: pytest.LogCaptureFixture
) -> None:
    context, cleaned = Context(0.3), []

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    options: dict[str, Any] = {"context": {"context": context}, "seconds": {"seconds": 0.2}}.get(limit, {})
    with enter(context=context if limit == "invocation" else None), pytest.raises(TimeUpError, match="time was up"):
        loop.run(slow(), **options)
    assert cleaned == [True]
    assert "slow was cancelled" in caplog.text


def test_the_result_of_a_coroutine_that_ends_while_it_is_cancelled_is_returned() -> None:
    async def prepared() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "partial"
        return "whole"

    assert loop.run(prepared(), seconds=0.1) == "partial"


def test_a_coroutine_that_will_not_end_is_left_behind() -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(TimeUpError):
        loop.run(stubborn(), context=Context(0.3))

    async def let_go() -> None:
        release.set()
        await asyncio.sleep(0)

    loop.run(let_go())


@pytest.mark.parametrize("context", [None, object(), Context(30)])
def test_with_time_enough_nothing_is_cancelled(context: Any) -> None:
    assert loop.run(running_loop(), context=context)


def test_a_task_that_is_cancelled_from_elsewhere_ends_nothing_else() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(CoroutineCancelledError):
        loop.run(cancelled(), context=Context(30))


def test_a_blocking_call_is_not_cut_but_the_next_wait_is() -> None:
    async def blocking() -> None:
        time.sleep(0.12)
        await asyncio.Event().wait()

    with pytest.raises(TimeUpError):
        loop.run(blocking(), seconds=0.1)


def test_threads_that_call_at_the_same_time_all_get_their_answer() -> None:
    together, answers = threading.Barrier(3), []

    async def meet(name: str) -> tuple[str, str | None]:
        await asyncio.to_thread(together.wait, 30)  # no thread gets past it alone
        return name, correlation_id()

    def call(name: str) -> None:
        with enter({"id": name}):
            answers.append(loop.run(meet(name)))

    threads = [threading.Thread(target=call, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [("a", "a"), ("b", "b"), ("c", "c")]


def test_a_loop_for_one_call_ends_the_tasks_that_are_left_in_it() -> None:
    busy, release, ended = threading.Event(), threading.Event(), []

    async def hold() -> None:
        busy.set()
        await asyncio.to_thread(release.wait, 30)

    async def background() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def start() -> None:
        asyncio.create_task(background())  # noqa: RUF006  (it is left behind on purpose)
        await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run, args=(hold(),))
    thread.start()
    busy.wait(30)
    try:
        loop.run(start())
        assert ended == [True]
    finally:
        release.set()
        thread.join()


def test_functions_in_threads_keep_the_context_and_may_wait_for_each_other() -> None:
    def outer(depth: int) -> str | None:
        return correlation_id() if depth == 0 else asyncio.run(loop.in_thread(outer, depth - 1))

    with enter({"id": "e-1"}):
        assert loop.run(loop.in_thread(outer, 40)) == "e-1"


def test_an_awaitable_that_is_no_coroutine_runs_as_well() -> None:
    class Answer:
        def __await__(self) -> Any:
            yield from asyncio.sleep(0).__await__()
            return 7

    answer: Awaitable[int] = Answer()
    assert loop.run(answer) == 7


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    script = """
import os, warnings
from kit_core import loop
async def here():
    import asyncio
    return id(asyncio.get_running_loop())
mine = loop.run(here())
child = os.fork()
if child == 0:
    os._exit(0 if loop.run(here()) != mine else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), loop.run(here()) == mine)
"""
    assert run(script) == "0 True"


def test_the_loop_is_closed_quietly_at_the_end_with_tasks_still_running() -> None:
    script = """
import asyncio
from kit_core import loop
async def forever():
    await asyncio.Event().wait()
async def start():
    loop.kept_for_the_test = asyncio.create_task(forever())
    await asyncio.to_thread(int)
loop.run(start())
print("done")
"""
    assert run(script, says="forever\n") == "done"


def test_importing_it_does_not_import_asyncio() -> None:
    assert run("import sys, kit_core.loop; print('asyncio' in sys.modules)") == "False"


def run(script: str, *, says: str = "") -> str:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script], capture_output=True, text=True, timeout=60
    )
    # asyncio's debug mode also tells of steps that took 0.1 seconds, which is the machine's business.
    stderr = "".join(line for line in finished.stderr.splitlines(keepends=True) if " took " not in line)
    assert stderr.endswith(says) if says else stderr == ""
    assert len(stderr.splitlines()) == (1 if says else 0)
    return finished.stdout.strip()
