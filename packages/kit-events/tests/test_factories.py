"""The raw records that tests are given."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from kit_events import (
    ActiveMQRecord,
    BusRecord,
    DocumentRecord,
    EventRecord,
    FileRecord,
    FirehoseRecord,
    KafkaRecord,
    LogEventRecord,
    QueueRecord,
    RabbitMQRecord,
    ScheduleRecord,
    StreamRecord,
    TableRecord,
    TopicRecord,
)
from kit_testing import events as made

LOAN = UUID("9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20")


def test_an_event_is_made_in_its_carriers() -> None:
    [record] = EventRecord.from_record(made.event_record({"amount": 1}, type="loan.requested", aggregate_id=LOAN))
    assert (record.type, record.aggregate_id, record.payload) == ("loan.requested", LOAN, {"amount": 1})
    assert "TopicArn" in made.event_record()["body"]
    assert "TopicArn" not in made.event_record(carriers=["sqs"])["body"]
    with pytest.raises(TypeError, match="an event has no colour"):
        made.event_record(colour="red")
    with pytest.raises(ValueError, match="not 'pigeon'"):
        made.event_record(carriers=["pigeon"])


@pytest.mark.parametrize(
    ("raw", "read", "seen"),
    [
        (
            made.sqs_record({"a": 1}, group="g", attributes={"b": "c"}),
            QueueRecord,
            lambda r: (r.payload, r.message_group_id, r.message_attributes) == ({"a": 1}, "g", {"b": "c"}),
        ),
        (
            made.sns_record({"a": 1}, subject="s", attributes={"b": "c"}),
            TopicRecord,
            lambda r: (r.payload, r.subject, r.attributes) == ({"a": 1}, "s", {"b": "c"}),
        ),
        (made.s3_record("a b+c.pdf", size=3), FileRecord, lambda r: (r.key, r.size) == ("a b+c.pdf", 3)),
        (made.s3_record("a", name="ObjectRemoved:Delete"), FileRecord, lambda r: r.size is None),
        (made.s3_eventbridge_event("a b+c.pdf", size=3), FileRecord, lambda r: (r.key, r.size) == ("a b+c.pdf", 3)),
        (
            made.eventbridge_event({"a": 1}, detail_type="t"),
            BusRecord,
            lambda r: (r.detail, r.detail_type) == ({"a": 1}, "t"),
        ),
        (made.schedule_event("nightly"), ScheduleRecord, lambda r: r.name == "nightly"),
        (made.schedule_event("nightly", scheduler=True), ScheduleRecord, lambda r: r.name == "nightly"),
        (made.dynamodb_record({"id": "1"}), TableRecord, lambda r: (r.event_name, r.keys) == ("INSERT", {"id": "1"})),
        (made.dynamodb_record({"id": "1"}, {"id": "1"}), TableRecord, lambda r: r.event_name == "MODIFY"),
        (
            made.dynamodb_record(None, {"id": "1"}, expired=True),
            TableRecord,
            lambda r: r.event_name == "REMOVE" and r.expired,
        ),
        (made.kinesis_record({"a": 1}), StreamRecord, lambda r: r.json == {"a": 1}),
        (made.firehose_event([b"\x00"]), FirehoseRecord, lambda r: r.data == b"\x00"),
        (made.kafka_event(["v"], key="k"), KafkaRecord, lambda r: (r.value, r.key) == (b"v", b"k")),
        (made.kafka_event([None]), KafkaRecord, lambda r: r.value is None),
        (made.activemq_event(["text"]), ActiveMQRecord, lambda r: r.text == "text"),
        (made.rabbitmq_event(["text"], queue="q"), RabbitMQRecord, lambda r: (r.queue, r.text) == ("q", "text")),
        (made.documentdb_event([{"_id": 1}]), DocumentRecord, lambda r: r.document == {"_id": 1}),
        (made.documentdb_event([{"_id": 1}], operation="delete"), DocumentRecord, lambda r: r.document is None),
        (made.logs_event([{"a": 1}]), LogEventRecord, lambda r: r.payload == {"a": 1}),
    ],
)
def test_what_is_made_is_read(raw: Any, read: Any, seen: Callable[[Any], bool]) -> None:
    [record] = read.from_record(raw)
    assert seen(record)


def test_python_values_come_back_from_a_table() -> None:
    item = {
        "id": "1",
        "n": Decimal("1.5"),
        "b": b"x",
        "s": {"a", "b"},
        "l": [None, True, {"m": Decimal(1)}],
        "ns": {Decimal(1)},
    }
    [record] = TableRecord.from_record(made.dynamodb_record(item))
    assert record.new_image == item
    with pytest.raises(TypeError, match="no type for float"):
        made.dynamodb_record({"id": 1.5})
