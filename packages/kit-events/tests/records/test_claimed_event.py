"""Events whose payload waits in S3."""

import copy
import json
from hashlib import sha256
from typing import Any

import pytest
from kit_events import ClaimError, EventRecord, RecordShapeError
from kit_testing.events import carried, event_body

PAYLOAD = {"text": "long"}
CONTENT = json.dumps(PAYLOAD).encode()
CLAIM = {
    "bucket": "claims",
    "key": "kit-events/0f8b8f3a-2b1e-4c55-8d35-6a5a5f0a7a11.json",
    "sha256": sha256(CONTENT).hexdigest(),
    "size": len(CONTENT),
}


def claimed(**changed: Any) -> dict[str, Any]:
    event = {**event_body(), "claim": {**CLAIM, **changed}}
    del event["payload"]
    found: dict[str, Any] = carried(event, "sns", "sqs")
    return found


def test_the_payload_is_fetched_once_when_it_is_asked_for(aws: Any) -> None:
    [record] = EventRecord.from_record(claimed())  # there is no such bucket yet
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="claims", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="claims", Key=CLAIM["key"], Body=CONTENT)
    assert record.payload == PAYLOAD
    s3.delete_object(Bucket="claims", Key=CLAIM["key"])
    assert record.payload is record.payload
    assert copy.deepcopy(record).payload == PAYLOAD


def test_what_is_gone_is_said_when_it_is_asked_for(aws: Any) -> None:
    aws.client("s3").create_bucket(Bucket="claims", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    [record] = EventRecord.from_record(claimed())
    assert record.type == "test"
    with pytest.raises(ClaimError):
        _ = record.payload


def test_a_record_with_a_claim_prints_and_copies_without_fetching() -> None:
    [record] = EventRecord.from_record(claimed())
    assert "test" in repr(copy.copy(record))
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        _ = record.colour  # type: ignore[attr-defined]


@pytest.mark.parametrize(("part", "value"), [("bucket", 1), ("key", "other/1.json"), ("sha256", None), ("size", "1")])
def test_a_claim_that_is_none_is_refused_at_once(part: str, value: Any) -> None:
    with pytest.raises(RecordShapeError) as caught:
        EventRecord.from_record(claimed(**{part: value}))
    assert caught.value.field == f"claim.{part}"


@pytest.mark.parametrize("field", ["id", "aggregate_id", "type", "origin", "at", "version"])
def test_the_other_fields_are_as_strict_as_ever(field: str) -> None:
    event = {**event_body(), "claim": CLAIM, field: None}
    del event["payload"]
    with pytest.raises(RecordShapeError) as caught:
        EventRecord.from_record(carried(event, "sqs"))
    assert caught.value.field == field
