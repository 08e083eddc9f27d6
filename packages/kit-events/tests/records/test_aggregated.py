"""Kinesis records that the Kinesis Producer Library has aggregated."""

import json
from base64 import b64encode
from hashlib import md5
from typing import Any

import pytest
from kit_events import EventRecord, RecordShapeError, StreamRecord
from kit_testing.events import carried, event_body, kinesis_record

MAGIC = b"\xf3\x89\x9a\xc2"


def varint(number: int) -> bytes:
    made = b""
    while number > 0x7F:
        made, number = made + bytes([number & 0x7F | 0x80]), number >> 7
    return made + bytes([number])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(*records: tuple[int, bytes], keys: tuple[str, ...] = ("loan-7", "loan-8")) -> bytes:
    """Return an AggregatedRecord, with the members of which nothing is read, too."""
    tables = b"".join(field(1, key.encode()) for key in keys) + field(2, b"0") * len(keys)
    inner = [field(1, key) + field(2, key) + field(3, data) + field(4, field(1, b"tag")) for key, data in records]
    return tables + b"".join(field(3, record) for record in inner)


def aggregated(content: bytes) -> bytes:
    return MAGIC + content + md5(content).digest()


@pytest.fixture
def raw() -> dict[str, Any]:
    records = [(n % 2, json.dumps({"n": n}).encode()) for n in range(300)]
    return kinesis_record(aggregated(message(*records)), partition_key="a", sequence_number="49")


def test_each_user_record_is_a_record(raw: dict[str, Any]) -> None:
    records = StreamRecord.from_record(raw)
    assert [record.json["n"] for record in records] == list(range(300))
    assert [record.partition_key for record in records[:3]] == ["loan-7", "loan-8", "loan-7"]
    assert {record.sequence_number for record in records} == {"49"}
    assert [record.sub_sequence_number for record in records] == list(range(300))
    assert records[299].event_id == "shardId-000000000000:49:299"
    assert {record.shard_id for record in records} == {"shardId-000000000000"}
    assert {record.at for record in records} == {StreamRecord.from_record(kinesis_record(b""))[0].at}


def test_other_records_are_none(raw: dict[str, Any]) -> None:
    [record] = StreamRecord.from_record(kinesis_record({"n": 1}, sequence_number="50"))
    assert (record.event_id, record.sub_sequence_number) == ("shardId-000000000000:50", None)


def test_the_records_of_others_are_found_in_them() -> None:
    events = [event_body({"n": n}) for n in range(3)]
    raw = kinesis_record(aggregated(message(*((0, json.dumps(event).encode()) for event in events))))
    assert [record.payload for record in EventRecord.from_record(raw)] == [{"n": 0}, {"n": 1}, {"n": 2}]
    piped = {**raw["kinesis"], **{name: value for name, value in raw.items() if name != "kinesis"}}
    assert [record.payload["n"] for record in EventRecord.from_record(piped)] == [0, 1, 2]
    assert [record.json for record in StreamRecord.from_record(piped)] == events


def test_a_raw_record_is_split_into_raw_records(raw: dict[str, Any]) -> None:
    piped = {**raw["kinesis"], **{name: value for name, value in raw.items() if name != "kinesis"}}
    for each in (raw, piped):
        parts = StreamRecord.split_record(each)
        assert [StreamRecord.from_record(part) for part in parts] == [[one] for one in StreamRecord.from_record(each)]
    [part] = StreamRecord.split_record(carried(event_body(), "kinesis"))
    assert "subSequenceNumber" not in part["kinesis"]


@pytest.mark.parametrize("content", [b"", b"x", message((0, b"{}")) + b"x", MAGIC])
def test_data_that_only_begin_so_are_a_record_as_they_are(content: bytes) -> None:
    for data in (MAGIC + content, MAGIC + content + b"0" * 16):
        [record] = StreamRecord.from_record(kinesis_record(data))
        assert (record.data, record.sub_sequence_number) == (data, None)


def test_an_aggregate_of_nothing_holds_nothing() -> None:
    assert StreamRecord.from_record(kinesis_record(aggregated(b""))) == []


@pytest.mark.parametrize(
    "content",
    [
        message((2, b"{}")),  # no such partition key
        field(1, b"key") + field(3, field(3, b"data")),  # a record without a key
        field(1, b"key") + field(3, field(1, 0)),  # a record without data
        field(1, b"key") + field(3, field(1, b"0") + field(3, b"data")),  # a key's index of another type
        field(1, b"\xff") + field(3, field(1, 0) + field(3, b"data")),  # a key that is no text
        field(1, 7) + field(3, 7),
        message((0, b"{}"))[:-1],  # cut off
        b"\x80" * 11,  # an endless number
        b"\x0b",  # a wire type that there isn't
        b"\x09\x00",  # eight bytes, of which one is there
        b"\x1a\xff\xff\xff\xff\x0f",  # longer than everything
    ],
)
def test_a_malformed_aggregate_is_named(content: bytes) -> None:
    with pytest.raises(RecordShapeError, match=r"'kinesis\.data' is no aggregated record"):
        StreamRecord.from_record(kinesis_record(aggregated(content)))


def test_members_of_the_future_are_passed_over() -> None:
    later = b"\x79" + b"\x00" * 8 + b"\x7d" + b"\x00" * 4 + field(14, 1) + field(15, b"later")
    raw = kinesis_record(aggregated(later + message((1, b"{}")) + later))
    [record] = StreamRecord.from_record(raw)
    assert (record.partition_key, record.json) == ("loan-8", {})


def test_a_user_record_that_begins_so_is_not_opened_again() -> None:
    inner = aggregated(message((0, b"{}")))
    raw = kinesis_record(aggregated(message((0, inner))))
    assert [record.data for record in StreamRecord.from_record(raw)] == [inner]
    [part] = StreamRecord.split_record(raw)
    assert part["kinesis"]["data"] == b64encode(inner).decode()
    assert StreamRecord.from_record(part) == StreamRecord.from_record(raw)
