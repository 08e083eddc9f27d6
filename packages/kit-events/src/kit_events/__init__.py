"""Strict events between Lambda functions: records in, SNS to SQS fan-out out."""

from kit_events.bus import EventBus, default_bus, set_default_bus
from kit_events.correlation import set_correlation_id
from kit_events.errors import (
    ClaimError,
    EventBusNotSetError,
    EventHeldBackError,
    EventRefusedError,
    EventsError,
    EventShapeError,
    EventTooLargeError,
    InboxKeyError,
    InboxNotSetError,
    InProgressError,
    LeaseLostError,
    OutboxTransactionError,
    PublishError,
    QueueNameError,
    RecordShapeError,
    TemplateError,
)
from kit_events.event import AggregateId, BaseEvent
from kit_events.event_record import EventRecord
from kit_events.failures import SqsDeadLetter, SqsVisibility
from kit_events.file_record import FileRecord
from kit_events.queue_record import QueueRecord

__all__ = [
    "AggregateId",
    "BaseEvent",
    "ClaimError",
    "EventBus",
    "EventBusNotSetError",
    "EventHeldBackError",
    "EventRecord",
    "EventRefusedError",
    "EventShapeError",
    "EventTooLargeError",
    "EventsError",
    "FileRecord",
    "InProgressError",
    "InboxKeyError",
    "InboxNotSetError",
    "LeaseLostError",
    "OutboxTransactionError",
    "PublishError",
    "QueueNameError",
    "QueueRecord",
    "RecordShapeError",
    "SqsDeadLetter",
    "SqsVisibility",
    "TemplateError",
    "default_bus",
    "set_correlation_id",
    "set_default_bus",
]
