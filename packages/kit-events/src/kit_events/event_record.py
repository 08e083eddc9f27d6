"""The strict record of an event."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from kit_events.adapters import unwrap
from kit_events.errors import RecordShapeError
from kit_events.frozen import Frozen


class EventRecord(Frozen):
    """One event, as another function published it.

    `aggregate_id` is what it is about, `at` when it happened (aware), `origin` the service that said so.
    """

    __slots__ = ("id", "aggregate_id", "payload", "type", "origin", "at", "version")  # noqa: RUF023  (the documented order)

    id: UUID
    aggregate_id: UUID
    payload: dict[str, Any]
    type: str
    origin: str
    at: datetime
    version: str

    def __init__(
        self,
        id: UUID,  # noqa: A002
        aggregate_id: UUID,
        payload: dict[str, Any],
        type: str,  # noqa: A002
        origin: str,
        at: datetime,
        version: str,
    ) -> None:
        self._set(id=id, aggregate_id=aggregate_id, payload=payload, type=type, origin=origin, at=at, version=version)

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Iterator[Self]:
        """Yield the events in a raw record: SNS in SQS, raw delivery, an SNS record, or what `enqueue` sent.

        Fields that are not an event's are ignored. Raise `RecordShapeError` with the field that is wrong.
        """
        for inside in unwrap(raw):
            yield cls._from_event(inside)

    @classmethod
    def _from_event(cls, event: Any) -> Self:
        if not isinstance(event, dict):
            raise RecordShapeError(cls.__name__, None, f"a JSON object is expected, this is {_kind(event)}")
        return cls(
            id=cls._uuid(event, "id"),
            aggregate_id=cls._uuid(event, "aggregate_id"),
            payload=cls._field(event, "payload", dict),
            type=cls._text(event, "type"),
            origin=cls._text(event, "origin"),
            at=cls._time(event, "at"),
            version=cls._text(event, "version"),
        )

    @classmethod
    def _field(cls, event: dict[str, Any], name: str, kind: Any) -> Any:
        value = event.get(name)
        if not isinstance(value, kind):
            reason = f"has to be {_NAMES[kind]}, not {_kind(value)}" if name in event else "is missing"
            raise RecordShapeError(cls.__name__, name, reason)
        return value

    @classmethod
    def _text(cls, event: dict[str, Any], name: str) -> str:
        value: str = cls._field(event, name, str)
        if not value:
            raise RecordShapeError(cls.__name__, name, "is empty")
        return value

    @classmethod
    def _uuid(cls, event: dict[str, Any], name: str) -> UUID:
        value = cls._field(event, name, str)
        if not _UUID.fullmatch(value):
            raise RecordShapeError(cls.__name__, name, "is not a UUID")
        return UUID(value)

    @classmethod
    def _time(cls, event: dict[str, Any], name: str) -> datetime:
        value = cls._field(event, name, str)
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise RecordShapeError(cls.__name__, name, "is not a time (RFC 3339)") from None
        if at.tzinfo is None:
            raise RecordShapeError(cls.__name__, name, "has no offset from UTC")
        return at

    def _shown(self) -> tuple[str, ...]:
        return ("id", "type", "aggregate_id", "origin", "at", "version")


# UUID() itself also takes braces, a urn: and hyphens anywhere.
_UUID = re.compile("[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NAMES = {dict: "a JSON object", str: "a string"}


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    return {str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")
