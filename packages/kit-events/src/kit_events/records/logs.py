"""CloudWatch Logs subscriptions: to a function, or by way of a stream ("Real-time processing of log data")."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self

from kit_events.errors import RecordShapeError
from kit_events.records.content import gunzipped, parsed
from kit_events.records.fields import Fields
from kit_events.records.record import Record


class LogEventRecord(Record):
    """One line of a log: `message` is its text, `payload` the same as JSON.

    CloudWatch's control messages, by which it tries out the way, hold none.
    """

    kind = "event of CloudWatch Logs"
    shown = ("id", "log_group", "log_stream", "at")

    id: str
    message: str
    at: datetime
    log_group: str
    log_stream: str
    owner: str = ""
    filters: tuple[str, ...] = ()
    extracted: dict[str, str] = {}  # noqa: RUF012  (copied)

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is the packed event of a function, or the batch inside of a stream's record."""
        return "awslogs" in raw or ("logEvents" in raw and "messageType" in raw)

    @classmethod
    def split_record(cls, raw: Mapping[str, Any]) -> list[Any]:
        """Return the unpacked batches inside of a raw record, each with one line."""
        logs = [
            _unpacked(Fields(cls.__name__, each)).value if isinstance(each, dict) and "awslogs" in each else each
            for each in super().split_record(raw)
        ]
        return [part for log in logs for part in _lines(log)]

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the lines."""
        log = _unpacked(fields) if "awslogs" in fields else fields
        kind = log.get("messageType", str)
        if kind == "CONTROL_MESSAGE":
            return
        if kind != "DATA_MESSAGE":
            raise log.error("messageType", "has to be DATA_MESSAGE or CONTROL_MESSAGE")
        filters = log.find("subscriptionFilters", list) or []
        for event in log.parts("logEvents"):
            yield cls(
                id=event.get("id", str),
                message=event.get("message", str),
                at=event.epoch("timestamp", per_second=1000),
                log_group=log.get("logGroup", str),
                log_stream=log.get("logStream", str),
                owner=log.find("owner", str) or "",
                filters=tuple(str(name) for name in filters),
                extracted=event.texts("extractedFields"),
            )

    @property
    def payload(self) -> Any:
        """Return the line as JSON, or its text if it is none."""
        return parsed(self.message)


def _lines(log: Any) -> list[Any]:
    lines = log.get("logEvents") if isinstance(log, dict) else None
    return [{**log, "logEvents": [line]} for line in lines] if isinstance(lines, list) else [log]


def _unpacked(fields: Fields) -> Fields:
    packed = fields.part("awslogs")
    try:
        log = parsed(gunzipped(packed.data("data")).decode())
    except UnicodeDecodeError:
        raise packed.error("data", "is not text in UTF-8") from None
    except RecordShapeError:
        raise
    except ValueError as error:
        raise packed.error("data", str(error)) from None
    if not isinstance(log, dict):
        raise packed.error("data", "is not a JSON object")
    return Fields(fields.record, log)
