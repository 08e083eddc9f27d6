"""What the records of each source hold."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from kit_events import (
    ActiveMQRecord,
    BusRecord,
    DocumentRecord,
    EventRecord,
    FileRecord,
    FirehoseRecord,
    IotRecord,
    KafkaRecord,
    LogEventRecord,
    QueueRecord,
    RabbitMQRecord,
    RecordShapeError,
    ScheduleRecord,
    StreamRecord,
    TableRecord,
    TopicRecord,
)
from kit_testing.events import carried, dynamodb_record, kafka_event, kinesis_record, logs_event

LOAN = "9d6b3c2e-7a4f-4c9e-8a57-3f1f0f2d9c20"
AT = datetime(2026, 3, 1, 12, 30, 45, 123000, UTC)
Captured = Callable[[str], Any]


def test_a_file_is_the_same_by_way_of_eventbridge(captured: Captured) -> None:
    """S3 encodes the key for its own notifications only."""
    [record] = FileRecord.from_record(captured("s3_eventbridge"))
    assert record == FileRecord(
        bucket="loans-documents",
        bucket_arn="arn:aws:s3:::loans-documents",
        key="loans/1/pay slip (café) 100%+1.pdf",
        size=1024,
        etag="d41d8cd98f00b204e9800998ecf8427e",
        version_id="096fKKXTRTtl3on89fVO.nfljtsv6qko",
        sequencer="0055AED6DCD90281E5",
        event_name="ObjectCreated:Put",
        region="eu-west-1",
        at=datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC),
    )


def test_a_file_that_is_gone_is_named_alike_by_way_of_eventbridge(captured: Captured) -> None:
    [record] = FileRecord.from_record(captured("s3_eventbridge_deleted"))
    assert record.event_name == "ObjectRemoved:DeleteMarkerCreated"
    assert record.bucket_arn == "arn:aws-cn:s3:::loans-documents"
    assert record.size is None


@pytest.mark.parametrize(
    ("detail_type", "detail", "name"),
    [
        ("Object Created", {"reason": "CompleteMultipartUpload"}, "ObjectCreated:CompleteMultipartUpload"),
        ("Object Created", {"reason": "POST Object"}, "ObjectCreated:Post"),
        (
            "Object Deleted",
            {"reason": "Lifecycle Expiration", "deletion-type": "Permanently Deleted"},
            "LifecycleExpiration:Delete",
        ),
        ("Object Deleted", {"reason": "DeleteObject", "deletion-type": "Permanently Deleted"}, "ObjectRemoved:Delete"),
        ("Object Tags Added", {}, "ObjectTagging:Put"),
        ("Object Painted", {}, "Object Painted"),
    ],
)
def test_events_of_files_have_one_name(captured: Captured, detail_type: str, detail: Any, name: str) -> None:
    raw = captured("s3_eventbridge")
    raw["detail"] = {**raw["detail"], "reason": "", **detail}
    [record] = FileRecord.from_record({**raw, "detail-type": detail_type})
    assert record.event_name == name


def test_a_key_that_is_not_utf_8_is_refused_rather_than_changed(captured: Captured) -> None:
    [raw] = captured("s3")["Records"]
    raw["s3"]["object"]["key"] = "caf%e9.pdf"
    with pytest.raises(RecordShapeError, match=r"'s3.object.key' is not encoded in UTF-8"):
        FileRecord.from_record(raw)


@pytest.mark.parametrize("name", ["sns", "sns_in_sqs"])
def test_a_message_of_a_topic_is_the_same_in_a_queue(captured: Captured, name: str) -> None:
    [raw] = captured(name)["Records"]
    [record] = TopicRecord.from_record(raw)
    assert record.topic_arn == "arn:aws:sns:eu-west-1:123456789012:loans"
    assert record.attributes["event_type"] == "loan.requested"
    assert record.payload["aggregate_id"] == LOAN
    assert record.at is not None
    assert record.at.tzinfo is not None


def test_a_notification_of_somebodys_own_is_no_message_of_a_topic() -> None:
    [inside] = IotRecord.from_record(carried({"Type": "Notification", "text": "hello"}, "sqs"))
    assert inside.payload["text"] == "hello"


def test_an_event_of_a_bus_is_read(captured: Captured) -> None:
    raw = captured("eventbridge")
    [record] = BusRecord.from_record(raw)
    assert (record.detail_type, record.source, record.region) == ("loan.requested", "rispar.loans", "eu-west-1")
    assert record.detail == raw["detail"]
    assert record.resources == ("arn:aws:ecs:eu-west-1:123456789012:task/1",)
    [event] = EventRecord.from_record(raw)
    assert str(event.aggregate_id) == LOAN


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("schedule", "arn:aws:events:eu-west-1:123456789012:rule/nightly"),
        ("schedule_scheduler", "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/nightly"),
    ],
)
def test_a_schedule_says_which_and_when(captured: Captured, name: str, arn: str) -> None:
    [record] = ScheduleRecord.from_record(captured(name))
    assert (record.name, record.arn, record.at) == ("nightly", arn, datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC))
    [event] = BusRecord.from_record(captured(name))
    assert event.detail == {}


def test_changes_of_a_table_hold_python_values(captured: Captured) -> None:
    raws = captured("dynamodb")["Records"]
    inserted, modified, expired, removed = [record for raw in raws for record in TableRecord.from_record(raw)]
    assert inserted.new_image == {
        "id": LOAN,
        "amount": Decimal("1500.00"),
        "tags": {"new", "vip"},
        "rates": {Decimal("1.5"), Decimal(2)},
        "photo": b"\x00\xff",
        "photos": {b"\x01"},
        "history": [{"status": "requested", "final": False}, None],
    }
    assert (inserted.table, inserted.keys, inserted.old_image) == ("loans", {"id": LOAN}, None)
    assert modified.old_image is not None
    assert modified.old_image["amount"] == Decimal(1000)
    assert [each.event_name for each in (inserted, modified, expired)] == ["INSERT", "MODIFY", "REMOVE"]
    assert [each.expired for each in (inserted, modified, expired, removed)] == [False, False, True, False]
    assert removed.sequence_number == "4496600000000002345678904"


def test_changes_of_a_table_come_through_kinesis_too(captured: Captured) -> None:
    [raw] = captured("dynamodb_in_kinesis")["Records"]
    [record] = TableRecord.from_record(raw)
    assert (record.table, record.sequence_number, record.at) == ("loans", None, AT)


@pytest.mark.parametrize(
    ("image", "field"),
    [
        ({"a": {"N": "many"}}, "dynamodb.NewImage.a"),
        ({"a": {"N": "NaN"}}, "dynamodb.NewImage.a"),
        ({"a": {"S": "1", "N": "1"}}, "dynamodb.NewImage.a"),
        ({"a": {"X": "1"}}, "dynamodb.NewImage.a"),
        ({"a": "1"}, "dynamodb.NewImage.a"),
        ({"a": {"B": "%"}}, "dynamodb.NewImage.a.B"),
        ({"a": {"M": {"b": {"L": [{"BS": ["%"]}]}}}}, "dynamodb.NewImage.a.M.b.L.0.BS"),
        ({"a": {"SS": [1]}}, "dynamodb.NewImage.a.SS"),
    ],
)
def test_a_value_that_dynamodb_has_not_is_named(image: Any, field: str) -> None:
    raw = dynamodb_record({"id": "1"})
    raw["dynamodb"]["NewImage"] = image
    with pytest.raises(RecordShapeError) as caught:
        TableRecord.from_record(raw)
    assert caught.value.field == field


def test_data_of_a_stream_are_bytes_and_what_they_say(captured: Captured) -> None:
    plain, packed = [record for raw in captured("kinesis")["Records"] for record in StreamRecord.from_record(raw)]
    assert plain.json["aggregate_id"] == LOAN
    assert packed.json == plain.json
    assert packed.data[:2] == b"\x1f\x8b"
    assert (plain.shard_id, plain.partition_key, plain.at) == ("shardId-000000000006", LOAN, AT)


@pytest.mark.parametrize(
    ("data", "reason"), [(b"\xff", "is not text in UTF-8"), (b"text", "is not JSON"), (b"\x1f\x8b", "is cut off")]
)
def test_data_that_are_no_json_are_a_shape_error_when_asked_for(data: bytes, reason: str) -> None:
    [record] = StreamRecord.from_record(kinesis_record(data))
    assert record.data == data
    with pytest.raises(RecordShapeError, match=f"'data' {reason}"):
        _ = record.json


def test_text_that_is_json_of_text_is_read() -> None:
    [record] = StreamRecord.from_record(kinesis_record('"text"'))
    assert record.json == "text"


def test_firehose_is_answered_for_each_record(captured: Captured) -> None:
    records = FirehoseRecord.from_record(captured("firehose"))
    assert len(EventRecord.from_record(captured("firehose"))) == 2
    answers = [records[0].ok(), records[0].ok("x"), records[1].dropped(), records[1].failed()]
    assert [answer["result"] for answer in answers] == ["Ok", "Ok", "Dropped", "ProcessingFailed"]
    assert answers[1]["data"] == "eA=="
    assert answers[0]["data"] == captured("firehose")["records"][0]["data"]
    assert {answer["recordId"] for answer in answers} == {record.record_id for record in records}


def test_records_of_kafka_are_decoded(captured: Captured) -> None:
    first, tombstone, third = KafkaRecord.from_record(captured("kafka"))
    assert (first.topic, first.partition, first.offset, first.key) == ("loans", 0, 15, LOAN.encode())
    assert first.headers == {"trace": b"1-5", "odd": b"\xff\x7f\x00"}
    assert first.json["aggregate_id"] == LOAN
    assert (tombstone.value, third.partition) == (None, 1)
    [alone] = KafkaRecord.from_record(captured("kafka_self_managed"))
    assert (alone.key, alone.headers) == (None, {})
    assert len(EventRecord.from_record(captured("kafka"))) == 2


def test_a_record_of_kafka_comes_alone_through_pipes() -> None:
    [record] = kafka_event([{"a": 1}])["records"]["topic-0"]
    [read] = KafkaRecord.from_record({**record, "eventSource": "aws:kafka"})
    assert read.json == {"a": 1}


def test_messages_of_activemq_are_decoded(captured: Captured) -> None:
    text, binary = ActiveMQRecord.from_record(captured("activemq"))
    assert (text.queue, text.properties, text.at) == ("loans", {"index": "1", "reason": "late"}, AT)
    assert (text.correlation_id, text.message_type, text.json["aggregate_id"]) == (
        "myJMSCoID",
        "jms/text-message",
        LOAN,
    )
    assert (binary.data, binary.redelivered, binary.properties) == (b"\x00\xff", True, {})


def test_a_header_of_kafka_may_have_no_value() -> None:
    event = kafka_event([{"a": 1}], headers={"tenant": b"7"})
    [raw] = event["records"]["topic-0"]
    raw["headers"] += [{"empty": []}, {"null": None}]
    [record] = KafkaRecord.from_record(event)
    assert record.headers == {"tenant": b"7", "empty": b"", "null": None}
    raw["headers"] = [{"text": "7"}]
    with pytest.raises(RecordShapeError, match=r"'records\.topic-0\.0\.headers\.0\.text' has to be a JSON array"):
        KafkaRecord.from_record(event)


def test_nor_one_of_rabbitmq(captured: Captured) -> None:
    event = captured("rabbitmq")
    [[message]] = event["rmqMessagesByQueue"].values()
    message["basicProperties"]["headers"] = {"null": None, "bytes": {"bytes": None}, "text": {"bytes": [55]}}
    [record] = RabbitMQRecord.from_record(event)
    assert record.headers == {"null": None, "bytes": None, "text": "7"}


def test_messages_of_rabbitmq_are_decoded(captured: Captured) -> None:
    [record] = RabbitMQRecord.from_record(captured("rabbitmq"))
    assert (record.queue, record.virtual_host, record.message_id) == ("loans", "/", "7")
    assert record.headers == {"reason": "late", "tries": 10}
    assert record.properties["contentType"] == "application/json"
    assert record.json["aggregate_id"] == LOAN


def test_changes_of_documents_are_read(captured: Captured) -> None:
    inserted, dropped = DocumentRecord.from_record(captured("documentdb"))
    assert (inserted.operation, inserted.database, inserted.collection) == ("insert", "lending", "loans")
    assert inserted.key == {"_id": {"$oid": "63eeb6e7d418cd98afb1c1d7"}}
    assert inserted.document is not None
    assert (dropped.collection, dropped.document) == (None, None)
    assert dropped.at == AT.replace(microsecond=0)


@pytest.mark.parametrize("name", ["logs", "logs_in_kinesis"])
def test_lines_of_a_log_are_unpacked(captured: Captured, name: str) -> None:
    raw = captured(name)
    first, second = LogEventRecord.from_record(raw["Records"][0] if "Records" in raw else raw)
    assert (first.log_group, first.payload, first.at) == ("/aws/lambda/underwrite", {"level": "ERROR", "loan": 7}, AT)
    assert (second.payload, second.extracted) == ("START RequestId: 1\n", {"level": "START"})
    assert first.filters == ("errors",)


def test_control_messages_of_a_log_hold_no_line(captured: Captured) -> None:
    [raw] = captured("logs_control_in_kinesis")["Records"]
    assert LogEventRecord.from_record(raw) == []
    assert LogEventRecord.from_record(logs_event(["trial"], control=True)) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [("%", "is not base64"), ("eHh4", "is not gzip"), ("H4sI", "is cut off"), (7, "has to be a string")],
)
def test_a_log_that_is_not_packed_as_it_should_be_is_refused(data: Any, reason: str) -> None:
    with pytest.raises(RecordShapeError, match=f"LogEventRecord: 'awslogs.data' {reason}"):
        LogEventRecord.from_record({"awslogs": {"data": data}})


def test_a_rules_message_is_what_its_sql_selects(captured: Captured) -> None:
    [record] = IotRecord.from_record(captured("iot"))
    assert (record.topic, record.client_id, record.at) == ("sensors/7/climate", "sensor-7", AT)
    assert record.payload["temperature"] == 21.5
    [queued] = IotRecord.from_record(carried({"temperature": 1}, "sqs"))
    assert (queued.payload, queued.topic) == ({"temperature": 1}, None)
    with pytest.raises(RecordShapeError, match="a JSON object is expected, this is a number"):
        IotRecord.from_record(carried("21.5", "sqs"))


def test_numbers_that_are_none_do_not_break_a_message_later() -> None:
    raw = carried({}, "sqs")
    for name, value in (("ApproximateReceiveCount", "many"), ("SentTimestamp", "9" * 15)):
        broken = {**raw, "attributes": {name: value}}
        with pytest.raises(RecordShapeError) as caught:
            QueueRecord.from_record(broken)
        assert caught.value.field == f"attributes.{name}"


def test_the_last_time_that_a_message_may_say_is_one() -> None:
    [record] = QueueRecord.from_record({**carried({}, "sqs"), "attributes": {"SentTimestamp": "9" * 14}})
    assert record.sent_at is not None
    assert record.sent_at.year == 5138


def test_whatever_json_allows_is_read_as_json_would(captured: Captured) -> None:
    event = captured("event_record")
    for text in (json.dumps(event, indent=2), f"  {json.dumps(event)}\n"):
        assert len(EventRecord.from_record(carried(text, "sns", "sqs"))) == 1
    with pytest.raises(RecordShapeError):
        EventRecord.from_record(carried(json.dumps(event) + "x", "sqs"))
