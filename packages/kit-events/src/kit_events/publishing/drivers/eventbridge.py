"""Put on a bus of EventBridge."""

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit_aws import call
from kit_core.json import dumps

from kit_events.errors import EventRefusedError
from kit_events.publishing.drivers.answers import failure
from kit_events.publishing.message import Message

# "PutEventsResultEntry", EventBridge API Reference: faults of the entry itself. Any other may pass, be it when
# somebody has repaired the bus or its policy.
_REFUSED = ("InvalidArgument", "MalformedDetail", "ValidationException")
_LONGEST_TYPE = 128  # characters of a detail type ("PutEventsRequestEntry")


class EventBridge:
    """An event bus, by its ARN: detail-type is the event's type, source its origin, detail the event.

    EventBridge has no message attributes: rules match the detail, which the correlation id and the attributes to filter
    by are added to, as `attributes`.
    """

    max_bytes = 1_000_000  # of a request's entries together ("PutEvents": less than 1 MB)
    ordered = False
    in_flight = 8  # kit-aws keeps 10 connections

    def __init__(self, bus: str) -> None:
        self._bus = bus

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Put the messages with PutEvents; the permission is events:PutEvents."""
        entries = [self._entry(message) for message in messages]
        answer = call("events", "PutEvents", {"Entries": entries}, region=self._bus.split(":")[3], resource=self._bus)
        found: dict[UUID, Exception] = {}
        for message, entry in zip(messages, answer["Entries"], strict=True):
            code = entry.get("ErrorCode")
            if code:
                said, refused = entry.get("ErrorMessage") or "no message", code.startswith(_REFUSED)
                found[message.id] = failure(message, code, said, refused=refused, resource=self._bus)
        return found

    def refusal(self, message: Message) -> EventRefusedError | None:
        """Return the error of a message whose type is too long for a detail type."""
        length = len(message.type)
        if length <= _LONGEST_TYPE:
            return None
        reason = f"EventBridge takes a type of {_LONGEST_TYPE} characters at most, and this has {length}"
        return EventRefusedError(f"{message.type[:_LONGEST_TYPE]}…", "DetailTypeTooLong", reason)

    def _entry(self, message: Message) -> dict[str, Any]:
        entry = {
            "EventBusName": self._bus,
            "Source": message.attributes["event_origin"],
            "DetailType": message.type,
            "Detail": _with_attributes(message),
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        return {**entry, "TraceHeader": trace} if trace else entry


def _with_attributes(message: Message) -> str:
    extra = {name: value for name, value in message.attributes.items() if name not in ("event_type", "event_origin")}
    return f'{message.text[:-1]},"attributes":{dumps(extra)}}}' if extra else message.text
