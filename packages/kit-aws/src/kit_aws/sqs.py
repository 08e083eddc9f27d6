"""Messages to queues."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kit_aws.batch import Entry, send
from kit_aws.message import Attribute, checked_size, parameters_of
from kit_aws.queue import Queue


def enqueue(
    queue_name: str,
    message: Any,
    *,
    delay_seconds: int | None = None,
    message_group_id: str | None = None,
    message_deduplication_id: str | None = None,
    attributes: Mapping[str, Attribute] | None = None,
) -> None:
    """Send a message to a queue given by name, URL or ARN.

    The body is the message as JSON (`kit_core.json.dumps`), which the records of kit-events read. A queue's URL is
    looked up once, and again when the queue is gone. Queues whose names end in `.fifo` need a `message_group_id`.
    `attributes` may be text, bytes and numbers; the one called `correlation_id` is added inside an invocation. Raise
    `ResourceNotFoundError` for an unknown queue, `PayloadTooLargeError` above 1 MiB, `PayloadTypeError` or
    `PayloadValueError` for a message that has no form in JSON.
    """
    parameters = parameters_of(
        message,
        attributes,
        delay_seconds=delay_seconds,
        group_id=message_group_id,
        deduplication_id=message_deduplication_id,
    )
    checked_size(parameters, "The message", queue_name)
    Queue(queue_name).call("SendMessage", **parameters)


def enqueue_many(
    queue_name: str,
    messages: Iterable[Any],
    *,
    delay_seconds: int | None = None,
    message_group_id: str | Callable[[Any], str] | None = None,
    message_deduplication_id: Callable[[Any], str] | None = None,
    attributes: Mapping[str, Attribute] | Callable[[Any], Mapping[str, Attribute]] | None = None,
) -> None:
    """Send many messages, ten to a call or as many as fit into 1 MiB; the options are those of `enqueue`.

    Where an option differs between messages, give a function of the message. Messages that SQS did not take are sent
    again, up to five times with backoff. A FIFO queue gets at most one message of a group in a call, so
    that none overtakes one that failed; many groups are as fast as no groups, one group is as slow as `enqueue`.

    Everything is written as JSON before the first call: a message without a form in JSON stops them all. Raise
    `BatchError`, whose `failures` name each message that was not sent by its index, or, when a call failed as a whole
    and nothing had been sent before it, that call's own error.
    """
    queue = Queue(queue_name)

    def entry(index: int, message: Any) -> Entry:
        parameters = parameters_of(
            message,
            attributes(message) if callable(attributes) else attributes,
            delay_seconds=delay_seconds,
            group_id=message_group_id(message) if callable(message_group_id) else message_group_id,
            deduplication_id=None if message_deduplication_id is None else message_deduplication_id(message),
        )
        size = checked_size(parameters, f"The message {index}", queue_name)
        # Only a FIFO queue promises an order: elsewhere each message is a group of its own.
        group = parameters.get("MessageGroupId", "") if queue.is_fifo else index
        return Entry(index, group, parameters, size)

    send(queue, [_noted(entry, index, message) for index, message in enumerate(messages)])


def _noted(entry: Callable[[int, Any], Entry], index: int, message: Any) -> Entry:
    try:
        return entry(index, message)
    except Exception as error:
        error.add_note(f"This was the message with index {index}; none has been sent.")
        raise
