"""Payloads that a message only claims: they wait in S3, and are fetched from there."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from kit_core.errors import InvalidJsonError
from kit_core.json import loads

from kit_events.errors import ClaimError, RecordShapeError
from kit_events.records.content import MAX_BYTES

PREFIX = "kit-events/"
# A forged message shall make nobody read another of a bucket's objects, or ask elsewhere than a bucket for it.
_FORMS = {
    "bucket": (re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"), "has to be the name of a bucket"),
    "key": (re.compile(PREFIX + r"[0-9a-f-]{36}\.json"), f"has to be {PREFIX}, the event's id and .json"),
    "sha256": (re.compile("[0-9a-f]{64}"), "has to be 64 hexadecimal digits"),
}


def fetch(claim: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload that a claim is for: `{"bucket", "key", "sha256", "size"}`.

    Raise `RecordShapeError` for a malformed claim, `ClaimError` where the object is gone or was altered,
    and other `kit_aws.AwsError`s: S3 answers "access denied" for a missing object to who may not list the bucket.
    """
    from kit_aws import AwsError, ResourceNotFoundError, call

    check_claim(claim)
    bucket, key, size = claim["bucket"], claim["key"], claim["size"]
    # One byte more than there should be, so that a larger object is noticed, and not read whole.
    wanted = {"Bucket": bucket, "Key": key, "Range": f"bytes=0-{size}"}
    try:
        content = call("s3", "GetObject", wanted, resource=f"s3://{bucket}/{key}")["Body"]
    except ResourceNotFoundError as error:
        raise ClaimError(bucket, key, "is gone") from error
    except AwsError as error:
        if error.code != "InvalidRange":
            raise
        content = b""  # an empty object has no first byte
    if len(content) != size or sha256(content).hexdigest() != claim["sha256"]:
        raise ClaimError(bucket, key, "is not what was left there")
    try:
        payload = loads(content)
    except InvalidJsonError:
        payload = None
    if not isinstance(payload, dict):
        raise ClaimError(bucket, key, "is no JSON object")
    return payload


def check_claim(claim: Any) -> None:
    """Raise `RecordShapeError` for a malformed claim."""
    if not isinstance(claim, Mapping):
        raise RecordShapeError("EventRecord", "claim", "has to be a JSON object")
    for part, (form, remedy) in _FORMS.items():
        text = claim.get(part)
        if not isinstance(text, str) or not form.fullmatch(text):
            raise RecordShapeError("EventRecord", f"claim.{part}", remedy)
    size = claim.get("size")
    if type(size) is not int or not 0 <= size <= MAX_BYTES:
        raise RecordShapeError("EventRecord", "claim.size", f"has to be a number of bytes, {MAX_BYTES} at most")
