"""The strict record of an event that another function published."""

from binascii import unhexlify
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, SafeUUID

from kit_events.errors import RecordShapeError
from kit_events.records.content import path_in_text
from kit_events.records.fields import NO_NUMBER, Fields, kind_of, refuse_no_number
from kit_events.records.record import Record
from kit_events.records.sources import unwrap

# The parts of a UUID are set as UUID() does it: by UUID(), reading an event takes 12 % longer (benchmarks/records.py).
_new, _unknown = object.__new__, SafeUUID.unknown
_set_int, _set_safe = (vars(UUID)[name].__set__ for name in ("int", "is_safe"))


class EventRecord(Record):
    """One event, as another function published it.

    `aggregate_id` is the id of its subject, `at` its time (aware), `origin` the publishing service. A payload that was
    left in S3 is fetched when it is first asked for: that may raise `ClaimError` or a `kit_aws.AwsError`.

    Example: `[record] = EventRecord.from_record(event["Records"][0])`
    """

    shown = ("id", "type", "aggregate_id", "origin", "at", "version")

    id: UUID
    aggregate_id: UUID
    payload: dict[str, Any]
    type: str
    origin: str
    at: datetime
    version: str

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> list[Self]:
        """Return the events in a raw record, out of any carrier: SNS in SQS, raw delivery, an event bus, a stream.

        Members that are not an event's are ignored. Raise `RecordShapeError` with the field that is wrong; then none of
        the events in the record is returned.
        """
        found = unwrap(raw)
        if len(found) != 1:
            return [cls._of(event) for event in found]
        if found[0] is raw:  # as Lambda's runtime has read it, which takes 1e999 for infinity
            refuse_no_number(cls.__name__, raw)
        return [cls._of(found[0])]

    @classmethod
    def split_record(cls, raw: Mapping[str, Any]) -> list[Any]:
        """Return the events in a raw record, as they were sent."""
        return unwrap(raw)

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether an object has the members of an event."""
        return all(name in raw for name in ("id", "aggregate_id", "type", "origin", "at", "version"))

    @classmethod
    def _of(cls, event: Any) -> Self:
        """Return the event if all is well, which is seen cheaply; else find the wrong field."""
        if not isinstance(event, dict):
            if isinstance(event, str) and (path := path_in_text(event)) is not None:
                raise RecordShapeError(cls.__name__, path, NO_NUMBER)
            raise RecordShapeError(cls.__name__, None, f"a JSON object is expected, this is {kind_of(event)}")
        get = event.get
        event_id, aggregate_id, payload, at = _uuid(get("id")), _uuid(get("aggregate_id")), get("payload"), get("at")
        event_type, origin, version = get("type"), get("origin"), get("version")
        if (
            event_id is None
            or aggregate_id is None
            or not isinstance(payload, dict)
            or not (isinstance(event_type, str) and isinstance(origin, str) and isinstance(version, str))
            or not (event_type and origin and version)
        ):
            return cls._exact(event)
        try:
            happened = datetime.fromisoformat(at)  # type: ignore[arg-type]
        except (ValueError, TypeError):
            return cls._exact(event)
        if happened.tzinfo is None:
            return cls._exact(event)
        return cls._made(
            {
                "id": event_id,
                "aggregate_id": aggregate_id,
                "payload": payload,
                "type": event_type,
                "origin": origin,
                "at": happened,
                "version": version,
            }
        )

    @classmethod
    def _exact(cls, event: dict[str, Any]) -> Self:
        """Name the field that is wrong, or return the event whose payload waits in S3."""
        fields = Fields(cls.__name__, event)
        values: dict[str, Any] = {name: _strict_uuid(fields, name) for name in ("id", "aggregate_id")}
        if "payload" in event or "claim" not in event:
            values["payload"] = fields.get("payload", dict)
        else:
            from kit_events.records.claimed_payload import check_claim

            check_claim(event["claim"])
            values["_claim"] = event["claim"]
        for name in ("type", "origin", "version"):
            values[name] = fields.get(name, str)
            if not values[name]:
                raise fields.error(name, "is empty")
        return cls._made({**values, "at": fields.time("at")})

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Fetch the payload, which is the one field that may not be there yet."""
            claim = self.__dict__.get("_claim")
            if name != "payload" or claim is None:
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
            from kit_events.records.claimed_payload import fetch

            payload = self.__dict__["payload"] = fetch(claim)
            return payload


def _uuid(text: Any) -> UUID | None:
    """Return the UUID of text in the one form that is strict, None for anything else.

    UUID() itself also takes braces, a urn: and hyphens anywhere.
    """
    if not isinstance(text, str) or len(text) != 36 or text[8:24:5] != "----":
        return None
    digits = text.replace("-", "")
    if len(digits) != 32:
        return None
    try:
        number = int.from_bytes(unhexlify(digits))
    except ValueError:
        return None
    made: UUID = _new(UUID)
    _set_int(made, number)
    _set_safe(made, _unknown)
    return made


def _strict_uuid(fields: Fields, name: str) -> UUID:
    found = _uuid(fields.get(name, str))
    if found is None:
        raise fields.error(name, "is not a UUID")
    return found
