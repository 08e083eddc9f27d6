"""Events of your own."""

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias
from uuid import UUID

from kit_events.errors import EventShapeError

_MARK = "kit_events.AggregateId"

AggregateId: TypeAlias = Annotated[UUID, _MARK]

# With raw delivery to a queue, SNS drops a message that has more ("Amazon SNS message attributes"). Three are ours.
_MOST_ATTRIBUTES = 7
_OURS = ("event_type", "event_origin", "correlation_id")


class BaseEvent:
    """Make a class publishable: mix it into a schema, a dataclass or a plain class.

    Set `type` (and `version`) as class variables, and annotate the field that holds the id of what the event is about
    with `AggregateId`, or call it `aggregate_id`. Or override `get_type`, `get_version`, `get_aggregate_id`. The
    payload is what `.dump()` returns, if the class has it, else the dataclass's fields, else the attributes without a
    leading underscore. `filter_attributes` names those that subscribers may filter by, beside type and origin.

    What an `EventRecord` could not read is not published: a type or version that is empty, an aggregate's id that is no
    UUID, a payload that is no mapping. Nor is a datetime without its offset from UTC. All are `EventShapeError`s.
    """

    __slots__ = ()

    type: ClassVar[str]
    version: ClassVar[str] = "1"
    filter_attributes: ClassVar[tuple[str, ...]] = ()

    def get_type(self) -> str:
        """Return the event's type, which subscribers filter by. Raise `EventShapeError` if there is none."""
        found = getattr(self, "type", None)
        if not found:
            raise EventShapeError(type(self).__qualname__, "type", "set the class variable `type`")
        return _text(self, "type", found)

    def get_version(self) -> str:
        """Return the version of the payload's shape."""
        return str(self.version)

    def get_aggregate_id(self) -> UUID:
        """Return the id of what the event is about. Raise `EventShapeError` if there is none."""
        kind: Any = type(self)
        found = getattr(self, _aggregate_field(kind), None)
        if not isinstance(found, UUID):
            remedy = "annotate a field with AggregateId, or override get_aggregate_id to return a UUID"
            raise EventShapeError(kind.__qualname__, "aggregate_id", remedy)
        return found

    def publish(self) -> UUID:
        """Send the event to `default_bus()`, which is what EVENT_BUS names, and return the event's id.

        Raise `EventBusNotSetError`, `EventTooLargeError`, `EventShapeError`, a `kit_aws.AwsError`, or what
        `kit_aws.to_json` raises for a payload that is no JSON: the event is then not published, save that after a
        time-out (`AwsConnectionError`) it may have been.
        """
        from kit_events.bus import default_bus

        return default_bus().publish(self)


class Parts(NamedTuple):
    """Hold what an event says of itself, in its strict form."""

    type: str
    version: str
    aggregate_id: UUID
    payload: Any
    attributes: dict[str, str]


def parts_of(event: BaseEvent) -> Parts:
    """Return what an event says of itself. Raise `EventShapeError` for what no subscriber could read."""
    return Parts(
        type=_text(event, "type", event.get_type()),
        version=_text(event, "version", event.get_version()),
        aggregate_id=_uuid(event, event.get_aggregate_id()),
        payload=_payload(event),
        attributes=_attributes(event),
    )


def _text(event: BaseEvent, field: str, value: Any) -> str:
    text = str(value.value if isinstance(value, Enum) else value)
    if value is None or not text:
        raise EventShapeError(type(event).__qualname__, field, f"override get_{field} to return a text")
    return text


def _uuid(event: BaseEvent, value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        remedy = "override get_aggregate_id to return a UUID"
        raise EventShapeError(type(event).__qualname__, "aggregate_id", remedy) from None


@lru_cache(maxsize=256)
def _aggregate_field(kind: Any) -> str:
    """Return the name of the field that is annotated with AggregateId, if any, the most derived class's first."""
    name: str
    for base in kind.__mro__:
        for name, annotation in getattr(base, "__annotations__", {}).items():
            if _MARK in getattr(annotation, "__metadata__", ()):
                return name
            # Under `from __future__ import annotations` it is text, which may name what only the class's module knows.
            if isinstance(annotation, str) and re.search(r"\bAggregateId\b", annotation):
                return name
    return "aggregate_id"


def _attributes(event: BaseEvent) -> dict[str, str]:
    """Return the attributes that the class lets subscribers filter by; those that are None are left out."""
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
            found[name] = str(value.value if isinstance(value, Enum) else value)
    return found


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
