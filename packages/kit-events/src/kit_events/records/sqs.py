"""SQS ("Using Lambda with Amazon SQS")."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Self

from kit_events.records.content import opened, parsed
from kit_events.records.fields import Fields
from kit_events.records.record import Record
from kit_events.records.sources import open_wrapper

_NUMBERS = ("ApproximateReceiveCount", "SentTimestamp")
_MOST_DIGITS = 14  # of milliseconds, before the year 5138


class QueueRecord(Record):
    """One message of a queue, with any body.

    `attributes` are set by SQS, and are text; `message_attributes` by the sender: text, of a number its digits, of the
    type Binary bytes.
    """

    kind = "message of a queue"
    shown = ("message_id", "queue_arn")

    message_id: str
    body: str
    attributes: dict[str, str] = {}  # noqa: RUF012  (copied)
    message_attributes: dict[str, str | bytes] = {}  # noqa: RUF012
    receipt_handle: str = ""
    queue_arn: str = ""

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is one of the records of an SQS event."""
        return raw.get("eventSource") == "aws:sqs"

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> tuple[Any]:
        """Return the content of the body."""
        body = raw.get("body")
        return (opened(body if isinstance(body, str) else Fields("QueueRecord", raw).get("body", str)),)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the message; it is not opened."""
        attributes = fields.texts("attributes")
        for name in _NUMBERS:
            number = attributes.get(name, "0")
            if not number.isdecimal() or len(number) > _MOST_DIGITS:
                raise fields.error(f"attributes.{name}", "is no number")
        yield cls(
            message_id=fields.get("messageId", str),
            body=fields.get("body", str),
            attributes=attributes,
            message_attributes=_message_attributes(fields),
            receipt_handle=fields.find("receiptHandle", str) or "",
            queue_arn=fields.find("eventSourceARN", str) or "",
        )

    @property
    def payload(self) -> Any:
        """Return the value that `enqueue` was given: the body as JSON, or the body itself if it is none."""
        payload = parsed(self.body)
        wrapped = open_wrapper(payload) if isinstance(payload, dict) and len(payload) == 1 else None
        return payload if wrapped is None else wrapped[0]

    @property
    def receive_count(self) -> int:
        """Return how often the message was received, this time included."""
        return int(self.attributes.get("ApproximateReceiveCount", "1"))

    @property
    def sent_at(self) -> datetime | None:
        """Return when the message was sent."""
        milliseconds = self.attributes.get("SentTimestamp")
        return None if milliseconds is None else datetime.fromtimestamp(int(milliseconds) / 1000, UTC)

    @property
    def message_group_id(self) -> str | None:
        """Return the message group: what keeps the order in a FIFO queue, the tenant in a standard one."""
        return self.attributes.get("MessageGroupId")


def _message_attributes(fields: Fields) -> dict[str, str | bytes]:
    sent = fields.part("messageAttributes") if fields.find("messageAttributes", dict) else None
    values: dict[str, str | bytes] = {}
    for name, attribute in sent.value.items() if sent else ():
        if not isinstance(attribute, dict):
            continue
        if isinstance(attribute.get("stringValue"), str):
            values[name] = attribute["stringValue"]
        elif sent and isinstance(attribute.get("binaryValue"), str):
            values[name] = sent.part(name).data("binaryValue")
    return values
