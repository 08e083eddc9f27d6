"""Kinesis Data Streams ("Using Lambda to process records from Amazon Kinesis Data Streams")."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.content import opened
from kit_events.records.data import DataRecord
from kit_events.records.fields import Fields


class StreamRecord(DataRecord):
    """One record of a Kinesis stream: `data` are its bytes, `json` the same as JSON."""

    kind = "record of a stream"
    shown = ("event_id", "partition_key")

    event_id: str
    partition_key: str
    sequence_number: str
    data: bytes
    at: datetime | None = None
    stream_arn: str = ""

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> tuple[Any]:
        """Return the content of the data."""
        return (opened(_inner(Fields("StreamRecord", raw)).data("data")),)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the record."""
        inner = _inner(fields)
        arrived = "approximateArrivalTimestamp"
        yield cls(
            event_id=fields.get("eventID", str),
            partition_key=inner.get("partitionKey", str),
            sequence_number=inner.get("sequenceNumber", str),
            data=inner.data("data"),
            at=inner.epoch(arrived) if inner.find(arrived, float) is not None else None,
            stream_arn=fields.find("eventSourceARN", str) or "",
        )

    @property
    def shard_id(self) -> str:
        """Return the shard, which the event's id begins with."""
        return self.event_id.partition(":")[0]


def _inner(fields: Fields) -> Fields:
    """Return where the data are: beside the rest, if EventBridge Pipes brought them."""
    return fields.part("kinesis") if "kinesis" in fields or "data" not in fields else fields
