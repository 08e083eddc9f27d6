"""Kinesis Data Streams ("Using Lambda to process records from Amazon Kinesis Data Streams")."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from kit_events.records.content import AGGREGATED, opened
from kit_events.records.data import DataRecord
from kit_events.records.fields import Fields
from kit_events.records.sources import unwrap

if TYPE_CHECKING:
    from kit_events.records.aggregated import UserRecord


class StreamRecord(DataRecord):
    """One record of a Kinesis stream: `data` are its bytes, `json` the same as JSON.

    Of a record that the Kinesis Producer Library has aggregated, each user record is one of its own:
    `sub_sequence_number` counts them from 0, and is part of `event_id`; `sequence_number` is that of the whole.
    """

    kind = "record of a stream"
    shown = ("event_id", "partition_key")

    event_id: str
    partition_key: str
    sequence_number: str
    data: bytes
    at: datetime | None = None
    stream_arn: str = ""
    sub_sequence_number: int | None = None

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> list[Any]:
        """Return the content of the data, of each user record if they are aggregated."""
        inner = _inner(Fields("StreamRecord", raw))
        data = inner.data("data")
        users = _user_records(inner, data)
        return [opened(data)] if users is None else [opened(user.data) for user in users]

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the record, or the user records in it."""
        inner = _inner(fields)
        data, event_id, arrived = inner.data("data"), fields.get("eventID", str), "approximateArrivalTimestamp"
        values: dict[str, Any] = {
            "sequence_number": inner.get("sequenceNumber", str),
            "at": inner.epoch(arrived) if inner.find(arrived, float) is not None else None,
            "stream_arn": fields.find("eventSourceARN", str) or "",
        }
        users = _user_records(inner, data)
        if users is None:
            number = inner.find("subSequenceNumber", int)
            key = inner.get("partitionKey", str)
            yield cls(event_id=event_id, partition_key=key, data=data, sub_sequence_number=number, **values)
            return
        for number, user in enumerate(users):
            yield cls(
                event_id=f"{event_id}:{number}",
                partition_key=user.partition_key,
                data=user.data,
                sub_sequence_number=number,
                **values,
            )

    @classmethod
    def split_record(cls, raw: Mapping[str, Any]) -> list[Any]:
        """Return the raw records inside of a raw one: of an aggregated one, one for each user record."""
        return [each for part in unwrap(raw, cls) for each in _split(part)]

    @property
    def shard_id(self) -> str:
        """Return the shard, which the event's id begins with."""
        return self.event_id.partition(":")[0]


def _inner(fields: Fields) -> Fields:
    """Return where the data are: beside the rest, if EventBridge Pipes brought them."""
    return fields.part("kinesis") if "kinesis" in fields or "data" not in fields else fields


def _user_records(inner: Fields, data: bytes) -> "list[UserRecord] | None":
    """Return the user records in aggregated data, None for other data."""
    if not data.startswith(AGGREGATED) or "subSequenceNumber" in inner:
        return None
    from kit_events.records.aggregated import user_records

    try:
        return user_records(data)
    except ValueError as error:
        raise inner.error("data", f"is no aggregated record: {error}") from None


def _split(raw: Any) -> list[Any]:
    """Return a raw record for each user record in a raw one, in the shape of a single record."""
    if not isinstance(raw, dict):
        return [raw]
    fields = Fields("StreamRecord", raw)
    inner = _inner(fields)
    users = _user_records(inner, inner.data("data"))
    if users is None:
        return [raw]
    parts = []
    for number, user in enumerate(users):
        data = {"partitionKey": user.partition_key, "data": b64encode(user.data).decode(), "subSequenceNumber": number}
        part = {**raw, "eventID": f"{raw.get('eventID')}:{number}"}
        parts.append(part | data if inner is fields else part | {"kinesis": inner.value | data})
    return parts
