"""The sources of records: how each names a failure, and whether others are tried after one.

Sources: Lambda Developer Guide, "Handling errors for an SQS event source", "Configuring partial batch response with
Kinesis Data Streams", "... with DynamoDB Streams", "Configuring error handling controls for Kafka event sources";
EventBridge User Guide, "Amazon EventBridge Pipes batching and concurrency".
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Raw = dict[str, Any]


def source_of(record: "Any") -> str:
    """Return the name of a record's source (`aws:sqs`), or ""."""
    found = (record.get("eventSource") or record.get("EventSource")) if isinstance(record, dict) else None
    return found if isinstance(found, str) else ""


class Batch:
    """Describe a source that takes no partial answer."""

    partial = False
    resumes = False  # whether the source comes back with everything from the first failure on that is named
    waits = False  # whether the source waits for an answer to each record (`responders`)
    ordered = False  # whether nothing may be tried after a failure
    grouped = False  # whether records have groups

    def identifier(self, raw: "Raw") -> "str | Raw | None":
        """Return the record's id at its source; None if it has none."""
        return None

    def group(self, raw: "Raw") -> str | None:
        """Return the group whose later records may not overtake a failed one."""
        return None


class QueueBatch(Batch):
    """A standard SQS queue: every message for itself."""

    partial = True

    def identifier(self, raw: "Raw") -> str | None:
        """Return the message id."""
        return _text(raw.get("messageId"))


class FifoBatch(QueueBatch):
    """A FIFO queue: after a failure the rest of its message group waits."""

    grouped = True

    def group(self, raw: "Raw") -> str | None:
        """Return the message group."""
        return str(_part(raw, "attributes").get("MessageGroupId")) if isinstance(raw, dict) else None


class StreamBatch(Batch):
    """A shard of Kinesis or DynamoDB Streams: Lambda comes back with everything from the first failure on."""

    partial = True
    resumes = True
    ordered = True

    def identifier(self, raw: "Raw") -> str | None:
        """Return the sequence number."""
        number = _part(raw, "kinesis").get("sequenceNumber") or _part(raw, "dynamodb").get("SequenceNumber")
        return _text(number)


class PipedStreamBatch(StreamBatch):
    """A shard whose records EventBridge Pipes brings: it knows them by their event id.

    The guide has the named items be the ones that are tried again, and says nothing of those behind them: each record
    that was not tried is named, too.
    """

    resumes = False

    def identifier(self, raw: "Raw") -> str | None:
        """Return the event id."""
        return _text(raw.get("eventID"))


OTHER, _QUEUE, _FIFO, _STREAM, _PIPED = Batch(), QueueBatch(), FifoBatch(), StreamBatch(), PipedStreamBatch()


def batch_of(records: "list[Any]") -> Batch:
    """Return how the source of `records` wants its failures."""
    source = source_of(records[0]) if records else ""
    if source == "aws:sqs":
        # Standard queues may have message groups, too (fair queues); only the name tells them apart.
        return _FIFO if str(records[0].get("eventSourceARN")).endswith(".fifo") else _QUEUE
    if source in ("aws:kinesis", "aws:dynamodb"):
        return _STREAM
    return OTHER


def pipe_batch_of(records: "list[Any]") -> Batch:
    """Return how a pipe wants failures: by message id or event id, which its source or enrichment has to pass on."""
    batch = batch_of(records)
    return _PIPED if batch is _STREAM else batch


def _text(value: "Any") -> str | None:
    return value if isinstance(value, str) else None


def _part(raw: "Raw", name: str) -> "Raw":
    value = raw.get(name)
    return value if isinstance(value, dict) else {}
