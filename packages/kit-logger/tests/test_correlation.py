"""The correlation id on the lines: the current invocation's, or record's."""

import logging
import threading
from contextvars import copy_context

import pytest
from kit_core import invocation
from kit_logger import inject, inject_request, logger

SQS = {"messageId": "m-1", "body": "{}", "messageAttributes": {}}


def logged(lines):
    return [line.get("correlation_id") for line in lines()]


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"headers": {"X-Correlation-ID": "abc", "X-Amzn-Trace-Id": "Root=1-2-3"}}, "abc"),
        ({"headers": {"x-correlation-id": "bad id\n"}, "requestContext": {"requestId": "r-1"}}, "r-1"),
        ({"Records": [{**SQS, "messageAttributes": {"correlation_id": {"stringValue": "abc"}}}]}, "abc"),
        ({"id": "eb-1", "detail-type": "x"}, "eb-1"),
        ({"Records": [SQS, SQS]}, "6f0b4f0e-0000-4000-8000-000000000001"),
        (None, "6f0b4f0e-0000-4000-8000-000000000001"),
    ],
)
def test_every_line_has_it_and_none_after_the_invocation(lines, context, event, found):
    @inject
    def handler(event, context):
        logger.info("during")
        logging.getLogger("kit.db").warning("during")
        return logger.get_correlation_id(), invocation.correlation_id()

    assert handler(event, context) == (found, found)
    logger.info("after")
    assert logged(lines) == [found, found, None]
    assert logger.get_correlation_id() is None


def test_an_id_that_the_handler_sets_is_the_invocations(lines):
    @inject
    def handler(event, context):
        logger.info("one")
        logger.set_correlation_id("mine")
        logger.info("two")
        ids = logger.get_correlation_id(), invocation.correlation_id(), logger.get_current_keys()["correlation_id"]
        logger.set_correlation_id(None)
        logger.info("three")
        return ids

    assert handler({"id": "eb-1"}, None) == ("mine", "mine", "mine")
    logger.info("four")
    assert logged(lines) == ["eb-1", "mine", "eb-1", None]


def test_an_id_that_others_set_is_on_the_lines(lines):
    @inject
    def handler(event, context):
        logger.info("one")
        invocation.set_correlation_id("theirs")
        logger.info("two")

    handler({"id": "eb-1"}, None)
    assert logged(lines) == ["eb-1", "theirs"]


def test_an_id_that_is_set_is_a_text(lines):
    def handler(event, context):
        logger.append_keys(correlation_id=7, order=1)
        logger.info("x")
        return invocation.correlation_id()

    assert inject(handler)({"id": "eb-1"}, None) == "7"
    (line,) = lines()
    assert (line["correlation_id"], line["order"]) == ("7", 1)


def test_keys_that_are_cleared_or_removed_leave_an_id(lines):
    @inject
    def handler(event, context):
        logger.set_correlation_id("mine")
        logger.clear_state()
        logger.info("cleared")
        logger.remove_keys(["correlation_id"])
        logger.info("removed")

    handler({"id": "eb-1"}, None)
    assert logged(lines) == ["mine", "eb-1"]


def test_an_id_outside_of_an_invocation_lasts(lines):
    logger.set_correlation_id("process")
    logger.info("before")
    assert logger.get_correlation_id() == "process"
    inject(lambda event, context: logger.info("during"))({"id": "eb-1"}, None)
    logger.remove_keys(["correlation_id"])
    logger.info("after")
    assert logged(lines) == ["process", "process", None]


def test_every_record_of_a_batch_has_its_own(lines, context):
    @inject
    def handler(event, context):
        for record in event["Records"]:
            token = invocation.begin(record)
            try:
                logger.info("first")
                if record["messageId"] == "m-2":
                    logger.set_correlation_id("mine")
                logger.info("second")
            finally:
                invocation.end(token)
        logger.info("end")

    handler({"Records": [{**SQS, "messageId": f"m-{n}"} for n in (1, 2, 3)]}, context)
    found = lines()
    assert [line["correlation_id"] for line in found] == [
        *("m-1", "m-1", "m-2", "mine", "m-3", "m-3", context.aws_request_id),
    ]
    assert {line["function_request_id"] for line in found} == {context.aws_request_id}


def test_records_in_threads_have_their_own(lines, context):
    together = threading.Barrier(2)

    def work(record):
        with invocation.enter(record):
            together.wait(10)
            logger.info("x", message_id=record["messageId"])
            together.wait(10)

    @inject
    def handler(event, context):
        threads = [threading.Thread(target=copy_context().run, args=(work, record)) for record in event["Records"]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    handler({"Records": [{**SQS, "messageId": f"m-{n}"} for n in (1, 2)]}, context)
    found = lines()
    assert len(found) == 2
    assert all(line["correlation_id"] == line["message_id"] for line in found)
    assert {line["function_name"] for line in found} == {"loans-get"}


def test_lines_without_the_decorator_have_the_ids_of_the_invocation(lines, context):
    for name in ("e-1", "e-2"):
        with invocation.enter({"id": name}, context):
            logger.info("x")
            logging.getLogger("kit.db").warning("y")
    logger.info("after")
    *during, after = lines()
    assert [line["correlation_id"] for line in during] == ["e-1", "e-1", "e-2", "e-2"]
    assert {line["function_request_id"] for line in during} == {context.aws_request_id}
    assert {line["function_name"] for line in during} == {"loans-get"}
    assert not {"correlation_id", "function_name", "cold_start"} & set(after)


def test_lines_without_the_decorator_say_which_was_the_cold_start(run):
    found = run("""
        from types import SimpleNamespace
        from kit_core.invocation import enter
        from kit_logger import logger
        context = SimpleNamespace(function_name="f", aws_request_id="r")
        for _ in range(2):
            with enter({}, context):
                logger.info("x")
    """).lines
    assert [line["cold_start"] for line in found] == [True, False]


def test_a_function_of_the_callers_own_finds_it(lines):
    @inject(correlation_id=lambda event: event["tenant"]["id"])
    def handler(event, context):
        logger.info("x")
        return invocation.correlation_id()

    assert handler({"tenant": {"id": "t-1"}}, None) == "t-1"
    assert handler({"id": "eb-1"}, None) == "eb-1"
    first, warning, last = lines()
    assert first["correlation_id"] == "t-1"
    assert warning["message"] == "the function given as correlation_id failed: KeyError"
    assert last["correlation_id"] == "eb-1"


def test_the_same_event_is_looked_at_once_by_all_decorators_around_a_function(lines):
    asked = []

    class Headers(dict):
        def items(self):
            asked.append(1)
            return super().items()

    @inject
    def handler(event, context):
        with invocation.enter(event, context):
            logger.info("inner")
            logger.info("again")
        logger.info("outer")

    handler({"headers": Headers({"x-correlation-id": "abc"})}, None)
    assert logged(lines) == ["abc"] * 3
    assert len(asked) == 1


def test_an_id_set_inside_is_on_the_lines_of_the_decorator_outside(lines):
    def inner(event, context):
        with invocation.enter(event, context):
            logger.set_correlation_id("mine")

    inject(metrics="Loans")(inner)({"id": "eb-1"}, None)
    assert logged(lines) == ["mine"]


def test_a_thread_of_the_handlers_knows_the_invocation(lines):
    @inject
    def handler(event, context):
        logger.append_keys(order="o-1")
        thread = threading.Thread(target=logger.info, args=("from a thread",))
        thread.start()
        thread.join()

    handler({"id": "eb-1"}, None)
    (line,) = lines()
    assert (line["correlation_id"], line["order"]) == ("eb-1", "o-1")


def test_a_thread_of_the_handlers_may_set_the_id(lines):
    @inject
    def handler(event, context):
        thread = threading.Thread(target=logger.set_correlation_id, args=("mine",))
        thread.start()
        thread.join()
        logger.info("x")

    handler({"id": "eb-1"}, None)
    assert logged(lines) == ["mine"]


@pytest.mark.parametrize("key", ["correlation_id", "xray_trace_id", "function_name", "logger"])
def test_an_extra_of_the_callers_is_in_the_line_instead(capsys, monkeypatch, context, key):
    import json

    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-a-b;Parent=1;Sampled=1")

    def line():
        logging.getLogger("kit.db").warning("x", extra={key: "mine"})
        return json.loads(capsys.readouterr().out, object_pairs_hook=list)

    for pairs in (line(), inject(lambda event, context: line())({"id": "eb-1"}, context)):
        assert [value for name, value in pairs if name == key] == ["mine"]


def test_a_request_has_its_id_within_another_invocation(lines):
    class Request:
        event = {"id": "e-2"}  # noqa: RUF012
        context = None

    with invocation.enter({"id": "e-1"}):
        inject_request(Request(), lambda request: logger.info("inner"))
        logger.info("outer")
    assert logged(lines) == ["e-2", "e-1"]
