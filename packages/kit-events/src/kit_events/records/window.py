"""Tumbling windows of Kinesis and DynamoDB Streams.

Sources: Lambda Developer Guide, "Implementing stateful Kinesis Data Streams processing in Lambda", "Implementing
stateful DynamoDB stream processing in Lambda".
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar

from kit_core.json import dumps, loads

from kit_events.records.fields import Fields
from kit_events.records.record import Record

R = TypeVar("R", bound=Record)


class WindowTrigger(Record):
    """One call of a function for a tumbling window: a batch of the window's records, and the state so far.

    Lambda wants the new state as the answer (an answer without one is a failed invocation), and brings it with the next
    batch of the window; `is_final` is the last call for it. The state is JSON, of at most 1 MB a shard: Lambda ends a
    window early (`is_terminated_early`) whose state is larger.

    Example:

        @trigger
        def total(window: WindowTrigger):
            total = window.state.get("total", 0) + sum(record.json["n"] for record in window.read_all(StreamRecord))
            if window.is_final:
                store(window.start, total)
            return window.answer({"total": total})
    """

    kind = "event of a tumbling window"
    shown = ("shard_id", "start", "end", "is_final")

    start: datetime
    end: datetime
    state: dict[str, Any]
    shard_id: str
    stream_arn: str
    is_final: bool
    is_terminated_early: bool = False
    records: tuple[Any, ...] = ()

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is an event of a tumbling window."""
        return "isFinalInvokeForWindow" in raw and "window" in raw

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> list[Any]:
        """Return the raw records, of which the last call for a window has none."""
        records = raw.get("Records")
        return records if isinstance(records, list) else []

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the window."""
        window = fields.part("window")
        yield cls(
            start=window.time("start"),
            end=window.time("end"),
            state=fields.find("state", dict) or {},
            shard_id=fields.get("shardId", str),
            stream_arn=fields.get("eventSourceARN", str),
            is_final=fields.get("isFinalInvokeForWindow", bool),
            is_terminated_early=fields.find("isWindowTerminatedEarly", bool) or False,
            records=tuple(fields.find("Records", list) or ()),
        )

    def read_all(self, kind: type[R]) -> list[R]:
        """Return the records of the batch as this class reads them. Raise `RecordShapeError`."""
        return [record for raw in self.records for record in kind.from_record(raw)]

    def answer(self, state: Mapping[str, Any], failed: Iterable[str] = ()) -> dict[str, Any]:
        """Return the answer with the new state, as JSON holds it.

        failed: sequence numbers of failed records, for a mapping with ReportBatchItemFailures
        """
        failures = [{"itemIdentifier": number} for number in failed]
        return {"state": loads(dumps(state)), "batchItemFailures": failures}
