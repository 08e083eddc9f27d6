"""Strict events between Lambda functions: records in, SNS to SQS fan-out out.

Names are loaded when they are first used: a record costs its import only to who uses it.
"""

__all__ = [
    "ActiveMQRecord",
    "AggregateId",
    "AlexaTrigger",
    "BaseEvent",
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
    "Fields",
    "FileRecord",
    "FirehoseRecord",
    "InProgressError",
    "InboxKeyError",
    "InboxNotSetError",
    "IotRecord",
    "KafkaRecord",
    "LeaseLostError",
    "LexV1Trigger",
    "LexV2Trigger",
    "LogEventRecord",
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
    "ScheduleRecord",
    "SqsDeadLetter",
    "SqsVisibility",
    "StreamRecord",
    "TableRecord",
    "TemplateError",
    "TopicRecord",
    "UserMigrationTrigger",
    "VerifyAuthChallengeTrigger",
    "default_bus",
    "register_source",
    "set_correlation_id",
    "set_default_bus",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_events.adapters import register_source
    from kit_events.adapters.activemq import ActiveMQRecord
    from kit_events.adapters.alexa import AlexaTrigger
    from kit_events.adapters.cognito import (
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
    from kit_events.adapters.documentdb import DocumentRecord
    from kit_events.adapters.dynamodb import TableRecord
    from kit_events.adapters.event import EventRecord
    from kit_events.adapters.eventbridge import BusRecord
    from kit_events.adapters.firehose import FirehoseRecord
    from kit_events.adapters.iot import IotRecord
    from kit_events.adapters.kafka import KafkaRecord
    from kit_events.adapters.kinesis import StreamRecord
    from kit_events.adapters.lex_v1 import LexV1Trigger
    from kit_events.adapters.lex_v2 import LexV2Trigger
    from kit_events.adapters.logs import LogEventRecord
    from kit_events.adapters.rabbitmq import RabbitMQRecord
    from kit_events.adapters.s3 import FileRecord
    from kit_events.adapters.schedule import ScheduleRecord
    from kit_events.adapters.sns import TopicRecord
    from kit_events.adapters.sqs import QueueRecord
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
    from kit_events.failures import SqsDeadLetter, SqsVisibility
    from kit_events.fields import Fields
    from kit_events.record import Record
else:
    _HOMES = {
        "adapters": ("register_source",),
        "bus": ("EventBus", "default_bus", "set_default_bus"),
        "correlation": ("set_correlation_id",),
        "errors": tuple(name for name in __all__ if name.endswith("Error")),
        "event": ("AggregateId", "BaseEvent"),
        "failures": ("SqsDeadLetter", "SqsVisibility"),
        "fields": ("Fields",),
        "record": ("Record",),
    }

    def __getattr__(name):
        from kit_events.adapters import SOURCES, load

        if name in SOURCES:
            value = load(name)
        else:
            module = next((module for module, names in _HOMES.items() if name in names), None)
            if module is None:
                raise AttributeError(f"module 'kit_events' has no attribute {name!r}")
            value = getattr(__import__(f"kit_events.{module}", fromlist=[name]), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
