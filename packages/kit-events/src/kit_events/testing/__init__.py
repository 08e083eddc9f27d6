"""What tests of publishers and subscribers use; it needs no AWS."""

from kit_events.testing.bus import RecordingBus, deliver

__all__ = ["RecordingBus", "deliver"]
