"""Payloads that are too large for the bus: they wait in S3, and the message carries a claim to them."""

from base64 import b64encode
from hashlib import sha256

from kit_core.json import dumps, loads

from kit_events.errors import EventTooLargeError
from kit_events.publishing.message import Message
from kit_events.records.claimed_payload import PREFIX
from kit_events.records.content import MAX_BYTES


def split(message: Message, bucket: str) -> tuple[Message, bytes | None]:
    """Return a message with `claim` in place of `payload`, and the payload, which is to be left in S3.

    The key follows from the event's id: sent again, it is the same object. A message that has no payload of its own is
    returned as it is, with None. Raise `EventTooLargeError` for a payload that nobody would fetch.
    """
    event = loads(message.text)
    if "payload" not in event:
        return message, None
    payload = dumps(event.pop("payload")).encode()
    if len(payload) > MAX_BYTES:
        raise EventTooLargeError(message.type, len(payload), MAX_BYTES)
    digest = sha256(payload).hexdigest()
    event["claim"] = {"bucket": bucket, "key": _key_of(message), "sha256": digest, "size": len(payload)}
    return message._replace(text=dumps(event)), payload


def store(message: Message, bucket: str, payload: bytes) -> None:
    """Leave a message's payload in S3. Raise a `kit_aws.AwsError`."""
    from kit_aws import call

    key = _key_of(message)
    stored = {
        "Bucket": bucket,
        "Key": key,
        "Body": payload,
        "ContentType": "application/json",
        "ChecksumAlgorithm": "SHA256",
        "ChecksumSHA256": b64encode(sha256(payload).digest()).decode(),
    }
    call("s3", "PutObject", stored, resource=f"s3://{bucket}/{key}")


def _key_of(message: Message) -> str:
    return f"{PREFIX}{message.id}.json"
