"""The records of events that hold many elsewhere than in `Records`: Kafka, Amazon MQ, DocumentDB, logs, and others.

Each becomes a raw record of its own, with the members that all of them share (the source, its ARN): EventBridge Pipes
brings one in the same shape. Loaded with the first of these events.

Sources: Lambda Developer Guide, "Using Lambda with Amazon MSK", "… Amazon MQ", "… Amazon DocumentDB", "Configuring
error handling controls for Kafka event sources"; CloudWatch Logs User Guide, "Real-time processing of log data".
"""

from kit_handler.jobs.batches import OTHER, Batch
from kit_handler.jobs.responders import FILE_TASKS, FIREHOSE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler.jobs.batches import Raw

_KEY = "eventSourceKey"  # the partition or queue of a record, under the name that Pipes gives it
_MOST_BYTES = 64 * 1024 * 1024  # of a log batch, which is packed; CloudWatch sends at most 1 MB


def split(event: "Raw") -> "tuple[list[Any], Batch] | None":
    """Return the raw records of an event and how their source wants failures; None if it holds none of many."""
    source = event.get("eventSource")
    if isinstance(source, str) and source in _BY_SOURCE:
        member, batch = _BY_SOURCE[source]
        records = _flat(event, member)
    elif "awslogs" in event or "logEvents" in event:
        return _lines(event)
    elif "deliveryStreamArn" in event:
        records, batch = _flat(event, "records"), FIREHOSE
    elif "invocationSchemaVersion" in event:
        records, batch = _flat(event, "tasks"), FILE_TASKS
    else:
        return None
    return (records, batch) if records else None  # an empty or malformed event is one record, which can't be read


class KafkaBatch(Batch):
    """Kafka: the records of a partition stay in order, and one is known by its partition and offset.

    Lambda tries the very records again that an answer names, and no others ("Configuring error handling controls for
    Kafka event sources", "PartialBatchResponse"): those behind a failure were not tried, and would be lost if they were
    not named. A partition or offset that the event did not have would bring back the whole batch.
    """

    partial = True
    grouped = True

    def identifier(self, raw: "Raw") -> "Raw | None":
        """Return the partition, as in topic-0, and the offset."""
        partition, offset = raw.get(_KEY), raw.get("offset")
        return {"partition": partition, "offset": offset} if isinstance(offset, int) else None

    def group(self, raw: "Raw") -> str | None:
        """Return the partition."""
        return str(raw.get(_KEY)) if isinstance(raw, dict) else None


_KAFKA = KafkaBatch()
_BY_SOURCE = {
    "aws:kafka": ("records", _KAFKA),
    "SelfManagedKafka": ("records", _KAFKA),
    "aws:mq": ("messages", OTHER),
    "aws:amq": ("messages", OTHER),
    "aws:rmq": ("rmqMessagesByQueue", OTHER),
    "aws:docdb": ("events", OTHER),
}


def _flat(event: "Raw", member: str) -> "list[Any]":
    """Return the items of a list, or of the lists of each partition or queue, with the event's other members."""
    shared = {name: value for name, value in event.items() if name != member}
    held = event.get(member)
    if isinstance(held, list):
        return [_with(shared, item) for item in held]
    if not isinstance(held, dict) or not all(isinstance(items, list) for items in held.values()):
        return []
    return [_with({**shared, _KEY: key}, item) for key, items in held.items() for item in items]


def _with(shared: "Raw", item: "Any") -> "Any":
    return {**shared, **item} if isinstance(item, dict) else item


def _lines(event: "Raw") -> "tuple[list[Any], Batch] | None":
    """Return a batch of each line of a log; no record for the message by which CloudWatch tries the destination."""
    log = _unpacked(event["awslogs"]) if "awslogs" in event else event
    lines = log.get("logEvents") if isinstance(log, dict) else None
    if not isinstance(lines, list):
        return None
    if log.get("messageType") == "CONTROL_MESSAGE":
        return [], OTHER
    return ([{**log, "logEvents": [line]} for line in lines], OTHER) if lines else None


def _unpacked(packed: "Any") -> "Any":
    """Return the log inside of base64 and gzip; None if it can't be read."""
    import zlib
    from binascii import a2b_base64

    from kit_core.json import loads

    try:
        unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        text = unpacking.decompress(a2b_base64(packed["data"], strict_mode=True), _MOST_BYTES)
        return loads(text) if unpacking.eof else None
    except (zlib.error, LookupError, TypeError, ValueError):
        return None
