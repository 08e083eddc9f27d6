"""Strict events between Lambda functions: records in, SNS to SQS fan-out out.

Names are loaded when they are first used: a record costs its import only to who uses it.
"""

__all__ = [
    "ActiveMQRecord",
    "AggregateId",
    "AlexaTrigger",
    "AppSyncTrigger",
    "BaseEvent",
    "BedrockTrigger",
    "BusRecord",
    "ClaimError",
    "CreateAuthChallengeTrigger",
    "CustomEmailSenderTrigger",
    "CustomMessageTrigger",
    "CustomSMSSenderTrigger",
    "DefineAuthChallengeTrigger",
    "DocumentRecord",
    "EventBus",
    "EventBusNotSetError",
    "EventHeldBackError",
    "EventRecord",
    "EventRefusedError",
    "EventShapeError",
    "EventTooLargeError",
    "EventsError",
    "FailedBatchRecord",
    "Fields",
    "FileRecord",
    "FileTaskRecord",
    "FirehoseRecord",
    "InProgressError",
    "InboxKeyError",
    "InboxNotSetError",
    "InvocationRecord",
    "IotRecord",
    "KafkaRecord",
    "LeaseLostError",
    "LexV2Trigger",
    "LogEventRecord",
    "MissingExtraError",
    "OutboxTransactionError",
    "PostAuthenticationTrigger",
    "PostConfirmationTrigger",
    "PreAuthenticationTrigger",
    "PreSignUpTrigger",
    "PreTokenGenerationTrigger",
    "PreTokenGenerationV2Trigger",
    "PublishError",
    "QueueNameError",
    "QueueRecord",
    "RabbitMQRecord",
    "Record",
    "RecordShapeError",
    "RotationTrigger",
    "ScheduleRecord",
    "SqsDeadLetter",
    "SqsVisibility",
    "StreamRecord",
    "TableRecord",
    "TopicRecord",
    "UserMigrationTrigger",
    "VerifyAuthChallengeTrigger",
    "WindowTrigger",
    "default_bus",
    "record_of",
    "register_source",
    "set_default_bus",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_events.dead_letters.failures import SqsDeadLetter, SqsVisibility
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
        MissingExtraError,
        OutboxTransactionError,
        PublishError,
        QueueNameError,
        RecordShapeError,
    )
    from kit_events.publishing.base_event import AggregateId, BaseEvent
    from kit_events.publishing.bus import EventBus, default_bus, set_default_bus
    from kit_events.records.activemq import ActiveMQRecord
    from kit_events.records.alexa import AlexaTrigger
    from kit_events.records.appsync import AppSyncTrigger
    from kit_events.records.bedrock import BedrockTrigger
    from kit_events.records.cognito import (
        CreateAuthChallengeTrigger,
        CustomEmailSenderTrigger,
        CustomMessageTrigger,
        CustomSMSSenderTrigger,
        DefineAuthChallengeTrigger,
        PostAuthenticationTrigger,
        PostConfirmationTrigger,
        PreAuthenticationTrigger,
        PreSignUpTrigger,
        PreTokenGenerationTrigger,
        PreTokenGenerationV2Trigger,
        UserMigrationTrigger,
        VerifyAuthChallengeTrigger,
    )
    from kit_events.records.documentdb import DocumentRecord
    from kit_events.records.dynamodb import TableRecord
    from kit_events.records.event_record import EventRecord
    from kit_events.records.eventbridge import BusRecord
    from kit_events.records.fields import Fields
    from kit_events.records.firehose import FirehoseRecord
    from kit_events.records.invocation_result import FailedBatchRecord, InvocationRecord
    from kit_events.records.iot import IotRecord
    from kit_events.records.kafka import KafkaRecord
    from kit_events.records.kinesis import StreamRecord
    from kit_events.records.lex_v2 import LexV2Trigger
    from kit_events.records.logs import LogEventRecord
    from kit_events.records.rabbitmq import RabbitMQRecord
    from kit_events.records.record import Record
    from kit_events.records.rotation import RotationTrigger
    from kit_events.records.s3 import FileRecord
    from kit_events.records.s3_batch import FileTaskRecord
    from kit_events.records.schedule import ScheduleRecord
    from kit_events.records.sns import TopicRecord
    from kit_events.records.sources import register_source
    from kit_events.records.sqs import QueueRecord
    from kit_events.records.window import WindowTrigger
    from kit_events.typed.events import record_of
else:
    _HOMES = {
        "dead_letters.failures": ("SqsDeadLetter", "SqsVisibility"),
        "errors": tuple(name for name in __all__ if name.endswith("Error")),
        "publishing.base_event": ("AggregateId", "BaseEvent"),
        "publishing.bus": ("EventBus", "default_bus", "set_default_bus"),
        "records.fields": ("Fields",),
        "records.record": ("Record",),
        "records.sources": ("register_source",),
        "typed.events": ("record_of",),
    }

    def __getattr__(name):
        module = next((module for module, names in _HOMES.items() if name in names), None)
        if module is not None:
            value = getattr(__import__(f"kit_events.{module}", fromlist=[name]), name)
        elif name in __all__:
            from kit_events.records.sources import load

            value = load(name)
        else:
            raise AttributeError(f"module 'kit_events' has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
