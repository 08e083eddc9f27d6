"""Payloads that are too large for the bus: they wait in S3, and the message carries a claim to them."""

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from kit_events.errors import ClaimError, RecordShapeError
from kit_events.message import Message

# What is claimed has to be under it, so that a forged message makes nobody read another of the bucket's objects.
PREFIX = "kit-events/"
_PARTS = {"bucket": str, "key": str, "sha256": str, "size": int}


def store(message: Message, bucket: str) -> Message:
    """Leave a message's payload in S3, and return the message with `claim` in place of `payload`.

    The key follows from the event's id: sent again, it is the same object. Raise a `kit_aws.AwsError`.
    """
    from kit_aws import aws_errors, client

    event = json.loads(message.text)
    payload = json.dumps(event.pop("payload"), separators=(",", ":")).encode()
    digest, key = sha256(payload), f"{PREFIX}{message.id}.json"
    with aws_errors("PutObject", resource=f"s3://{bucket}/{key}"):
        client("s3").put_object(
            Bucket=bucket,
            Key=key,
            Body=payload,
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=b64encode(digest.digest()).decode(),
        )
    event["claim"] = {"bucket": bucket, "key": key, "sha256": digest.hexdigest(), "size": len(payload)}
    return message._replace(text=json.dumps(event, separators=(",", ":")))


def fetch(claim: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload that a claim is for: `{"bucket", "key", "sha256", "size"}`.

    Raise `RecordShapeError` for what is no claim, `ClaimError` where the object is gone or is not what was left there,
    and other `kit_aws.AwsError`s: S3 answers "access denied" for a missing object to who may not list the bucket.
    """
    from kit_aws import ResourceNotFoundError, aws_errors, client

    check(claim)
    bucket, key, size = claim["bucket"], claim["key"], claim["size"]
    try:
        with aws_errors("GetObject", resource=f"s3://{bucket}/{key}"):
            body = client("s3").get_object(Bucket=bucket, Key=key)["Body"]
            with body:
                content = body.read(size + 1)
    except ResourceNotFoundError as error:
        raise ClaimError(bucket, key, "is gone") from error
    if len(content) != size or sha256(content).hexdigest() != claim["sha256"]:
        raise ClaimError(bucket, key, "is not what was left there")
    payload: dict[str, Any] = json.loads(content)
    return payload


def check(claim: Any) -> None:
    """Raise `RecordShapeError` for what is no claim."""
    if not isinstance(claim, Mapping):
        raise RecordShapeError("EventRecord", "claim", "has to be a JSON object")
    for part, kind in _PARTS.items():
        if not isinstance(claim.get(part), kind) or isinstance(claim.get(part), bool):
            raise RecordShapeError(
                "EventRecord", f"claim.{part}", f"has to be {'a number' if kind is int else 'a text'}"
            )
    if not claim["key"].startswith(PREFIX):
        raise RecordShapeError("EventRecord", "claim.key", f"has to begin with {PREFIX}")
    if claim["size"] < 0:
        raise RecordShapeError("EventRecord", "claim.size", "is negative")
