"""SNS: a record as Lambda gets it, and the envelope around a message that went on to a queue or a stream.

Shapes: "Invoking Lambda functions with Amazon SNS notifications", "HTTP/HTTPS notification JSON format".
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.content import opened, parsed
from kit_events.records.fields import Fields
from kit_events.records.record import Record


class TopicRecord(Record):
    """One message of a topic: `message` is its text, `attributes` those of the sender: text, of type Binary bytes."""

    kind = "message of a topic"
    shown = ("message_id", "topic_arn")

    message_id: str
    topic_arn: str
    message: str
    subject: str | None = None
    attributes: dict[str, str | bytes] = {}  # noqa: RUF012  (copied)
    at: datetime | None = None

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether this is a record of an SNS event, or the envelope around a message."""
        if raw.get("EventSource") == "aws:sns":
            return True
        return raw.get("Type") == "Notification" and "TopicArn" in raw and "Message" in raw

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> tuple[Any] | None:
        """Return the content of the message."""
        message = raw.get("Message")
        if isinstance(message, str) and "TopicArn" in raw:
            return (opened(message),)
        if not cls.recognises(raw):
            return None
        return (opened(_notice(Fields("TopicRecord", raw)).get("Message", str)),)

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the message."""
        notice = _notice(fields)
        sent = notice.part("MessageAttributes") if notice.find("MessageAttributes", dict) else None
        yield cls(
            message_id=notice.get("MessageId", str),
            topic_arn=notice.get("TopicArn", str),
            message=notice.get("Message", str),
            subject=notice.find("Subject", str),
            attributes={name: _value(sent.part(name)) for name in sent.value} if sent else {},
            at=notice.time("Timestamp") if "Timestamp" in notice else None,
        )

    @property
    def payload(self) -> Any:
        """Return the message as JSON, or its text if it is none."""
        return parsed(self.message)


def _value(attribute: Fields) -> str | bytes:
    kind = attribute.value.get("Type")
    binary = isinstance(kind, str) and kind.partition(".")[0] == "Binary"
    return attribute.data("Value") if binary else attribute.get("Value", str)


def _notice(fields: Fields) -> Fields:
    return fields.part("Sns") if "Sns" in fields or "TopicArn" not in fields else fields
