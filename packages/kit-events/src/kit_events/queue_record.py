"""The record of an SQS message."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from kit_events.adapters.sqs import is_message, open_wrapper
from kit_events.adapters.text import parsed
from kit_events.errors import RecordShapeError
from kit_events.frozen import Frozen


class QueueRecord(Frozen):
    """One message of a queue, whatever it says.

    `attributes` are those that SQS sets, `message_attributes` the sender's, as text.
    """

    __slots__ = (  # noqa: RUF023  (the documented order)
        "message_id",
        "body",
        "attributes",
        "message_attributes",
        "receipt_handle",
        "queue_arn",
    )

    message_id: str
    body: str
    attributes: dict[str, str]
    message_attributes: dict[str, str]
    receipt_handle: str
    queue_arn: str

    def __init__(
        self,
        message_id: str,
        body: str,
        attributes: dict[str, str] | None = None,
        message_attributes: dict[str, str] | None = None,
        receipt_handle: str = "",
        queue_arn: str = "",
    ) -> None:
        self._set(message_id=message_id, body=body, attributes=attributes or {}, queue_arn=queue_arn)
        self._set(message_attributes=message_attributes or {}, receipt_handle=receipt_handle)

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Iterator[Self]:
        """Yield the message; it is not opened. Raise `RecordShapeError` for a record of something else."""
        if not is_message(raw):
            raise RecordShapeError(cls.__name__, None, "this is no message of a queue")
        for field in ("messageId", "body"):
            if not isinstance(raw.get(field), str):
                raise RecordShapeError(cls.__name__, field, "is not a string")
        for field in ("attributes", "messageAttributes"):
            if not isinstance(raw.get(field) or {}, Mapping):
                raise RecordShapeError(cls.__name__, field, "is not an object")
        yield cls(
            message_id=raw["messageId"],
            body=raw["body"],
            attributes=dict(raw.get("attributes") or {}),
            message_attributes=_texts(raw.get("messageAttributes") or {}),
            receipt_handle=raw.get("receiptHandle", ""),
            queue_arn=raw.get("eventSourceARN", ""),
        )

    @property
    def payload(self) -> Any:
        """Return what `enqueue` was given: the body as JSON, or the body itself if it is none."""
        payload = parsed(self.body)
        wrapped = open_wrapper(payload)
        return payload if wrapped is None else next(iter(wrapped))

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
        """Return the group of a message of a FIFO queue."""
        return self.attributes.get("MessageGroupId")

    def _shown(self) -> tuple[str, ...]:
        return ("message_id", "queue_arn")


def _texts(sent: Mapping[str, Any]) -> dict[str, str]:
    values = {name: attribute.get("stringValue") for name, attribute in sent.items() if isinstance(attribute, Mapping)}
    return {name: value for name, value in values.items() if isinstance(value, str)}
