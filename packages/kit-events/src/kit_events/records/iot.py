"""IoT rules: the objects that their SQL selects ("Creating an AWS IoT rule", "AWS IoT SQL reference")."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from kit_events.records.fields import Fields, kind_of, refuse_no_number
from kit_events.records.record import Record
from kit_events.records.sources import unwrap


class IotRecord(Record):
    """One message that a rule has passed on: `payload` is the object that its SQL selected.

    The rest is there if the SQL selects it: `topic() AS topic`, `clientid() AS clientId`, `timestamp() AS timestamp`.
    """

    shown = ("topic", "client_id", "at")

    payload: dict[str, Any]
    topic: str | None = None
    client_id: str | None = None
    at: datetime | None = None

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> list[Self]:
        """Return the messages in a raw record: the function's event, or a record of a queue or a stream.

        Raise `RecordShapeError` for anything but an object: let the SQL select one.
        """
        return [cls._of(inside) for inside in unwrap(raw)]

    @classmethod
    def split_record(cls, raw: Mapping[str, Any]) -> list[Any]:
        """Return the objects in a raw record."""
        return unwrap(raw)

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say no: nothing tells a rule's message from any other object."""
        return False

    @classmethod
    def _of(cls, selected: Any) -> Self:
        fields = Fields(cls.__name__, selected)
        if not isinstance(selected, dict):
            raise Fields(cls.__name__, {}).error(None, f"a JSON object is expected, this is {kind_of(selected)}")
        refuse_no_number(cls.__name__, selected)
        return cls(
            payload=selected,
            topic=fields.find("topic", str),
            client_id=fields.find("clientId", str),
            at=fields.epoch("timestamp", per_second=1000) if fields.find("timestamp", float) is not None else None,
        )
