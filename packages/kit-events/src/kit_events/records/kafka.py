"""Kafka, on MSK or self-managed ("Using Lambda with Amazon MSK", "Using Lambda with self-managed Apache Kafka")."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.content import opened
from kit_events.records.data import DataRecord
from kit_events.records.fields import Fields


class KafkaRecord(DataRecord):
    """One record of a topic of Kafka: `json` is its `value` as JSON; None is a tombstone's value.

    `headers` hold bytes, or None where the producer gave null; of a name that is repeated, the last.
    """

    kind = "record of Kafka"
    shown = ("topic", "partition", "offset")
    _data_field = "value"

    topic: str
    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    headers: dict[str, bytes | None] = {}  # noqa: RUF012  (copied)
    at: datetime | None = None
    timestamp_type: str | None = None

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> list[Any]:
        """Return the content of each record's value."""
        records = _records(Fields("KafkaRecord", raw))
        return [opened(record.data("value")) for record in records if record.value.get("value") is not None]

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the records, partition by partition."""
        for record in _records(fields):
            yield cls(
                topic=record.get("topic", str),
                partition=_partition(record),
                offset=record.get("offset", int),
                value=_bytes(record, "value"),
                key=_bytes(record, "key"),
                headers=_headers(record),
                at=record.epoch("timestamp", per_second=1000) if record.find("timestamp", int) is not None else None,
                timestamp_type=record.find("timestampType", str),
            )


def _records(fields: Fields) -> list[Fields]:
    """Return the records of each partition; one that EventBridge Pipes brought is there alone."""
    if "records" not in fields and "offset" in fields:
        return [fields]
    by_partition = fields.part("records")
    records = [record for partition in by_partition.value for record in by_partition.parts(partition)]
    if not records:
        raise fields.error("records", "is empty")
    return records


def _partition(record: Fields) -> int:
    """Return the partition, which EventBridge Pipes may write as text."""
    text = record.value.get("partition")
    return int(text) if isinstance(text, str) and text.isdecimal() else record.get("partition", int)


def _bytes(record: Fields, name: str) -> bytes | None:
    return record.data(name) if record.value.get(name) is not None else None


def _headers(record: Fields) -> dict[str, bytes | None]:
    """Return the headers, whose bytes are an array of Java's, from -128 to 127; None is a header without a value."""
    headers: dict[str, bytes | None] = {}
    for header in record.parts("headers") if record.find("headers", list) else ():
        for name in header.value:
            numbers = header.find(name, list)
            try:
                headers[name] = None if numbers is None else bytes(number & 0xFF for number in numbers)
            except TypeError:
                raise header.error(name, "has to hold bytes") from None
    return headers
