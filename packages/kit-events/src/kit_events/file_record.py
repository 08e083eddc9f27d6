"""The record of a file in S3."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from kit_events.adapters import unwrap
from kit_events.adapters.s3 import is_s3_record, is_test_event
from kit_events.errors import RecordShapeError
from kit_events.frozen import Frozen


class FileRecord(Frozen):
    """Something that happened to a file in S3.

    `key` is decoded, as the other calls of S3 take it. `size` and `etag` are None where there is no file any more.
    `event_name` is as in "ObjectCreated:Put"; `sequencer` orders the events of one key, compared as padded hexadecimal.
    """

    __slots__ = (  # noqa: RUF023  (the documented order)
        "bucket",
        "bucket_arn",
        "key",
        "size",
        "etag",
        "version_id",
        "sequencer",
        "event_name",
        "region",
    )

    bucket: str
    bucket_arn: str
    key: str
    size: int | None
    etag: str | None
    version_id: str | None
    sequencer: str | None
    event_name: str
    region: str

    def __init__(
        self,
        bucket: str,
        bucket_arn: str,
        key: str,
        size: int | None = None,
        etag: str | None = None,
        version_id: str | None = None,
        sequencer: str | None = None,
        event_name: str = "",
        region: str = "",
    ) -> None:
        self._set(bucket=bucket, bucket_arn=bucket_arn, key=key, size=size, etag=etag)
        self._set(version_id=version_id, sequencer=sequencer, event_name=event_name, region=region)

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Iterator[Self]:
        """Yield the files in a raw record: S3's own, or in SNS, in SQS, or in both. S3's test event holds none.

        Raise `RecordShapeError` with the field that is wrong.
        """
        for inside in unwrap(raw):
            if is_s3_record(inside):
                yield cls._from_s3(inside)
            elif not is_test_event(inside):
                raise RecordShapeError(cls.__name__, None, "this is no record of S3")

    @classmethod
    def _from_s3(cls, record: dict[str, Any]) -> Self:
        from urllib.parse import unquote_plus

        s3 = cls._member(record, "s3", dict, "s3")
        bucket = cls._member(s3, "bucket", dict, "s3.bucket")
        thing = cls._member(s3, "object", dict, "s3.object")
        name = cls._member(bucket, "name", str, "s3.bucket.name")
        return cls(
            bucket=name,
            bucket_arn=bucket.get("arn") or f"arn:aws:s3:::{name}",
            key=unquote_plus(cls._member(thing, "key", str, "s3.object.key")),
            size=cls._member(thing, "size", int, "s3.object.size") if thing.get("size") is not None else None,
            etag=thing.get("eTag"),
            version_id=thing.get("versionId"),
            sequencer=thing.get("sequencer"),
            event_name=record.get("eventName", ""),
            region=record.get("awsRegion", ""),
        )

    @classmethod
    def _member(cls, parent: dict[str, Any], name: str, kind: Any, path: str) -> Any:
        value = parent.get(name)
        if not isinstance(value, kind):
            raise RecordShapeError(cls.__name__, path, f"is not a {kind.__name__}" if name in parent else "is missing")
        return value
