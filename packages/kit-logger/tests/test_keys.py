"""Keys end with the invocation or record of `kit_core.invocation` that they were appended in, also without `inject`."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from kit_core import invocation
from kit_logger import inject, logger

APPENDING = ["append_keys", "thread_safe_append_keys"]


def append(method, **keys):
    getattr(logger, method)(**keys)


def each_record(function, event, context=None):
    """Call `function` with each record, as a job does."""
    around = invocation.state()
    try:
        for record in event["Records"]:
            invocation.become([record, context, None, around[3], around])
            function(record)
    finally:
        invocation.become(around)


def batch(*names):
    return {"Records": [{"messageId": name} for name in names]}


def keys_on(lines, *names):
    return [tuple(line.get(name) for name in names) for line in lines()]


@pytest.mark.parametrize("method", APPENDING)
@pytest.mark.parametrize("fails", [False, True])
def test_keys_end_with_their_invocation(lines, method, fails):
    def first(event, context):
        append(method, user=event["user"])
        logger.info("first")
        if fails:
            raise ValueError("x")

    try:
        invocation.handler(first)({"user": "u1"}, None)
    except ValueError:
        assert fails
    logger.info("between")
    invocation.handler(lambda event, context: logger.info("second"))({"user": "u2"}, None)
    assert keys_on(lines, "user") == [("u1",), (None,), (None,)]


@pytest.mark.parametrize("method", APPENDING)
@pytest.mark.parametrize("decorator", [invocation.handler, inject])
def test_a_records_keys_end_with_it_and_those_around_it_stay(lines, method, decorator):
    def work(record):
        logger.info("begins")
        append(method, record=record["messageId"])
        logger.info("ends")

    @decorator
    def handler(event, context):
        append(method, batch="b-1")
        each_record(work, event, context)
        logger.info("after")

    handler(batch("m-1", "m-2"), None)
    assert keys_on(lines, "batch", "record") == [
        *(("b-1", None), ("b-1", "m-1"), ("b-1", None), ("b-1", "m-2")),
        ("b-1", None),
    ]


def test_a_records_key_goes_before_the_one_around_it(lines):
    @invocation.handler
    def handler(event, context):
        logger.append_keys(order="all", other=1)
        each_record(work, event)
        logger.info("after")

    def work(record):
        logger.append_keys(order=record["messageId"])
        logger.remove_keys(["other"])
        logger.info("both")
        logger.clear_state()
        logger.info("cleared")

    handler(batch("m-1"), None)
    assert keys_on(lines, "order", "other") == [("m-1", None), ("all", 1), ("all", 1)]


def test_a_key_that_is_appended_around_a_record_is_on_its_next_line(lines):
    @inject
    def handler(event, context):
        each_record(work, event)

    def work(record):
        logger.append_keys(record=1)
        logger.info("one")
        thread = threading.Thread(target=logger.append_keys, kwargs={"around": 1})  # it knows no record
        thread.start()
        thread.join()
        logger.info("two")

    handler(batch("m-1"), None)
    assert keys_on(lines, "record", "around") == [(1, None), (1, 1)]


def test_keys_are_read_and_removed_within_the_record(lines):
    def work(record):
        with logger.append_context_keys(inside=1):
            logger.append_keys(record=record["messageId"])
            assert logger.get_current_keys()["record"] == record["messageId"]
        assert logger.get_current_keys().get("inside") is None
        logger.info("x")

    invocation.handler(lambda event, context: each_record(work, event))(batch("m-1"), None)
    assert "record" not in logger.get_current_keys()
    assert keys_on(lines, "record", "inside") == [("m-1", None)]


@pytest.mark.parametrize("method", APPENDING)
def test_an_entered_invocation_has_those_of_the_one_around_it(lines, method):
    with invocation.enter({"id": "e-1"}):
        append(method, outer=1)
        with invocation.enter({"id": "e-2"}, correlation_id="c-2"):
            append(method, inner=1)
            logger.info("inner")
        logger.info("outer")
    logger.info("after")
    assert keys_on(lines, "outer", "inner") == [(1, 1), (1, None), (None, None)]


def test_the_same_event_entered_twice_is_one_invocation(lines):
    event = {"id": "e-1"}
    with invocation.enter(event):
        logger.append_keys(outer=1)
        with invocation.enter(event, correlation_id="mine"):
            logger.info("inner")
        inject(lambda event, context: logger.info("injected"))(event, None)
    assert keys_on(lines, "outer", "correlation_id") == [(1, "mine"), (1, "e-1")]


@pytest.mark.parametrize("method", APPENDING)
def test_async_handlers_at_the_same_time_keep_their_keys_apart(lines, method):
    @invocation.handler
    async def handler(event, context):
        append(method, order=event["id"])
        for _ in range(3):
            await asyncio.sleep(0)
            logger.info("x")

    async def main():
        await asyncio.gather(*(handler({"id": f"o-{n}"}, None) for n in range(3)))
        logger.info("after")

    asyncio.run(main())
    *during, after = lines()
    assert [line["order"] for line in during] == [line["correlation_id"] for line in during]
    assert len(during) == 9
    assert "order" not in after


def test_a_task_appends_to_the_invocation_that_has_started_it(lines):
    @invocation.handler
    async def handler(event, context):
        async def work():
            logger.append_keys(task=1)

        await asyncio.create_task(work())
        logger.info("x")

    asyncio.run(handler({"id": "e-1"}, None))
    assert keys_on(lines, "task") == [(1,)]


def test_threads_with_records_of_their_own_keep_their_keys_apart(lines):
    barrier = threading.Barrier(2)

    def work(record):
        barrier.wait(10)
        logger.info("begins")
        logger.append_keys(record=record["messageId"])
        barrier.wait(10)
        logger.info("ends")

    @inject
    def handler(event, context):
        logger.append_keys(batch="b-1")
        halves = [{"Records": event["Records"][n::2]} for n in range(2)]
        with ThreadPoolExecutor(2) as pool:
            for future in [pool.submit(copy_context().run, each_record, work, half, context) for half in halves]:
                future.result()
        logger.info("after")

    handler(batch("m-1", "m-2", "m-3", "m-4"), None)
    found = lines()
    assert {line["batch"] for line in found} == {"b-1"}
    assert all(line.get("record") is None for line in found if line["message"] != "ends")
    ends = [line for line in found if line["message"] == "ends"]
    assert len(ends) == 4
    assert all(line["record"] == line["correlation_id"] for line in ends)


def test_a_thread_with_an_invocation_of_its_own_belongs_to_no_other(lines):
    def other(event, context):
        logger.append_keys(mine=1)
        logger.info("other")

    @inject
    def handler(event, context):
        logger.append_keys(outer=1)
        thread = threading.Thread(target=invocation.handler(other), args=({"id": "e-2"}, None))
        thread.start()
        thread.join()
        logger.info("own")

    handler({"id": "e-1"}, None)
    assert keys_on(lines, "correlation_id", "mine", "outer") == [("e-2", 1, None), ("e-1", None, 1)]


def test_a_logger_that_is_made_within_an_invocation_keeps_the_keys_it_was_made_with(run):
    found = run("""
        from aws_lambda_powertools import Logger
        from kit_core import invocation
        from kit_logger import get_logger

        before = Logger(service="loans", stage="prod")

        @invocation.handler
        def handler(event, context):
            get_logger("loans", sampling_rate=0.000001).append_keys(order=1)
            get_logger("loans").info("x")

        handler({"id": "e-1"}, None)
        get_logger("loans").info("after")
    """)
    during, after = found.lines
    assert (during["stage"], during["service"], during["order"]) == ("prod", "loans", 1)
    assert (after["stage"], after["sampling_rate"]) == ("prod", 0.000001)
    assert "order" not in after


def test_keys_from_outside_of_invocations_last(run):
    found = run("""
        from kit_core import invocation
        from kit_logger import logger

        logger.append_keys(process=1)
        handler = invocation.handler(lambda event, context: logger.info("x"))
        handler({}, None)
        logger.info("y")
    """)
    assert [line["process"] for line in found.lines] == [1, 1]
