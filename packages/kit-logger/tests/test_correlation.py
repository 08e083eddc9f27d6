import json
import threading

import pytest
from kit_logger import correlation_id, find_correlation_id, inject, logger, set_correlation_id

SQS = {"messageId": "m-1", "body": "{}", "messageAttributes": {}}
SNS = {"Sns": {"MessageId": "n-1", "Message": "{}", "MessageAttributes": {}}}


@pytest.fixture(autouse=True)
def nobody_asked():
    yield
    set_correlation_id(None)


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"headers": {"X-Correlation-ID": "abc", "X-Amzn-Trace-Id": "Root=1-2-3"}}, "abc"),
        ({"headers": {"x-amzn-trace-id": "Self=1-9;Root=1-67891233-abc;Sampled=1"}}, "1-67891233-abc"),
        ({"multiValueHeaders": {"X-Correlation-Id": ["abc", "def"]}}, "abc"),
        ({"headers": {}, "requestContext": {"requestId": "r-1"}}, "r-1"),
        ({"headers": {"x-correlation-id": "bad id\n"}, "requestContext": {"requestId": "r-1"}}, "r-1"),
        ({"headers": {"x-correlation-id": "a" * 200}, "requestContext": {"requestId": "r-1"}}, "r-1"),
        ({"Records": [SQS]}, "m-1"),
        ({"Records": [{**SQS, "messageAttributes": {"correlation_id": {"stringValue": "abc"}}}]}, "abc"),
        ({"Records": [{"Sns": {**SNS["Sns"], "MessageAttributes": {"x-correlation-id": {"Value": "abc"}}}}]}, "abc"),
        ({"Records": [SNS]}, "n-1"),
        (
            {"Records": [{**SQS, "body": json.dumps({"MessageAttributes": {"correlation_id": {"Value": "abc"}}})}]},
            "abc",
        ),
        ({"Records": [{**SQS, "body": '"MessageAttributes"'}]}, "m-1"),
        ({"Records": [{**SQS, "body": '{"MessageAttributes"'}]}, "m-1"),
        ({"Records": [{**SQS, "attributes": {"AWSTraceHeader": "Root=1-2-3;Sampled=1"}}]}, "1-2-3"),
        ({"Records": [{"eventID": "e-1", "kinesis": {}}]}, "e-1"),
        ({"Records": [SQS, SQS]}, None),
        ({"id": "eb-1", "detail-type": "x"}, "eb-1"),
        ({}, None),
        ({"headers": None, "requestContext": None, "Records": None}, None),
        ({"headers": [1], "requestContext": "x", "Records": [None], "id": 7}, None),
        ({"headers": {1: 2, "x-correlation-id": None, "x-amzn-trace-id": "nonsense"}}, None),
        (None, None),
        ([], None),
        ("text", None),
    ],
)
def test_where_the_id_is_found(event, found):
    assert find_correlation_id(event) == found


def test_every_line_has_it_and_none_after_the_invocation(lines):
    @inject
    def handler(event, context):
        logger.info("during")
        return correlation_id()

    assert handler({"headers": {"x-correlation-id": "abc"}}, None) == "abc"
    logger.info("after")
    during, after = lines()
    assert during["correlation_id"] == "abc"
    assert "correlation_id" not in after
    assert correlation_id() is None


def test_the_request_id_stands_in(lines, context):
    inject(lambda event, context: logger.info("x"))({"Records": [SQS, SQS]}, context)
    assert lines()[0]["correlation_id"] == context.aws_request_id


def test_the_handler_may_set_it(lines):
    @inject
    def handler(event, context):
        logger.set_correlation_id("mine")
        logger.info("one")
        return logger.get_correlation_id(), correlation_id()

    assert handler({"id": "eb-1"}, None) == ("mine", "mine")
    logger.info("two")
    assert [line.get("correlation_id") for line in lines()] == ["mine", None]


def test_a_source_is_asked_first_and_may_fail(lines):
    answers = iter(["record-1", None, ZeroDivisionError()])

    def source():
        answer = next(answers, None)
        if isinstance(answer, Exception):
            raise answer
        return answer

    set_correlation_id(source)
    inject(lambda event, context: [logger.info(str(n)) for n in range(3)])({"id": "eb-1"}, None)
    assert [line["correlation_id"] for line in lines()] == ["record-1", "eb-1", "eb-1"]


def test_a_source_is_asked_outside_of_an_invocation_too(lines):
    set_correlation_id(lambda: "abc")
    logger.info("x")
    set_correlation_id(None)
    logger.info("y")
    assert [line.get("correlation_id") for line in lines()] == ["abc", None]


def test_a_function_of_the_callers_own_finds_it(lines):
    @inject(correlation_id=lambda event: event["tenant"]["id"])
    def handler(event, context):
        logger.info("x")

    handler({"tenant": {"id": "t-1"}}, None)
    handler({"id": "eb-1"}, None)
    first, *_, last = lines()
    assert first["correlation_id"] == "t-1"
    assert last["correlation_id"] == "eb-1"


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
