"""The records that Lambda sends to destinations: of asynchronous invocations, and of batches that a mapping gave up.

Shapes: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations", "Retain discarded batch records
for a Kinesis Data Streams event source", "… for a DynamoDB event source", "Capturing discarded batches for … Apache
Kafka event sources"; EventBridge User Guide, "Dead-letter queues" of Pipes.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.content import opened
from kit_events.records.fields import Fields
from kit_events.records.record import Record

_BATCHES = ("KinesisBatchInfo", "DDBStreamBatchInfo", "KafkaBatchInfo")


class InvocationRecord(Record):
    """The end of an asynchronous invocation, as a destination gets it: `condition` says Success, or why it failed.

    `payload` is the event that the function was called with, `response` its answer, or the error with `errorType` and
    `errorMessage`. As a carrier, it holds the event of a failed invocation, and the answer of a successful one.
    """

    kind = "record of an invocation"
    shown = ("request_id", "function_arn", "condition", "invoke_count")

    request_id: str
    function_arn: str
    condition: str
    payload: Any
    response: Any = None
    invoke_count: int = 1
    status: int | None = None
    function_error: str | None = None
    executed_version: str | None = None
    at: datetime | None = None

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether Lambda tells of an invocation."""
        return "requestPayload" in raw and "requestContext" in raw

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> tuple[Any] | None:
        """Return the answer of a successful invocation, the event of another."""
        if not cls.recognises(raw):
            return None
        condition = Fields("InvocationRecord", raw).part("requestContext").get("condition", str)
        return (opened(raw.get("responsePayload") if condition == "Success" else raw["requestPayload"]),)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the record."""
        request, response = fields.part("requestContext"), _part(fields, "responseContext")
        yield cls(
            request_id=request.get("requestId", str),
            function_arn=request.get("functionArn", str),
            condition=request.get("condition", str),
            payload=fields.value["requestPayload"],
            response=fields.value.get("responsePayload"),
            invoke_count=request.get("approximateInvokeCount", int),
            status=response.find("statusCode", int),
            function_error=response.find("functionError", str),
            executed_version=response.find("executedVersion", str),
            at=fields.time("timestamp"),
        )

    @property
    def is_success(self) -> bool:
        """Say whether the invocation succeeded."""
        return self.condition == "Success"


class FailedBatchRecord(Record):
    """A batch that an event source mapping, or a pipe, gave up: `condition` says why, `batch` where its records are.

    `batch` is as AWS names its members: of Kinesis and DynamoDB the shard and its sequence numbers, of Kafka the
    offsets. `payload` is the whole event, which only S3 and Kafka get as destinations. As a carrier, it holds that.
    """

    kind = "record of a failed batch"
    shown = ("request_id", "source_arn", "condition", "batch_size")

    condition: str
    source_arn: str
    batch_size: int
    batch: dict[str, Any]
    request_id: str | None = None
    function_arn: str | None = None
    invoke_count: int | None = None
    function_error: str | None = None
    payload: Any = None
    at: datetime | None = None

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether a mapping or a pipe tells of a batch."""
        return any(name in raw for name in _BATCHES)

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> tuple[Any] | None:
        """Return the event, where the destination has it."""
        return None if raw.get("payload") is None else (opened(raw["payload"]),)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the record."""
        batch = fields.part(next(name for name in _BATCHES if name in fields))
        context = fields.part("context" if "context" in fields else "requestContext")
        arn = "eventSourceArn" if "eventSourceArn" in batch else "streamArn"
        payload = fields.value.get("payload")
        yield cls(
            condition=context.get("condition", str),
            source_arn=batch.find(arn, str) or "",
            batch_size=batch.get("batchSize", int),
            batch=batch.value,
            request_id=context.find("requestId", str),
            function_arn=context.find("functionArn", str),
            invoke_count=context.find("approximateInvokeCount", int),
            function_error=_part(fields, "responseContext").find("functionError", str),
            payload=opened(payload) if isinstance(payload, str) else payload,
            at=fields.time("timestamp"),
        )


def _part(fields: Fields, name: str) -> Fields:
    """Return a member that is an object, an empty one if it is missing or null."""
    return fields.part(name) if fields.find(name, dict) is not None else Fields(fields.record, {}, name)
