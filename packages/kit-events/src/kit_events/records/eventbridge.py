"""EventBridge ("Event structure reference")."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.content import opened, parsed
from kit_events.records.fields import Fields, refuse_no_number
from kit_events.records.record import Record


class BusRecord(Record):
    """One event of an event bus, be it of AWS or your own: `detail_type`, `source`, and the `detail`."""

    kind = "event of an event bus"
    shown = ("id", "detail_type", "source", "at")

    id: str
    detail_type: str
    source: str
    detail: dict[str, Any]
    at: datetime
    account: str = ""
    region: str = ""
    resources: tuple[str, ...] = ()
    replay: str | None = None

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is an event of a bus."""
        return "detail-type" in raw and "source" in raw

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> tuple[Any] | None:
        """Return the detail."""
        if "detail" not in raw or not cls.recognises(raw):
            return None
        refuse_no_number("BusRecord", raw["detail"], "detail")
        return (opened(raw["detail"]),)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the event."""
        if isinstance(fields.value.get("detail"), str):  # EventBridge Scheduler quotes it
            fields = Fields(fields.record, {**fields.value, "detail": parsed(fields.value["detail"])})
        refuse_no_number(fields.record, fields.value.get("detail"), "detail")
        resources = fields.find("resources", list) or []
        if not all(isinstance(arn, str) for arn in resources):
            raise fields.error("resources", "has to hold strings")
        yield cls(
            id=fields.get("id", str),
            detail_type=fields.get("detail-type", str),
            source=fields.get("source", str),
            detail=fields.get("detail", dict),
            at=fields.time("time"),
            account=fields.find("account", str) or "",
            region=fields.find("region", str) or "",
            resources=tuple(resources),
            replay=fields.find("replay-name", str),
        )
