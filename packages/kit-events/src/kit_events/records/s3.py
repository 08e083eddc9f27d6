"""S3: a file's record, as S3 itself sends it or by way of EventBridge, and the test that S3 sends at the beginning.

Shapes: S3 User Guide, "Event message structure" and "EventBridge event message structure".
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.fields import Fields
from kit_events.records.record import Record

# The names of EventBridge (detail type and reason), by the name in S3's own notifications ("Supported event types").
_CREATED = {"PutObject": "Put", "POST Object": "Post", "CopyObject": "Copy"}
_NAMES = {
    "Object Restore Initiated": "ObjectRestore:Post",
    "Object Restore Completed": "ObjectRestore:Completed",
    "Object Restore Expired": "ObjectRestore:Delete",
    "Object Storage Class Changed": "LifecycleTransition",
    "Object Access Tier Changed": "IntelligentTiering",
    "Object ACL Updated": "ObjectAcl:Put",
    "Object Tags Added": "ObjectTagging:Put",
    "Object Tags Deleted": "ObjectTagging:Delete",
}


class FileRecord(Record):
    """Something that happened to a file in S3.

    `key` is decoded, as the other calls of S3 take it. `size` and `etag` are None where there is no file any more.
    `event_name` is as in "ObjectCreated:Put", without the `s3:` that some notifications have; `at` is the event's time;
    `sequencer` orders the events of one key, compared as padded hexadecimal.
    """

    kind = "record of S3"
    shown = ("bucket", "key", "event_name", "version_id", "sequencer")

    bucket: str
    bucket_arn: str
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None
    event_name: str = ""
    region: str = ""
    at: datetime | None = None

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is S3's record, its event on EventBridge, or its test."""
        if raw.get("eventSource") == "aws:s3" or (raw.get("source") == "aws.s3" and "detail-type" in raw):
            return True
        return raw.get("Event") == "s3:TestEvent" and "Records" not in raw

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> tuple[()] | None:
        """Return nothing for S3's test, which is no file."""
        return () if raw.get("Event") == "s3:TestEvent" and "Records" not in raw else None

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the file; none for S3's test."""
        if "detail-type" in fields:
            yield cls._from_bus(fields)
        elif fields.value.get("Event") != "s3:TestEvent":
            yield cls._from_s3(fields)

    @classmethod
    def _from_s3(cls, fields: Fields) -> Self:
        from urllib.parse import unquote_plus

        s3 = fields.part("s3")
        bucket, thing = s3.part("bucket"), s3.part("object")
        name = bucket.get("name", str)
        try:
            key = unquote_plus(thing.get("key", str), errors="strict")
        except UnicodeDecodeError:
            raise thing.error("key", "is not encoded in UTF-8") from None
        return cls(
            bucket=name,
            bucket_arn=bucket.find("arn", str) or f"arn:aws:s3:::{name}",
            key=key,
            size=thing.find("size", int),
            etag=thing.find("eTag", str),
            version_id=thing.find("versionId", str),
            sequencer=thing.find("sequencer", str),
            event_name=(fields.find("eventName", str) or "").removeprefix("s3:"),
            region=fields.find("awsRegion", str) or "",
            at=None if fields.value.get("eventTime") is None else fields.time("eventTime"),
        )

    @classmethod
    def _from_bus(cls, fields: Fields) -> Self:
        """Read an event of EventBridge, which has the key as it is."""
        detail = fields.part("detail")
        thing, name = detail.part("object"), detail.part("bucket").get("name", str)
        return cls(
            bucket=name,
            bucket_arn=f"arn:{_partition(fields)}:s3:::{name}",
            key=thing.get("key", str),
            size=thing.find("size", int),
            etag=thing.find("etag", str),
            version_id=thing.find("version-id", str),
            sequencer=thing.find("sequencer", str),
            event_name=_event_name(fields.get("detail-type", str), detail),
            region=fields.find("region", str) or "",
            at=None if fields.value.get("time") is None else fields.time("time"),
        )


def _partition(fields: Fields) -> str:
    resources = fields.find("resources", list)
    arn = resources[0] if resources else None
    return arn.split(":")[1] if isinstance(arn, str) and arn.startswith("arn:") else "aws"


def _event_name(detail_type: str, detail: Fields) -> str:
    reason = detail.find("reason", str) or ""
    if detail_type == "Object Created":
        return f"ObjectCreated:{_CREATED.get(reason, reason)}"
    if detail_type == "Object Deleted":
        group = "LifecycleExpiration" if reason == "Lifecycle Expiration" else "ObjectRemoved"
        marker = detail.find("deletion-type", str) == "Delete Marker Created"
        return f"{group}:{'DeleteMarkerCreated' if marker else 'Delete'}"
    return _NAMES.get(detail_type, detail_type)
