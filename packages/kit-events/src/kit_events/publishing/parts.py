"""The parts of an event, read from an object of the user's own class."""

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Protocol
from uuid import UUID

from kit_core.parameters import class_annotations_of

from kit_events.errors import EventShapeError

AGGREGATE_ID_MARK = "kit_events.AggregateId"

# With raw delivery to a queue, SNS drops a message that has more ("Amazon SNS message attributes"). Three are ours.
_MOST_ATTRIBUTES = 7
_OURS = ("event_type", "event_origin", "correlation_id")
_NAME = re.compile(r"(?!(AWS|Amazon)\.)[A-Za-z0-9_.-]{1,256}", re.IGNORECASE)
# "SendMessage", SQS API Reference. In the event's own text, JSON escapes what isn't among these.
_TEXT = re.compile("[\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]*")


class Event(Protocol):
    """An object that a bus publishes: a `BaseEvent`, or a class of another library that has the same members."""

    def get_type(self) -> Any:
        """Return the event's type."""
        ...

    def get_version(self) -> Any:
        """Return the version of the payload's shape."""
        ...

    def get_aggregate_id(self) -> Any:
        """Return the id of the thing that the event is about."""
        ...

    filter_attributes: ClassVar[Any]
    """The names of the attributes that subscribers may filter by."""


class EventParts(NamedTuple):
    """Hold the parts of an event, in their strict form."""

    type: str
    version: str
    aggregate_id: UUID
    payload: Any
    attributes: dict[str, str]


def parts_of(event: Event) -> EventParts:
    """Return the parts of an event. Raise `EventShapeError` for a part that no subscriber could read."""
    return EventParts(
        type=text_of(event, "type", event.get_type()),
        version=text_of(event, "version", event.get_version()),
        aggregate_id=_uuid(event, event.get_aggregate_id()),
        payload=_payload(event),
        attributes=_attributes(event),
    )


def text_of(event: Event, field: str, value: Any) -> str:
    """Return a field of an event as text; EventShapeError names the field if it is empty or can't be sent."""
    text = str(value.value if isinstance(value, Enum) else value)
    if value is None or not text or not _is_sendable(text):
        remedy = f"override get_{field} to return a text without control characters"
        raise EventShapeError(type(event).__qualname__, field, remedy)
    return text


def _is_sendable(text: str) -> bool:
    return text.isprintable() or _TEXT.fullmatch(text) is not None


def _uuid(event: Event, value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        remedy = "override get_aggregate_id to return a UUID"
        raise EventShapeError(type(event).__qualname__, "aggregate_id", remedy) from None


@lru_cache(maxsize=256)
def aggregate_field(kind: Any) -> str:
    """Return the name of the field that is annotated with AggregateId, if any, the most derived class's first."""
    name: str
    for base in kind.__mro__:
        for name, annotation in class_annotations_of(base).items():
            if AGGREGATE_ID_MARK in getattr(annotation, "__metadata__", ()):
                return name
            # Under `from __future__ import annotations` it is text, whose names only the class's module may know; of
            # a name that no module has at run time, it is a ForwardRef from Python 3.14 on.
            annotation = getattr(annotation, "__forward_arg__", annotation)
            if isinstance(annotation, str) and re.search(r"\bAggregateId\b", annotation):
                return name
    return "aggregate_id"


def _attributes(event: Event) -> dict[str, str]:
    """Return the attributes that subscribers may filter by, without those of value None."""
    names: Any = event.filter_attributes
    kind = type(event).__qualname__
    if isinstance(names, str) or len(names) > _MOST_ATTRIBUTES or not set(names).isdisjoint(_OURS):
        remedy = f"name at most {_MOST_ATTRIBUTES} attributes in a tuple, none of them {', '.join(_OURS)}"
        raise EventShapeError(kind, "filter_attributes", remedy)
    found = {}
    for name in names:
        try:
            value = getattr(event, name)
        except AttributeError:
            raise EventShapeError(kind, name, "filter_attributes names it") from None
        if value is not None and value != "":  # SNS refuses an empty one
            found[name] = _attribute(kind, name, value.value if isinstance(value, Enum) else value)
    return found


def _attribute(kind: str, name: str, value: Any) -> str:
    """Return the text of an attribute; raise for one that SNS or SQS would refuse, or that subscribers can't match."""
    if not _NAME.fullmatch(name):
        raise EventShapeError(kind, name, "the name of an attribute is letters, digits, _, - and . of ASCII")
    if isinstance(value, bytes | bytearray | memoryview):
        raise EventShapeError(kind, name, "subscribers can filter by text, not by bytes")
    if not _is_sendable(text := str(value)):
        raise EventShapeError(kind, name, "an attribute has no control characters")
    return text


def _payload(event: Any) -> Any:
    if callable(getattr(event, "dump", None)):
        dumped = event.dump()
        if not isinstance(dumped, Mapping):
            raise EventShapeError(type(event).__qualname__, "payload", "let dump() return a mapping")
        return dumped
    if hasattr(event, "__dataclass_fields__"):
        from dataclasses import fields

        return {field.name: getattr(event, field.name) for field in fields(event)}
    if not hasattr(event, "__dict__"):
        raise EventShapeError(type(event).__qualname__, "payload", "a class with __slots__ says it by dump()")
    return {name: value for name, value in vars(event).items() if not name.startswith("_")}
