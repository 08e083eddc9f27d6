"""An event on its way out, in the format that EventRecord reads."""

import os
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from kit_aws import to_json

from kit_events.correlation import current_correlation_id


class Message(NamedTuple):
    """Hold what a driver sends: the text, the attributes to filter by, and the ids that keep order and identity."""

    id: UUID
    type: str
    aggregate_id: UUID
    text: str
    attributes: dict[str, str]

    @property
    def size(self) -> int:
        """Return the bytes that SNS and SQS count: the text, and each attribute's name, type and value."""
        attributes = (name + "String" + value for name, value in self.attributes.items())
        return sum(len(part.encode()) for part in (self.text, *attributes))


def compose(type: str, version: str, aggregate_id: UUID, payload: Any) -> Message:  # noqa: A002
    """Return the message of an event that happens now, with an id of its own."""
    event_id = uuid4()
    origin = _origin()
    at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    event = {
        "id": str(event_id),
        "origin": origin,
        "type": type,
        "at": at,
        "aggregate_id": str(aggregate_id),
        "version": version,
        "payload": payload,
    }
    attributes = {"event_type": type, "event_origin": origin}
    if correlation_id := current_correlation_id():
        attributes["correlation_id"] = correlation_id
    return Message(event_id, type, aggregate_id, to_json(event), attributes)


def _origin() -> str:
    """Return "rispar.loans" for the service loans: existing subscribers filter by this prefix."""
    service = os.environ.get("SERVICE_NAME") or "platform"
    prefix = os.environ.get("KIT_EVENTS_ORIGIN_PREFIX", "rispar")
    return f"{prefix}.{service}" if prefix else service
