"""The table of the sources, and the way through carriers to the records inside.

A new source is a file and a line in `SOURCES`; one of your own is a file and a call of `register_source`.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol, TypeVar

from kit_events.records.content import parsed


class RecordClass(Protocol):
    """A class of records, as far as carriers are concerned."""

    def recognises(self, raw: dict[str, Any], /) -> bool:
        """Say whether a JSON object is a record of this class, or a carrier of it."""
        ...

    def opened(self, raw: dict[str, Any], /) -> Sequence[Any] | None:
        """Return the parts inside of an object that this class recognises, None if it carries nothing."""
        ...


R = TypeVar("R", bound=RecordClass)

# The record's class, its file, and the members by which it is known: with one value, or with any.
SOURCES: dict[str, tuple[str, ...]] = {
    "QueueRecord": ("sqs", "eventSource=aws:sqs"),
    "TopicRecord": ("sns", "EventSource=aws:sns", "Type=Notification"),
    "FileRecord": ("s3", "eventSource=aws:s3", "Event=s3:TestEvent"),
    "BusRecord": ("eventbridge", "detail-type"),
    "ScheduleRecord": ("schedule",),
    "TableRecord": ("dynamodb", "eventSource=aws:dynamodb"),
    "StreamRecord": ("kinesis", "eventSource=aws:kinesis"),
    "FirehoseRecord": ("firehose", "deliveryStreamArn"),
    "KafkaRecord": ("kafka", "eventSource=aws:kafka", "eventSource=SelfManagedKafka"),
    "ActiveMQRecord": ("activemq", "eventSource=aws:amq", "eventSource=aws:mq"),
    "RabbitMQRecord": ("rabbitmq", "eventSource=aws:rmq"),
    "DocumentRecord": ("documentdb", "eventSource=aws:docdb"),
    "LogEventRecord": ("logs", "awslogs", "logEvents"),
    "InvocationRecord": ("invocation_result", "requestPayload"),
    "FailedBatchRecord": ("invocation_result", "KinesisBatchInfo", "DDBStreamBatchInfo", "KafkaBatchInfo"),
    "IotRecord": ("iot",),
    "EventRecord": ("event_record",),
    "WindowTrigger": ("window", "isFinalInvokeForWindow"),
    "FileTaskRecord": ("s3_batch",),
    "AlexaTrigger": ("alexa",),
    "AppSyncTrigger": ("appsync",),
    "BedrockTrigger": ("bedrock",),
    "RotationTrigger": ("rotation",),
    "LexV2Trigger": ("lex_v2", "sessionState"),
    "PreSignUpTrigger": ("cognito",),
    "PostConfirmationTrigger": ("cognito",),
    "PreAuthenticationTrigger": ("cognito",),
    "PostAuthenticationTrigger": ("cognito",),
    "PreTokenGenerationTrigger": ("cognito",),
    "PreTokenGenerationV2Trigger": ("cognito",),
    "CustomMessageTrigger": ("cognito",),
    "DefineAuthChallengeTrigger": ("cognito",),
    "CreateAuthChallengeTrigger": ("cognito",),
    "VerifyAuthChallengeTrigger": ("cognito",),
    "UserMigrationTrigger": ("cognito",),
    "CustomEmailSenderTrigger": ("cognito",),
    "CustomSMSSenderTrigger": ("cognito",),
}

# S3 in SNS in SQS is three; more than this is somebody's joke.
MAX_DEPTH = 8

_marks: dict[str, dict[str, str]] = {}
for _name, (_, *_known_by) in SOURCES.items():
    for _mark in _known_by:
        _member, _, _value = _mark.partition("=")
        _marks.setdefault(_member, {})[_value] = _name
_members = frozenset({*_marks, "Records", "Message"})
_loaded: dict[str, Any] = {}
_frequent: dict[str, RecordClass] = {}  # by the value of eventSource or Type, where they are loaded
_registered: list[RecordClass] = []


def register_source(source: R) -> R:
    """Add a class of records: its `recognises` is asked before those of kit's own sources.

    The content that its `opened` returns is opened further, so that every record is found inside of it. Return the
    class, so that this may stand above it as a decorator.
    """
    if source not in _registered:
        _registered.append(source)
    return source


def load(name: str) -> Any:
    """Return one of the classes of `SOURCES`."""
    found = _loaded.get(name)
    if found is None:
        found = _loaded[name] = getattr(import_module(f"kit_events.records.{SOURCES[name][0]}"), name)
        _frequent.update({value: found for mark in SOURCES[name][1:] for value in mark.split("=")[1:]})
    return found


def source_of(raw: dict[str, Any]) -> RecordClass | None:
    """Return the class that knows a JSON object, or None for an object of the user's own."""
    for source in _registered:
        if source.recognises(raw):
            return source
    for member, by_value in _marks.items():
        if member in raw:
            value = raw[member]
            name = (by_value.get(value) if isinstance(value, str) else None) or by_value.get("")
            if name is not None:
                found: RecordClass = load(name)
                return found
    return None


def unwrap(raw: Any, wanted: RecordClass | None = None, depth: int = 0) -> list[Any]:
    """Return the content of a raw record, out of all carriers: objects, or text and bytes that are no JSON.

    An object that `wanted` recognises is not opened. Raise `RecordShapeError` for a carrier that is malformed.
    """
    while depth < MAX_DEPTH:
        if isinstance(raw, dict):
            if wanted is not None and wanted.recognises(raw):
                break
            mark = raw.get("eventSource") or raw.get("Type")  # tells most carriers without a search
            if not mark and _members.isdisjoint(raw) and not _registered:
                break
            source = _frequent.get(mark) if isinstance(mark, str) and not _registered else None
            if source is None:
                source = source_of(raw)
            inside = source.opened(raw) if source is not None else _open_unmarked(raw)
        else:  # an empty list is nobody's event, and passing over it would lose the message
            inside = raw or None if isinstance(raw, list) else None
        if inside is None:
            break
        depth += 1
        if len(inside) != 1:
            return [leaf for each in inside for leaf in unwrap(each, wanted, depth)]
        raw = inside[0]
    return [raw]


def _open_unmarked(raw: dict[str, Any]) -> Sequence[Any] | None:
    """Open an object that names no source: a whole event, or the wrapper of rispack."""
    records = raw.get("Records")
    if isinstance(records, list):
        return records or None
    return open_wrapper(raw) if len(raw) == 1 else None


def open_wrapper(raw: dict[str, Any]) -> Sequence[Any] | None:
    """Open `{"Message": "…"}`, as rispack enqueues it, if the text is JSON: else it is somebody's own object."""
    text = raw.get("Message")
    inside = parsed(text)
    return None if inside is text else (inside,)
