"""What tests of publishers and subscribers use; it needs no AWS.

A bus that records, the way to a job, and raw records of every source.
"""

from kit_events.testing.bus import RecordingBus, deliver
from kit_events.testing.records import (
    activemq_event,
    bus_record,
    carried,
    document_event,
    event_body,
    event_record,
    firehose_event,
    kafka_event,
    log_event,
    queue_record,
    rabbitmq_event,
    s3_bus_event,
    s3_notification,
    schedule_record,
    stream_record,
    table_record,
    topic_record,
)
from kit_events.testing.triggers import alexa_event, cognito_event, lex_v2_event

__all__ = [
    "RecordingBus",
    "activemq_event",
    "alexa_event",
    "bus_record",
    "carried",
    "cognito_event",
    "deliver",
    "document_event",
    "event_body",
    "event_record",
    "firehose_event",
    "kafka_event",
    "lex_v2_event",
    "log_event",
    "queue_record",
    "rabbitmq_event",
    "s3_bus_event",
    "s3_notification",
    "schedule_record",
    "stream_record",
    "table_record",
    "topic_record",
]
