"""Publishing: events of your own, the bus that sends them, and the drivers that it sends them by."""

from kit_events.publishing.base_event import AggregateId, BaseEvent
from kit_events.publishing.bus import EventBus, default_bus, set_default_bus
from kit_events.publishing.drivers.driver import Driver
from kit_events.publishing.message import Message
from kit_events.publishing.parts import Event

__all__ = ["AggregateId", "BaseEvent", "Driver", "Event", "EventBus", "Message", "default_bus", "set_default_bus"]
