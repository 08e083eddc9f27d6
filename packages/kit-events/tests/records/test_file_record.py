"""Files as they come in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from kit_events import FileRecord, RecordShapeError

CREATED = FileRecord(
    bucket="loans-documents",
    bucket_arn="arn:aws:s3:::loans-documents",
    key="loans/1/pay slip (café).pdf",
    size=1024,
    etag="d41d8cd98f00b204e9800998ecf8427e",
    version_id="096fKKXTRTtl3on89fVO.nfljtsv6qko",
    sequencer="0055AED6DCD90281E5",
    event_name="ObjectCreated:Put",
    region="eu-west-1",
    at=datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC),
)
REMOVED = FileRecord(
    "loans-documents",
    "arn:aws:s3:::loans-documents",
    "loans/1/gone.pdf",
    sequencer="0055AED6DCD90281E6",
    event_name="ObjectRemoved:Delete",
    region="eu-west-1",
    at=datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("s3", [CREATED]),
        ("s3_removed", [REMOVED]),
        ("s3_in_sqs", [CREATED]),
        ("s3_in_sns", [CREATED]),
        ("s3_in_sns_in_sqs", [CREATED, REMOVED]),
        ("s3_test_in_sqs", []),
        ("s3_test_in_sns_in_sqs", []),
    ],
)
def test_files_are_found_in_whatever_they_came_in(captured: Callable[[str], Any], name: str, files: Any) -> None:
    [raw] = captured(name)["Records"]
    assert list(FileRecord.from_record(raw)) == files


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("ObjectRestore:Completed", "ObjectRestore:Completed"),
        ("s3:ObjectRestore:Completed", "ObjectRestore:Completed"),
        ("s3:ObjectCreated:Put", "ObjectCreated:Put"),
    ],
)
def test_an_event_has_one_name(captured: Callable[[str], Any], sent: str, name: str) -> None:
    [raw] = captured("s3")["Records"]
    [file] = FileRecord.from_record({**raw, "eventName": sent})
    assert file.event_name == name


def test_the_time_of_an_event_may_be_left_out(captured: Callable[[str], Any]) -> None:
    [raw] = captured("s3")["Records"]
    del raw["eventTime"]
    assert FileRecord.from_record(raw)[0].at is None
    with pytest.raises(RecordShapeError, match="'eventTime' is not a time"):
        FileRecord.from_record({**raw, "eventTime": "noon"})


def test_the_test_that_s3_sends_to_a_function_holds_no_file() -> None:
    assert list(FileRecord.from_record({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("s3", None),
        ("s3.bucket", 1),
        ("s3.bucket.name", None),
        ("s3.object", []),
        ("s3.object.key", 1),
        ("s3.object.size", "1"),
    ],
)
def test_a_wrong_field_is_named(captured: Callable[[str], Any], path: str, value: Any) -> None:
    [raw] = captured("s3")["Records"]
    *parents, last = path.split(".")
    inner = raw
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    with pytest.raises(RecordShapeError) as caught:
        list(FileRecord.from_record(raw))
    assert caught.value.field == path


@pytest.mark.parametrize("name", ["sns_in_sqs", "sqs_fifo"])
def test_another_message_is_no_file(captured: Callable[[str], Any], name: str) -> None:
    [raw] = captured(name)["Records"]
    with pytest.raises(RecordShapeError, match="no record of S3"):
        list(FileRecord.from_record(raw))


def test_text_in_a_queue_is_no_file() -> None:
    with pytest.raises(RecordShapeError, match="no record of S3"):
        list(FileRecord.from_record({"eventSource": "aws:sqs", "messageId": "1", "body": json.dumps("poison")}))
