"""The sources of records: how each names a failure, and whether others are tried after one.

Sources: Lambda Developer Guide, "Handling errors for an SQS event source", "Configuring partial batch response with
Kinesis Data Streams", "... with DynamoDB Streams".
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Raw = dict[str, Any]

_TEST_EVENT = "s3:TestEvent"


def records_of(event: "Any") -> "list[Any]":
    """Return the raw records of `event`: its Records, or itself; none for the test event that S3 sends."""
    if not isinstance(event, dict):
        return [event]
    records = event.get("Records")
    if isinstance(records, list):
        return records
    return [] if event.get("Event") == _TEST_EVENT and records is None else [event]


def source_of(record: "Any") -> str:
    """Return the name of a record's source (`aws:sqs`), or ""."""
    return (record.get("eventSource") or record.get("EventSource") or "") if isinstance(record, dict) else ""


class Batch:
    """Describe a source that takes no partial answer."""

    partial = False
    ordered = False  # whether nothing may be tried after a failure
    grouped = False  # whether records have groups

    def identifier(self, raw: "Raw") -> str | None:
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
        message_id: str | None = raw.get("messageId")
        return message_id


class FifoBatch(QueueBatch):
    """A FIFO queue: after a failure the rest of its message group waits."""

    grouped = True

    def group(self, raw: "Raw") -> str | None:
        """Return the message group."""
        return str(_part(raw, "attributes").get("MessageGroupId")) if isinstance(raw, dict) else None


class StreamBatch(Batch):
    """A shard of Kinesis or DynamoDB Streams: Lambda comes back with everything from the first failure on."""

    partial = True
    ordered = True

    def identifier(self, raw: "Raw") -> str | None:
        """Return the sequence number."""
        number: str | None = _part(raw, "kinesis").get("sequenceNumber")
        return number or _part(raw, "dynamodb").get("SequenceNumber")


_OTHER, _QUEUE, _FIFO, _STREAM = Batch(), QueueBatch(), FifoBatch(), StreamBatch()


def batch_of(records: "list[Any]") -> Batch:
    """Return how the source of `records` wants its failures."""
    source = source_of(records[0]) if records else ""
    if source == "aws:sqs":
        # Standard queues may have message groups, too (fair queues); only the name tells them apart.
        return _FIFO if str(records[0].get("eventSourceARN")).endswith(".fifo") else _QUEUE
    if source in ("aws:kinesis", "aws:dynamodb"):
        return _STREAM
    return _OTHER


def _part(raw: "Raw", name: str) -> "Raw":
    value = raw.get(name)
    return value if isinstance(value, dict) else {}
