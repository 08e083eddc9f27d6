"""What counts as an error, and as a record of a batch, in the metrics of an invocation."""

import asyncio
import base64
import gzip
import json
from http import HTTPStatus
from types import SimpleNamespace

import pytest
from kit_core import invocation
from kit_logger import inject


def measured(lines, answer, event=None):
    """Return the metrics of a handler with this answer."""
    inject(metrics="Loans")(lambda event, context: answer)(event or {}, None)
    return lines()[-1]


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 500, "body": ""},
        {"statusCode": 503},
        {"statusCode": "502"},
        {"statusCode": HTTPStatus.GATEWAY_TIMEOUT},
        SimpleNamespace(status_code=500),
        SimpleNamespace(status_code=HTTPStatus.SERVICE_UNAVAILABLE),
    ],
)
def test_an_answer_from_500_on_is_an_error(lines, answer):
    assert measured(lines, answer)["Errors"] == 1


@pytest.mark.parametrize(
    "answer",
    [None, "500", {}, {"statusCode": 499}, {"statusCode": 200}, {"statusCode": "x"}, {"statusCode": None}, 500],
)
def test_any_other_answer_is_none(lines, answer):
    assert measured(lines, answer)["Errors"] == 0


def test_an_answer_that_stands_for_an_exception_is_an_error(lines):
    @inject(metrics="Loans")
    def handler(event, context):
        invocation.outcome()["failed"] = True
        return {"statusCode": 200}

    handler({"id": "e-1"}, None)
    handler({"id": "e-2"}, None)
    assert [line["Errors"] for line in lines()] == [1, 1]


def test_an_asynchronous_handlers_answer_counts_likewise(lines):
    @inject(metrics="Loans")
    async def handler(event, context):
        return {"statusCode": 500}

    asyncio.run(handler({}, None))
    assert lines()[0]["Errors"] == 1


def test_nobody_is_asked_for_an_outcome_without_metrics():
    assert inject(lambda event, context: invocation.outcome())({}, None) is None


def logs(number):
    held = {"messageType": "DATA_MESSAGE", "logEvents": [{"id": str(n), "message": "x"} for n in range(number)]}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(held).encode())).decode()}}


KAFKA = {"eventSource": "aws:kafka", "records": {"loans-0": [{}, {}], "loans-1": [{}]}}
FAILED = [{"itemIdentifier": {"topic-partition": "loans-0", "offset": 5}}]


@pytest.mark.parametrize(
    ("event", "answer", "records", "failures"),
    [
        (KAFKA, None, 3, 0),
        (KAFKA, {"batchItemFailures": FAILED}, 3, 1),
        ({**KAFKA, "eventSource": "SelfManagedKafka"}, None, 3, 0),
        ({"eventSource": "aws:mq", "messages": [{}, {}]}, None, 2, 0),
        ({"eventSource": "aws:rmq", "rmqMessagesByQueue": {"loans::/": [{}], "other::/": [{}, {}]}}, None, 3, 0),
        ({"eventSource": "aws:docdb", "events": [{}, {}]}, None, 2, 0),
        ([{"messageId": "1"}, {"messageId": "2"}], {"batchItemFailures": [{"itemIdentifier": "2"}]}, 2, 1),
        (logs(4), None, 4, 0),
        (
            {"deliveryStreamArn": "arn:x", "records": [{}, {}, {}]},
            {"records": [{"result": "Ok"}, {"result": "Dropped"}, {"result": "ProcessingFailed"}]},
            *(3, 1),
        ),
        (
            {"invocationSchemaVersion": "1.0", "tasks": [{}, {}]},
            {"results": [{"resultCode": "TemporaryFailure"}, {"resultCode": "PermanentFailure"}]},
            *(2, 2),
        ),
        ({"Records": []}, None, 0, 0),
    ],
)
def test_every_source_has_the_metrics_of_its_batch(lines, event, answer, records, failures):
    line = measured(lines, answer, event)
    assert (line["BatchRecords"], line["BatchFailures"]) == (records, failures)

    @inject(metrics="Loans")
    def fails(event, context):
        raise ValueError

    with pytest.raises(ValueError):
        fails(event, None)
    (line,) = lines()
    assert (line["Errors"], line["BatchRecords"], line["BatchFailures"]) == (1, records, records)


@pytest.mark.parametrize("event", [{}, {"records": [{}]}, {"events": [1]}, {"eventSource": ["x"]}, "text", None])
def test_an_event_that_is_no_batch_has_none(lines, event):
    inject(metrics="Loans")(lambda event, context: None)(event, None)
    assert not {"BatchRecords", "BatchFailures"} & set(lines()[0])


def test_the_code_that_goes_through_a_batch_may_know_its_numbers_better(lines):
    @inject(metrics="Loans")
    def handler(event, context):
        invocation.outcome().update(records=12, failures=2)
        return {"batchItemFailures": [{"itemIdentifier": "1"}]}

    handler({"Records": [{}]}, None)
    (line,) = lines()
    assert (line["BatchRecords"], line["BatchFailures"]) == (12, 2)


@pytest.mark.parametrize("data", ["", "no base64", None, "bm8gZ3ppcA=="])
def test_a_batch_that_cannot_be_read_fails_no_invocation(lines, data):
    handler = inject(metrics="Loans")(lambda event, context: 5)
    assert handler({"awslogs": {"data": data}}, None) == 5
    (line,) = lines()
    assert line["Invocations"] == 1
    assert "BatchRecords" not in line
