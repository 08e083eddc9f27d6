"""Events of every source, a context with a running clock, and a client, for tests. Not imported by the package itself.

The events are shaped as AWS sends them; what a test doesn't say has a fixed, harmless value.
"""

from kit_handler.testing.client import Answer, Client, InvalidAnswerError
from kit_handler.testing.context import LambdaContext
from kit_handler.testing.http import PAYLOADS, http_event
from kit_handler.testing.records import (
    dynamodb_event,
    eventbridge_event,
    failed_ids,
    kinesis_event,
    s3_event,
    s3_test_event,
    sns_event,
    sqs_event,
)
from kit_handler.testing.triggers import (
    authorizer_event,
    cognito_event,
    custom_resource_event,
    lex_event,
    schedule_event,
    websocket_event,
)

__all__ = [
    "PAYLOADS",
    "Answer",
    "Client",
    "InvalidAnswerError",
    "LambdaContext",
    "authorizer_event",
    "cognito_event",
    "custom_resource_event",
    "dynamodb_event",
    "eventbridge_event",
    "failed_ids",
    "http_event",
    "kinesis_event",
    "lex_event",
    "s3_event",
    "s3_test_event",
    "schedule_event",
    "sns_event",
    "sqs_event",
    "websocket_event",
]
