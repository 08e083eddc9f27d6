"""Events of every source, shaped as AWS sends them; every value that a test does not give is fixed and harmless.

A factory `…_event` returns the event that a function is called with, a factory `…_record` one raw record of it. Bodies
and payloads are text as it is, bytes in base64, and anything else as JSON.
"""

from kit_testing.events.agents import appsync_event, bedrock_event, rotation_event, s3_batch_event
from kit_testing.events.carriers import carried, event_body, event_record
from kit_testing.events.http import PAYLOADS, http_event
from kit_testing.events.notices import (
    eventbridge_event,
    iot_event,
    s3_event,
    s3_eventbridge_event,
    s3_record,
    s3_test_event,
    schedule_event,
    sns_event,
    sns_record,
)
from kit_testing.events.queues import activemq_event, rabbitmq_event, sqs_event, sqs_record
from kit_testing.events.streams import (
    documentdb_event,
    dynamodb_event,
    dynamodb_record,
    firehose_event,
    kafka_event,
    kinesis_aggregate,
    kinesis_event,
    kinesis_record,
    logs_event,
)
from kit_testing.events.triggers import alexa_event, authorizer_event, cognito_event, custom_resource_event, lex_event
from kit_testing.events.websocket import websocket_event

__all__ = [
    "PAYLOADS",
    "activemq_event",
    "alexa_event",
    "appsync_event",
    "authorizer_event",
    "bedrock_event",
    "carried",
    "cognito_event",
    "custom_resource_event",
    "documentdb_event",
    "dynamodb_event",
    "dynamodb_record",
    "event_body",
    "event_record",
    "eventbridge_event",
    "firehose_event",
    "http_event",
    "iot_event",
    "kafka_event",
    "kinesis_aggregate",
    "kinesis_event",
    "kinesis_record",
    "lex_event",
    "logs_event",
    "rabbitmq_event",
    "rotation_event",
    "s3_batch_event",
    "s3_event",
    "s3_eventbridge_event",
    "s3_record",
    "s3_test_event",
    "schedule_event",
    "sns_event",
    "sns_record",
    "sqs_event",
    "sqs_record",
    "websocket_event",
]
