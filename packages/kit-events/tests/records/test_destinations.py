"""The records of destinations: invocations, and batches that were given up."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from kit_events import EventRecord, FailedBatchRecord, InvocationRecord, KafkaRecord
from kit_testing.events import carried, event_body, event_record, eventbridge_event, kafka_event

Captured = Callable[[str], Any]


def test_a_failed_invocation_tells_why_and_of_what(captured: Captured) -> None:
    raw = captured("invocation_result_InvocationRecord")
    for way in (raw, carried(raw, "sqs"), carried(raw, "sns", "sqs")):
        [record] = InvocationRecord.from_record(way)
        assert (record.condition, record.is_success, record.invoke_count) == ("RetriesExhausted", False, 3)
        assert record.request_id == "e4b46cbf-b738-4e8f-8880-a18cdf61200e"
        assert record.function_arn.endswith(":function:underwrite:$LATEST")
        assert (record.status, record.function_error, record.executed_version) == (200, "Unhandled", "$LATEST")
        assert record.payload["amount"] == "1500.00"
        assert record.response == {"errorType": "ValueError", "errorMessage": "no such loan"}
        assert record.at == datetime(2026, 3, 1, 12, 30, 45, 568000, tzinfo=UTC)


def test_one_that_was_too_old_was_never_answered(captured: Captured) -> None:
    raw = captured("invocation_result_InvocationRecord")
    raw["requestContext"]["condition"] = "EventAgeExceeded"
    del raw["responseContext"], raw["responsePayload"]
    [record] = InvocationRecord.from_record(raw)
    assert (record.status, record.function_error, record.response) == (None, None, None)


def test_the_event_of_a_failed_invocation_is_found_inside(captured: Captured) -> None:
    raw = captured("invocation_result_InvocationRecord")
    raw["requestPayload"] = {"Records": [event_record({"n": 1}), event_record({"n": 2})]}
    assert [record.payload["n"] for record in EventRecord.from_record(carried(raw, "sqs"))] == [1, 2]


def test_of_a_successful_one_it_is_the_answer(captured: Captured) -> None:
    raw = captured("invocation_result_InvocationRecord")
    raw["requestContext"]["condition"] = "Success"
    raw |= {"requestPayload": event_body({"n": 1}), "responsePayload": event_body({"n": 2})}
    on_bus = eventbridge_event(raw, detail_type="Lambda Function Invocation Result - Success", source="lambda")
    for way in (raw, on_bus):
        [record] = InvocationRecord.from_record(way)
        assert record.is_success
        [event] = EventRecord.from_record(way)
        assert event.payload == {"n": 2}


@pytest.mark.parametrize("info", ["KinesisBatchInfo", "DDBStreamBatchInfo"])
def test_a_batch_of_a_stream_tells_where_its_records_are(captured: Captured, info: str) -> None:
    raw = captured("invocation_result_FailedBatchRecord")
    raw[info] = raw.pop("KinesisBatchInfo")
    [record] = FailedBatchRecord.from_record(carried(raw, "sns", "sqs"))
    assert (record.condition, record.batch_size, record.invoke_count) == ("RetryAttemptsExhausted", 500, 1)
    assert record.source_arn == "arn:aws:kinesis:eu-west-1:123456789012:stream/loans"
    assert record.batch["startSequenceNumber"].startswith("4960118965842235937883629852182")
    assert (record.function_error, record.payload) == ("Unhandled", None)


@pytest.mark.parametrize("quoted", [False, True])
def test_a_batch_of_kafka_may_hold_its_records(captured: Captured, quoted: bool) -> None:
    """A topic gets them as JSON, a bucket as text."""
    raw = captured("invocation_result_FailedBatchRecord")
    del raw["KinesisBatchInfo"]
    raw["responseContext"] = None  # as where the payload was too large
    raw["KafkaBatchInfo"] = {"batchSize": 1, "eventSourceArn": "arn:aws:kafka:…", "payloadSize": 1162}
    event = kafka_event(["a", "b"])
    raw["payload"] = json.dumps(event) if quoted else event
    [record] = FailedBatchRecord.from_record(raw)
    assert (record.source_arn, record.payload, record.function_error) == ("arn:aws:kafka:…", event, None)
    assert [each.text for each in KafkaRecord.from_record(raw)] == ["a", "b"]


def test_a_pipe_names_itself_another_way(captured: Captured) -> None:
    raw = captured("invocation_result_FailedBatchRecord")
    del raw["requestContext"], raw["responseContext"]
    raw["context"] = {"partnerResourceArn": "arn:aws:pipes:…:pipe/loans", "condition": "RetryAttemptsExhausted"}
    [record] = FailedBatchRecord.from_record(raw)
    assert (record.condition, record.request_id, record.function_arn) == ("RetryAttemptsExhausted", None, None)
