"""How an invocation has ended, for its metrics: whether it failed, and how many records of a batch did."""

from collections.abc import Mapping
from typing import Any

# The member of an event that holds its records, by the event's `eventSource`.
_BY_SOURCE = {
    "aws:kafka": "records",
    "SelfManagedKafka": "records",
    "aws:mq": "messages",
    "aws:amq": "messages",
    "aws:rmq": "rmqMessagesByQueue",
    "aws:docdb": "events",
}
# The same for events without one, by another of their members: S3 Batch Operations, Firehose.
_BY_MEMBER = {"invocationSchemaVersion": "tasks", "deliveryStreamArn": "records"}


def is_failure(answer: Any, noted: Mapping[str, Any]) -> bool:
    """Tell whether an answer means that the function has failed.

    It does with an HTTP status from 500 on, as a mapping or a response object, and if its maker has noted a failure.
    """
    if noted.get("failed"):
        return True
    found = answer.get("statusCode") if isinstance(answer, Mapping) else getattr(answer, "status_code", None)
    try:
        return int(found) >= 500  # type: ignore[arg-type]  # an IntEnum, or text, which API Gateway takes, too
    except (TypeError, ValueError, OverflowError):
        return False


def batch_of(event: Any, answer: Any, noted: Mapping[str, Any], *, failed: bool) -> tuple[int, int] | None:
    """Return the numbers of a batch's records and of its failed ones; None for an event that is no batch.

    A failed invocation has failed for all of its records: all of them come again.
    """
    records = noted.get("records")
    if records is None:
        records = _number_of_records(event)
    if records is None:
        return None
    if failed:
        return records, records
    failures = noted.get("failures")
    return records, _number_of_failures(answer) if failures is None else failures


def _number_of_records(event: Any) -> int | None:
    if isinstance(event, list):
        return len(event)  # EventBridge Pipes
    if not isinstance(event, Mapping):
        return None
    if isinstance(event.get("Records"), list):
        return len(event["Records"])
    if isinstance(event.get("awslogs"), Mapping):
        return _number_of_log_events(event["awslogs"].get("data"))
    source = event.get("eventSource")
    if isinstance(source, str) and source in _BY_SOURCE:
        return _size(event.get(_BY_SOURCE[source]))
    return next((_size(event.get(place)) for member, place in _BY_MEMBER.items() if member in event), None)


def _size(records: Any) -> int:
    """Return the number of records in a list, or in the lists of each partition or queue."""
    if isinstance(records, Mapping):
        return sum(map(_size, records.values()))
    return len(records) if isinstance(records, list) else 0


def _number_of_log_events(data: Any) -> int | None:
    import json
    import zlib
    from base64 import b64decode

    try:
        return _size(json.loads(zlib.decompress(b64decode(data), wbits=31))["logEvents"])
    except (zlib.error, TypeError, ValueError, LookupError):  # no batch of CloudWatch's
        return None


def _number_of_failures(answer: Any) -> int:
    if not isinstance(answer, Mapping):
        return 0
    failures = _size(answer.get("batchItemFailures"))
    for place, member in (("records", "result"), ("results", "resultCode")):  # Firehose, S3 Batch Operations
        found = answer.get(place)
        for each in found if isinstance(found, list) else ():
            failures += isinstance(each, Mapping) and str(each.get(member)).endswith(("Failed", "Failure"))
    return failures
