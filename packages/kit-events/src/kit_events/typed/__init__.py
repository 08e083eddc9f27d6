"""Events as objects of the classes that they are published from: `BaseEvent.from_record`."""

from kit_events.typed.events import build, read_events, record_of

__all__ = ["build", "read_events", "record_of"]
