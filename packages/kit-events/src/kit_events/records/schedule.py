"""Schedules: rules of EventBridge and schedules of EventBridge Scheduler, with the input that they have by default."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.fields import Fields
from kit_events.records.record import Record


class ScheduleRecord(Record):
    """One time that a schedule was due: `name` of the rule or schedule, and `at`, when it was planned for."""

    kind = "schedule's event"
    shown = ("name", "at")

    id: str
    name: str
    arn: str
    at: datetime

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether a rule's schedule or EventBridge Scheduler sent this."""
        return raw.get("detail-type") == "Scheduled Event" and raw.get("source") in ("aws.events", "aws.scheduler")

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the time."""
        resources = fields.get("resources", list)
        arn = resources[0] if resources else None
        if not isinstance(arn, str):
            raise fields.error("resources", "has to hold the rule's ARN")
        yield cls(id=fields.get("id", str), name=arn.rpartition("/")[2], arn=arn, at=fields.time("time"))
