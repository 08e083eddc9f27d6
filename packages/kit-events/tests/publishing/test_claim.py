"""Payloads that wait in S3."""

import json
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from kit_aws import AwsError, ResourceNotFoundError
from kit_events import (
    AggregateId,
    BaseEvent,
    ClaimError,
    EventBus,
    EventRecord,
    EventTooLargeError,
    PublishError,
    RecordShapeError,
)
from kit_events.publishing import claim_check
from kit_events.publishing.drivers.memory import Memory
from kit_events.publishing.message import message_of
from kit_events.records.claimed_payload import fetch


@dataclass
class Signed(BaseEvent):
    type: ClassVar[str] = "loan.signed"

    loan: AggregateId
    document: str = ""


@pytest.fixture
def bucket(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    aws.client("s3").create_bucket(Bucket="claims")
    monkeypatch.setenv("KIT_EVENTS_CLAIM_BUCKET", "claims")
    return aws.client("s3")


@pytest.fixture
def place() -> Memory:
    return Memory()


def claim_of(place: Memory) -> dict[str, Any]:
    claim: dict[str, Any] = json.loads(place.messages[-1].text)["claim"]
    return claim


def test_a_payload_over_the_limit_waits_in_s3(bucket: Any, place: Memory) -> None:
    event = Signed(uuid4(), "ü" * 300_000)
    event_id = EventBus(place).publish(event)
    [message] = place.messages
    claim = claim_of(place)
    assert message.size < 1000
    assert "payload" not in json.loads(message.text)
    assert claim["key"] == f"kit-events/{event_id}.json"
    assert fetch(claim) == {"loan": str(event.loan), "document": event.document}


def test_an_object_carries_its_checksum(bucket: Any, place: Memory) -> None:
    EventBus(place, max_bytes=700).publish(Signed(uuid4(), "x" * 1000))
    claim = claim_of(place)
    head = bucket.head_object(Bucket="claims", Key=claim["key"], ChecksumMode="ENABLED")
    assert b64decode(head["ChecksumSHA256"]).hex() == claim["sha256"]
    assert head["ContentLength"] == claim["size"]


def test_a_record_of_a_claim_has_the_payload(bucket: Any, place: Memory) -> None:
    event = Signed(uuid4(), "x" * 300_000)
    EventBus(place).publish(event)
    raw = {"eventSource": "aws:sqs", "messageId": "1", "body": place.messages[0].text}
    [record] = EventRecord.from_record(raw)
    assert record.payload["document"] == event.document


def test_an_event_within_the_limit_leaves_nothing_there(bucket: Any, place: Memory) -> None:
    EventBus(place).publish(Signed(uuid4()))
    assert "Contents" not in bucket.list_objects_v2(Bucket="claims")


def test_of_many_only_the_large_wait_in_s3(bucket: Any, place: Memory) -> None:
    EventBus(place, claim_bucket="claims", max_bytes=1000).publish_many(
        Signed(uuid4(), "x" * size) for size in (1, 5000, 2)
    )
    assert ["claim" in json.loads(message.text) for message in place.messages] == [False, True, False]


def test_sent_again_it_is_the_same_object(bucket: Any, place: Memory) -> None:
    bus = EventBus(place, max_bytes=700)
    message = message_of(Signed(uuid4(), "x" * 1000))
    bus.send([message])
    bus.send([message])
    assert len(bucket.list_objects_v2(Bucket="claims")["Contents"]) == 1
    assert place.messages[0] == place.messages[1]


def test_without_a_bucket_it_is_an_error(place: Memory) -> None:
    with pytest.raises(EventTooLargeError):
        EventBus(place, max_bytes=700).publish(Signed(uuid4(), "x" * 1000))


def test_a_claim_that_is_too_large_itself_is_an_error(bucket: Any, place: Memory) -> None:
    with pytest.raises(EventTooLargeError):
        EventBus(place, max_bytes=100).publish(Signed(uuid4(), "x" * 1000))


def test_a_bucket_that_is_gone_fails_only_what_needs_it(aws: Any, place: Memory) -> None:
    bus = EventBus(place, claim_bucket="gone", max_bytes=1000)
    with pytest.raises(PublishError) as caught:
        bus.publish_many([Signed(uuid4()), Signed(uuid4(), "x" * 5000)])
    assert len(caught.value.published) == len(place.messages) == 1
    assert isinstance(caught.value.__cause__, ResourceNotFoundError)


@pytest.fixture
def claim(bucket: Any, place: Memory) -> dict[str, Any]:
    EventBus(place, max_bytes=700).publish(Signed(uuid4(), "x" * 1000))
    return claim_of(place)


def test_a_payload_that_is_gone_is_told(bucket: Any, claim: Any) -> None:
    bucket.delete_object(Bucket="claims", Key=claim["key"])
    with pytest.raises(ClaimError, match="is gone") as caught:
        fetch(claim)
    assert (caught.value.bucket, caught.value.key) == ("claims", claim["key"])


@pytest.mark.parametrize("alter", [str.upper, lambda text: text + "x", lambda text: text[:-1]])
def test_a_payload_that_was_altered_is_told(bucket: Any, claim: Any, alter: Any) -> None:
    body = bucket.get_object(Bucket="claims", Key=claim["key"])["Body"].read().decode()
    bucket.put_object(Bucket="claims", Key=claim["key"], Body=alter(body).encode())
    with pytest.raises(ClaimError, match="is not what was left there"):
        fetch(claim)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("bucket", None),
        ("key", 1),
        ("key", "secrets/passwords.json"),
        ("key", "kit-events/../secrets/passwords-of-all-the-bank.json"),
        ("bucket", "arn:aws:s3:us-east-1:999999999999:accesspoint/x"),
        ("bucket", "Claims"),
        ("sha256", None),
        ("sha256", "abc"),
        ("size", 64 * 1024 * 1024 + 1),
        ("size", "1"),
        ("size", True),
        ("size", -1),
    ],
)
def test_what_is_no_claim_is_named(claim: Any, part: str, value: Any) -> None:
    with pytest.raises(RecordShapeError) as caught:
        fetch({**claim, part: value})
    assert caught.value.field == f"claim.{part}"


@pytest.mark.parametrize("content", [b"[1]", b"null", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_payload_is_told_though_its_checksum_is_right(bucket: Any, claim: Any, content: bytes) -> None:
    """Whoever forges a claim can leave what it names, too."""
    bucket.put_object(Bucket="claims", Key=claim["key"], Body=content)
    with pytest.raises(ClaimError, match="is no JSON object"):
        fetch({**claim, "size": len(content), "sha256": sha256(content).hexdigest()})


def test_a_message_that_is_a_claim_already_does_not_keep_others_from_being_sent(bucket: Any, place: Memory) -> None:
    claimed, other = message_of(Signed(uuid4(), "x" * 1000)), message_of(Signed(uuid4()))
    EventBus(place, max_bytes=700).send([claimed])
    failed = EventBus(place, max_bytes=other.size).send([place.messages.pop(), other])
    assert {key: type(error) for key, error in failed.items()} == {claimed.id: EventTooLargeError}
    assert [message.id for message in place.messages] == [other.id]


def test_a_payload_that_nobody_would_fetch_is_not_left_there(
    bucket: Any, place: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_check, "MAX_BYTES", 2000)
    with pytest.raises(EventTooLargeError, match="at most 2000"):
        EventBus(place, max_bytes=700).publish(Signed(uuid4(), "x" * 2000))
    assert "Contents" not in bucket.list_objects_v2(Bucket="claims")


def test_other_failures_of_s3_are_its_own(claim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(AwsError):
        fetch(claim)
