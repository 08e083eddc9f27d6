"""Several records at a time: in threads and tasks, in order where order counts, each under its own correlation id."""

import asyncio
import threading
from contextvars import ContextVar
from typing import Any

import pytest
from kit_core.invocation import correlation_id
from kit_handler import job
from kit_testing import LambdaContext, failed_ids
from kit_testing.events import kinesis_event, s3_event, sqs_event


def test_functions_run_in_so_many_threads_and_no_more() -> None:
    meeting = threading.Barrier(3)
    most, running, lock = 0, 0, threading.Lock()

    @job(concurrency=3)
    def process(record: dict[str, Any]) -> None:
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        meeting.wait(10)
        with lock:
            running -= 1

    assert failed_ids(process(sqs_event(["x"] * 9))) == []
    assert most == 3


def test_coroutines_run_in_so_many_tasks_and_no_more() -> None:
    most, running = 0, 0
    meeting: list[asyncio.Event] = []

    @job(concurrency=3)
    async def process(record: dict[str, Any]) -> None:
        nonlocal most, running
        if not meeting:
            meeting.append(asyncio.Event())
        running += 1
        most = max(most, running)
        if running == 3:
            meeting[0].set()
        await asyncio.wait_for(meeting[0].wait(), 10)
        running -= 1

    assert failed_ids(process(sqs_event(["x"] * 9))) == []
    assert most == 3


def of_both_kinds(seen: list[Any], **options: Any) -> list[Any]:
    """Return a job as a function and as a coroutine function; a body with a ! fails."""

    def note(record: dict[str, Any]) -> None:
        seen.append((record["body"], correlation_id()))
        if record["body"].endswith("!"):
            raise ValueError

    def process(record: dict[str, Any]) -> None:
        note(record)

    async def process_async(record: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        note(record)

    return [job(concurrency=4, **options)(process), job(concurrency=4, **options)(process_async)]


def test_failures_are_named_in_the_order_of_the_records() -> None:
    seen: list[Any] = []
    for handler in of_both_kinds(seen):
        seen.clear()
        assert failed_ids(handler(sqs_event(["a!", "b", "c!", "d", "e!"]))) == ["message-1", "message-3", "message-5"]
        assert sorted(body for body, _ in seen) == ["a!", "b", "c!", "d", "e!"]


def test_each_record_has_its_own_correlation_id() -> None:
    seen: list[Any] = []
    for handler in of_both_kinds(seen):
        seen.clear()
        handler(sqs_event([str(number) for number in range(1, 30)]))
        assert {name == f"message-{body}" for body, name in seen} == {True}
        assert correlation_id() is None


def test_the_order_within_a_message_group_is_kept() -> None:
    seen: list[Any] = []
    bodies = [f"{group}{number}{'!' if (group, number) == ('b', 3) else ''}" for number in range(9) for group in "abc"]
    event = sqs_event(bodies, groups=[body[0] for body in bodies])
    for handler in of_both_kinds(seen):
        seen.clear()
        failed = failed_ids(handler(event))
        of_group = {group: [body for body, _ in seen if body[0] == group] for group in "abc"}
        assert of_group["a"] == [f"a{number}" for number in range(9)]
        assert of_group["b"] == ["b0", "b1", "b2", "b3!"]
        assert failed == [f"message-{n}" for n, body in enumerate(bodies, 1) if body[0] == "b" and int(body[1]) >= 3]


def test_a_shard_is_one_line() -> None:
    seen = []

    @job(concurrency=4)
    def process(record: dict[str, Any]) -> None:
        seen.append(record["kinesis"]["sequenceNumber"])
        if len(seen) == 3:
            raise ValueError

    assert failed_ids(process(kinesis_event(["x"] * 5))) == ["seq-3"]
    assert seen == ["seq-1", "seq-2", "seq-3"]


def test_sources_without_partial_answers_raise_everything() -> None:
    @job(concurrency=2)
    def process(record: dict[str, Any]) -> None:
        raise LookupError(record["s3"]["object"]["key"])

    with pytest.raises(ExceptionGroup) as caught:
        process(s3_event(["a", "b", "c"]))
    assert sorted(map(str, caught.value.exceptions)) == ["a", "b", "c"]


def test_nothing_is_started_when_the_time_is_up() -> None:
    seen: list[Any] = []
    context = LambdaContext(timeout=0.9)
    for handler in of_both_kinds(seen):
        assert len(failed_ids(handler(sqs_event(["a"] * 6), context))) == 6
    assert seen == []


def test_what_the_deadline_cancels_counts_as_failed() -> None:
    @job(concurrency=2, margin=0.0)
    async def process(record: dict[str, Any]) -> None:
        if record["body"] == "slow":
            await asyncio.Event().wait()

    event = sqs_event(["ok", "slow", "ok"])
    assert failed_ids(process(event, LambdaContext(timeout=0.3))) == ["message-2"]


def test_context_variables_of_the_invocation_are_seen_and_stay_apart() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="")
    token = variable.set("outer")
    seen = []

    @job(concurrency=2)
    def process(record: dict[str, Any]) -> None:
        seen.append(variable.get()[:5])
        variable.set("inner")

    try:
        process(sqs_event(["a", "b"]))
        assert seen[0] == "outer"
        assert variable.get() == "outer"
    finally:
        variable.reset(token)


def test_an_exit_in_a_thread_is_not_swallowed() -> None:
    @job(concurrency=2)
    def process(record: dict[str, Any]) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        process(sqs_event(["a", "b"]))


def test_a_function_that_returns_a_coroutine_is_awaited_in_threads_too() -> None:
    seen = []

    async def later(record: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        seen.append(record["body"])

    @job(concurrency=3)
    def process(record: dict[str, Any]) -> Any:
        return later(record)

    assert failed_ids(process(sqs_event(list("abcdef")))) == []
    assert sorted(seen) == list("abcdef")


def test_concurrency_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="concurrency"):
        job(concurrency=0)(lambda record: None)
