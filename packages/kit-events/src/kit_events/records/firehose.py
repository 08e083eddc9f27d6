"""Amazon Data Firehose asking for a transformation ("Transform source data in Amazon Data Firehose")."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.content import opened
from kit_events.records.data import DataRecord
from kit_events.records.fields import Fields


class FirehoseRecord(DataRecord):
    """One record on its way through Firehose, which waits for an answer to each.

    Under kit-handler's `job`, return `record.ok(…)`, the new data or None; without it, answer
    `{"records": [record.ok(…) for record in FirehoseRecord.from_record(event)]}`.
    """

    kind = "event of Firehose"
    shown = ("record_id",)

    record_id: str
    data: bytes
    at: datetime | None = None
    stream_arn: str = ""

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> list[Any]:
        """Return the content of each record's data."""
        return [opened(record.data("data")) for record in _records(Fields("FirehoseRecord", raw))]

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the records."""
        arrived, arn = "approximateArrivalTimestamp", fields.get("deliveryStreamArn", str)
        for record in _records(fields):
            yield cls(
                record_id=record.get("recordId", str),
                data=record.data("data"),
                at=record.epoch(arrived, per_second=1000) if record.find(arrived, float) is not None else None,
                stream_arn=arn,
            )

    def ok(self, data: bytes | str | None = None) -> dict[str, Any]:
        """Return the answer that delivers `data`, or the record as it came in."""
        sent = self.data if data is None else data.encode() if isinstance(data, str) else data
        return {"recordId": self.record_id, "result": "Ok", "data": b64encode(sent).decode()}

    def dropped(self) -> dict[str, Any]:
        """Return the answer that leaves the record out, on purpose."""
        return {"recordId": self.record_id, "result": "Dropped"}

    def failed(self) -> dict[str, Any]:
        """Return the answer that sends the record, as it came, to where failed ones are kept."""
        return {"recordId": self.record_id, "result": "ProcessingFailed", "data": b64encode(self.data).decode()}


def _records(fields: Fields) -> list[Fields]:
    if "records" not in fields and "recordId" in fields:  # one that kit-handler's `job` has taken out
        return [fields]
    records = fields.parts("records")
    if not records:
        raise fields.error("records", "is empty")
    return records
