"""ActiveMQ on Amazon MQ ("Using Lambda with Amazon MQ")."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self

from kit_events.records.content import opened
from kit_events.records.data import DataRecord
from kit_events.records.fields import Fields


class ActiveMQRecord(DataRecord):
    """One message of a queue of ActiveMQ: `data` are its bytes, `message_type` is as in "jms/text-message"."""

    kind = "message of ActiveMQ"
    shown = ("message_id", "queue")

    message_id: str
    message_type: str
    queue: str
    data: bytes
    properties: dict[str, Any] = {}  # noqa: RUF012  (copied)
    correlation_id: str | None = None
    redelivered: bool = False
    at: datetime | None = None
    broker_arn: str = ""

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> list[Any]:
        """Return the content of each message."""
        return [opened(message.data("data")) for message in _messages(Fields("ActiveMQRecord", raw))]

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the messages."""
        arn = fields.find("eventSourceArn", str) or ""
        for message in _messages(fields):
            yield cls(
                message_id=message.get("messageID", str),
                message_type=message.get("messageType", str),
                queue=message.part("destination").get("physicalName", str),
                data=message.data("data"),
                properties=message.find("properties", dict) or {},
                correlation_id=message.find("correlationId", str) or message.find("correlationID", str),
                redelivered=message.find("redelivered", bool) or False,
                at=message.epoch("timestamp", per_second=1000) if message.find("timestamp", int) is not None else None,
                broker_arn=arn,
            )


def _messages(fields: Fields) -> list[Fields]:
    """Return the messages; one that EventBridge Pipes brought is there alone."""
    if "messages" not in fields and "messageID" in fields:
        return [fields]
    messages = fields.parts("messages")
    if not messages:
        raise fields.error("messages", "is empty")
    return messages
