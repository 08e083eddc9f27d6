"""Messages of a queue as they come in."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from kit_events import QueueRecord, RecordShapeError, TopicRecord
from kit_testing.events import sns_record


def test_a_message_is_read(captured: Callable[[str], Any]) -> None:
    [raw] = captured("sqs_fifo")["Records"]
    [record] = QueueRecord.from_record(raw)
    assert record.message_id == "059f36b4-87a3-44ab-83d2-661975830a7d"
    assert record.queue_arn == "arn:aws:sqs:eu-west-1:123456789012:underwriting"
    assert record.payload == {"loan": "9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20"}
    assert record.receive_count == 2
    assert record.sent_at == datetime(2026, 3, 1, 12, 30, 45, 123000, tzinfo=UTC)
    assert record.message_group_id == "9d6b3c2e"
    assert record.message_attributes == {"reason": "late", "blob": b"\x00\x01"}


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        ('{"a":1}', {"a": 1}),
        ('"text"', "text"),
        ("text", "text"),
        ('{"Message":"{\\"a\\":1}"}', {"a": 1}),
        ("null", None),
        ('{"Message":"hello"}', {"Message": "hello"}),
        ('{"Message":{"a":1}}', {"Message": {"a": 1}}),
    ],
)
def test_the_payload_is_what_was_enqueued(body: str, payload: Any) -> None:
    assert QueueRecord("1", body).payload == payload


def test_a_made_up_message_needs_no_attributes() -> None:
    record = QueueRecord("1", "text")
    assert (record.receive_count, record.sent_at, record.message_group_id) == (1, None, None)


def test_a_record_of_something_else_is_refused(captured: Callable[[str], Any]) -> None:
    [raw] = captured("s3")["Records"]
    with pytest.raises(RecordShapeError, match="no message of a queue"):
        list(QueueRecord.from_record(raw))


def test_a_message_without_an_id_is_refused() -> None:
    with pytest.raises(RecordShapeError, match="'messageId'"):
        list(QueueRecord.from_record({"eventSource": "aws:sqs", "body": "text"}))


@pytest.mark.parametrize("field", ["attributes", "messageAttributes"])
@pytest.mark.parametrize("value", ["text", ["a"], 1])
def test_attributes_that_are_none_are_refused(field: str, value: Any) -> None:
    raw = {"eventSource": "aws:sqs", "messageId": "1", "body": "text", field: value}
    with pytest.raises(RecordShapeError) as caught:
        list(QueueRecord.from_record(raw))
    assert caught.value.field == field


def test_the_senders_attributes_are_text_or_bytes() -> None:
    sent = {
        "blob": {"binaryValue": "eA==", "stringValue": None, "dataType": "Binary"},
        "own": {"binaryValue": "AP8=", "dataType": "Binary.png"},
        "number": {"stringValue": "1500.00", "dataType": "Number"},
        "text": {"stringValue": "a", "dataType": "String"},
    }
    raw = {"eventSource": "aws:sqs", "messageId": "1", "body": "text", "attributes": None, "messageAttributes": sent}
    [record] = QueueRecord.from_record(raw)
    values = {"blob": b"x", "own": b"\x00\xff", "number": "1500.00", "text": "a"}
    assert (record.attributes, record.message_attributes) == ({}, values)


def test_a_binary_attribute_that_is_no_base64_is_named() -> None:
    sent = {"blob": {"binaryValue": "%", "dataType": "Binary"}}
    with pytest.raises(RecordShapeError, match=r"'messageAttributes\.blob\.binaryValue' is not base64"):
        QueueRecord.from_record({"eventSource": "aws:sqs", "messageId": "1", "body": "", "messageAttributes": sent})


def test_a_topics_attributes_are_text_or_bytes() -> None:
    [record] = TopicRecord.from_record(sns_record("hello", attributes={"text": "a", "blob": b"\x00\xff"}))
    assert record.attributes == {"text": "a", "blob": b"\x00\xff"}


def test_a_message_does_not_show_what_it_says() -> None:
    assert "secret" not in repr(QueueRecord("1", "secret", receipt_handle="secret"))
