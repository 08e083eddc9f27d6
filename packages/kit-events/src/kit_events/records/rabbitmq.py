"""RabbitMQ on Amazon MQ ("Using Lambda with Amazon MQ")."""

from collections.abc import Iterator
from typing import Any, Self

from kit_events.records.content import opened
from kit_events.records.data import DataRecord
from kit_events.records.fields import Fields


class RabbitMQRecord(DataRecord):
    """One message of a queue of RabbitMQ: `data` are its bytes.

    `properties` are the basic ones of AMQP as they came. `headers` are apart; those in text are str.
    """

    kind = "message of RabbitMQ"
    shown = ("queue", "virtual_host", "message_id")

    queue: str
    virtual_host: str
    data: bytes
    headers: dict[str, Any] = {}  # noqa: RUF012  (copied)
    properties: dict[str, Any] = {}  # noqa: RUF012
    message_id: str | None = None
    correlation_id: str | None = None
    redelivered: bool = False
    broker_arn: str = ""

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> list[Any]:
        """Return the content of each message."""
        return [opened(message.data("data")) for _, message in _messages(Fields("RabbitMQRecord", raw))]

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the messages, queue by queue."""
        arn = fields.find("eventSourceArn", str) or ""
        for name, message in _messages(fields):
            queue, _, host = name.partition("::")
            properties = message.part("basicProperties")
            yield cls(
                queue=queue,
                virtual_host=host or "/",
                data=message.data("data"),
                headers=_headers(properties),
                properties={key: value for key, value in properties.value.items() if key != "headers"},
                message_id=properties.find("messageId", str),
                correlation_id=properties.find("correlationId", str),
                redelivered=message.find("redelivered", bool) or False,
                broker_arn=arn,
            )


def _messages(fields: Fields) -> list[tuple[str, Fields]]:
    """Return the messages, each with its queue; one that EventBridge Pipes brought is there alone."""
    if "rmqMessagesByQueue" not in fields and "basicProperties" in fields:
        return [(fields.find("eventSourceKey", str) or "", fields)]
    by_queue = fields.part("rmqMessagesByQueue")
    messages = [(queue, message) for queue in by_queue.value for message in by_queue.parts(queue)]
    if not messages:
        raise fields.error("rmqMessagesByQueue", "is empty")
    return messages


def _headers(properties: Fields) -> dict[str, Any]:
    """Return the headers; text comes as `{"bytes": […]}`."""
    headers = properties.part("headers") if properties.find("headers", dict) else None
    return {name: _header(headers, name) for name in headers.value} if headers else {}


def _header(headers: Fields, name: str) -> Any:
    value = headers.value[name]
    if not isinstance(value, dict) or "bytes" not in value:
        return value
    numbers = headers.part(name).find("bytes", list)
    try:
        return None if numbers is None else bytes(number & 0xFF for number in numbers).decode()
    except UnicodeDecodeError:
        raise headers.error(name, "is not text in UTF-8") from None
    except TypeError:
        raise headers.error(name, "has to hold bytes") from None
