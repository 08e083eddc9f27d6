"""Events of kit-events, and content that several services carry: an event in SNS in SQS."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from kit_testing.events._values import TIME_MS, text
from kit_testing.events.notices import eventbridge_event, sns_record
from kit_testing.events.queues import activemq_event, rabbitmq_event, sqs_record
from kit_testing.events.streams import firehose_event, kafka_event, kinesis_record


def event_body(payload: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return an event of kit-events as it is sent; fields: id, aggregate_id, type, origin, at, version.

    The ids are random by default.
    """
    event = {
        "id": str(uuid4()),
        "aggregate_id": str(uuid4()),
        "type": "test",
        "origin": "test",
        "at": TIME_MS,
        "version": "1",
        "payload": dict(payload or {}),
    }
    if unknown := fields.keys() - event.keys():
        raise TypeError(f"an event has no {', '.join(sorted(unknown))}")
    return event | {name: str(value) if isinstance(value, UUID) else value for name, value in fields.items()}


def event_record(
    payload: Mapping[str, Any] | None = None, *, carriers: Sequence[str] = ("sns", "sqs"), **fields: Any
) -> dict[str, Any]:
    """Return the raw record of an event of kit-events; carriers as of `carried`, fields as of `event_body`."""
    record: dict[str, Any] = carried(event_body(payload, **fields), *carriers)
    return record


def carried(content: Any, *carriers: str) -> Any:
    """Return a raw record with `content` in it, from the innermost carrier to the outermost.

    Carriers: sqs, sns, eventbridge, kinesis, firehose, kafka, activemq, rabbitmq, gzip.

    Example:
        >>> carried({"a": 1}, "sns", "sqs")["eventSource"]
        'aws:sqs'
    """
    for position, carrier in enumerate(carriers):
        if carrier not in _CARRIERS:
            raise ValueError(f"carriers are {', '.join(_CARRIERS)}, not {carrier!r}")
        content = _CARRIERS[carrier](content)
        if carrier == "sns" and position + 1 < len(carriers):
            content = notice(content)
    return content


def notice(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of a topic as SNS sends it to a queue or over HTTPS, where two fields have other names."""
    renamed = {"SigningCertUrl": "SigningCertURL", "UnsubscribeUrl": "UnsubscribeURL"}
    return {renamed.get(name, name): value for name, value in record["Sns"].items() if value is not None}


_CARRIERS: dict[str, Callable[[Any], Any]] = {
    "sqs": sqs_record,
    "sns": sns_record,
    "eventbridge": eventbridge_event,
    "kinesis": kinesis_record,
    "firehose": lambda content: firehose_event([content]),
    "kafka": lambda content: kafka_event([content]),
    "activemq": lambda content: activemq_event([content]),
    "rabbitmq": lambda content: rabbitmq_event([content]),
    "gzip": lambda content: gzip.compress(text(content).encode()),
}
