"""Strict events between Lambda functions: records in, SNS to SQS fan-out out."""

from kit_events.correlation import set_correlation_id
from kit_events.errors import (
    EventBusNotSetError,
    EventsError,
    EventShapeError,
    EventTooLargeError,
    RecordShapeError,
)
from kit_events.event import BaseEvent
from kit_events.event_record import EventRecord
from kit_events.file_record import FileRecord
from kit_events.queue_record import QueueRecord

__all__ = [
    "BaseEvent",
    "EventBusNotSetError",
    "EventRecord",
    "EventShapeError",
    "EventTooLargeError",
    "EventsError",
    "FileRecord",
    "QueueRecord",
    "RecordShapeError",
    "set_correlation_id",
]
