"""An event on its way out, in the format that EventRecord reads."""

import os
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from kit_core import invocation
from kit_core.errors import NaiveTimeError, UnserialisableTypeError, UnserialisableValueError
from kit_core.json import dumps

from kit_events.errors import EventShapeError
from kit_events.publishing.groups import own_group
from kit_events.publishing.parts import Event, parts_of


class Message(NamedTuple):
    """Hold a message as drivers send it: text, attributes to filter by, and the ids that keep order and identity.

    It is made of plain values, so that it can be kept and sent later. `group` is its tenant on a standard queue or
    topic, None for the aggregate's id.
    """

    id: UUID
    type: str
    aggregate_id: UUID
    text: str
    attributes: dict[str, str]
    group: str | None = None

    @property
    def size(self) -> int:
        """Return the bytes that SNS and SQS count: the text, and each attribute's name, type and value."""
        attributes = (name + "String" + value for name, value in self.attributes.items())
        return sum(len(part.encode()) for part in (self.text, *attributes))


def log_keys(message: Message) -> dict[str, str]:
    """Return the keys of a log line about a message; a relay's line has the id of the relay beside it."""
    keys = {"event_id": str(message.id), "event_type": message.type, "aggregate_id": str(message.aggregate_id)}
    correlation_id = message.attributes.get("correlation_id")
    return keys if correlation_id is None else {**keys, "event_correlation_id": correlation_id}


def message_of(event: Event, *, origin_prefix: str | None = None) -> Message:
    """Return the message of an event that happens now, with an id of its own and the current correlation id.

    origin_prefix: the text before SERVICE_NAME in the event's origin; KIT_EVENTS_ORIGIN_PREFIX, or nothing, if None

    Raise `EventShapeError` for an event that no `EventRecord` could read, and for a payload that has no form in JSON
    (NaN, a time without its offset from UTC, an object of another type), with the path of the value.
    """
    event_id, origin, parts = uuid4(), _origin(origin_prefix), parts_of(event)
    content = {
        "id": str(event_id),
        "origin": origin,
        "type": parts.type,
        "at": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "aggregate_id": str(parts.aggregate_id),
        "version": parts.version,
        "payload": parts.payload,
    }
    attributes = {"event_type": parts.type, "event_origin": origin}
    if correlation_id := invocation.correlation_id():
        attributes["correlation_id"] = correlation_id
    try:
        text = dumps(content, aware=True)
    except NaiveTimeError as error:
        # Taken as UTC, it would be wrong wherever the clock is not, and nobody would see it.
        remedy = "give the time its offset from UTC, as datetime.now(UTC) has"
        raise EventShapeError(type(event).__qualname__, error.path.removeprefix("$."), remedy) from error
    except (UnserialisableTypeError, UnserialisableValueError) as error:
        raise EventShapeError(type(event).__qualname__, error.path.removeprefix("$."), error.problem) from error
    return Message(event_id, parts.type, parts.aggregate_id, text, attributes | parts.attributes, own_group(event))


def _origin(prefix: str | None) -> str:
    if prefix is None:
        prefix = os.environ.get("KIT_EVENTS_ORIGIN_PREFIX", "")
    return prefix + (os.environ.get("SERVICE_NAME") or "platform")
