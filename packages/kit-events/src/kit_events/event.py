"""Events of your own."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

from kit_events.errors import EventShapeError


class BaseEvent:
    """Make a class publishable: mix it into a schema, a dataclass or a plain class.

    Set `type` (and `version`) as class variables, or override `get_type` and `get_version`. `get_aggregate_id` answers
    the attribute `aggregate_id` unless overridden. The payload is what `.dump()` returns, if the class has it, else the
    dataclass's fields, else the attributes without a leading underscore.

    What an `EventRecord` could not read is not published: a type or version that is empty, an aggregate's id that is no
    UUID, a payload that is no mapping. All are `EventShapeError`s.
    """

    __slots__ = ()

    type: ClassVar[str]
    version: ClassVar[str] = "1"

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
        found = getattr(self, "aggregate_id", None)
        if not isinstance(found, UUID):
            raise EventShapeError(type(self).__qualname__, "aggregate_id", "override get_aggregate_id to return a UUID")
        return found

    def publish(self) -> UUID:
        """Send the event to the topic that EVENT_BUS names, and return the event's id.

        Raise `EventBusNotSetError`, `EventTooLargeError`, `EventShapeError`, a `kit_aws.AwsError`, or what
        `kit_aws.to_json` raises for a payload that is no JSON: the event is then not published, save that after a
        time-out (`AwsConnectionError`) it may have been.
        """
        from kit_events import bus

        event_type, version = _text(self, "type", self.get_type()), _text(self, "version", self.get_version())
        return bus.publish(event_type, version, _uuid(self, self.get_aggregate_id()), _payload(self))


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


def _payload(event: Any) -> Any:
    if callable(getattr(event, "dump", None)):
        dumped = event.dump()
        if not isinstance(dumped, Mapping):
            raise EventShapeError(type(event).__qualname__, "payload", "let dump() return a mapping")
        return dumped
    if hasattr(event, "__dataclass_fields__"):
        from dataclasses import fields

        return {field.name: getattr(event, field.name) for field in fields(event)}
    return {name: value for name, value in vars(event).items() if not name.startswith("_")}
