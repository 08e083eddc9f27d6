"""A bus that records events, and their delivery to a job."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from kit_testing.clients.jobs import BatchAnswer, JobClient
from kit_testing.events.carriers import notice
from kit_testing.events.notices import sns_record
from kit_testing.events.queues import sqs_record


class Message(Protocol):
    """A message of kit-events' bus."""

    @property
    def id(self) -> UUID: ...
    @property
    def type(self) -> str: ...
    @property
    def aggregate_id(self) -> UUID: ...
    @property
    def text(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, str]: ...


class RecordingBus:
    """Keep the messages that an event bus sends: a driver for `kit_events.EventBus`.

    ordered: keep the order of an aggregate's messages, as a FIFO topic does

    Example:
        bus = RecordingBus()
        kit_events.set_default_bus(kit_events.EventBus(bus))
        LoanRequested(loan_id).publish()
        assert [event["type"] for event in bus.events] == ["loan.requested"]
    """

    max_bytes = 262_144
    in_flight = 1

    def __init__(self, *, ordered: bool = False) -> None:
        self.ordered = ordered
        self.messages: list[Any] = []

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Keep messages; none of them fails."""
        self.messages.extend(messages)
        return {}

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events as their subscribers get them: id, type, aggregate_id, origin, at, version, payload."""
        return [json.loads(message.text) for message in self.messages]

    def of_type(self, type: str) -> list[dict[str, Any]]:  # noqa: A002
        """Return the events of one type."""
        return [event for event in self.events if event["type"] == type]


def deliver(
    messages: Iterable[Message],
    *,
    to: Callable[[Any, Any], Any],
    queue: str = "test",
    context: Any = None,
    check: bool = True,
) -> BatchAnswer:
    """Call a job with messages of a `RecordingBus`, as they come by way of a topic and a queue.

    to: the job, called with an event and a context
    queue: the queue's name; in a FIFO queue (`.fifo`), the message group is the aggregate's id
    context: one with 30 seconds by default
    check: raise AssertionError if the answer names failed messages; its cause is the first error that kit-handler has
    logged for one of these. Errors of the job are raised in any case.

    Raise ValueError without messages: Lambda calls no function with an empty batch.

    Example:
        deliver(bus.messages, to=underwrite)
    """
    several = list(messages)
    if not several:
        raise ValueError("there are no messages to deliver: nothing was published, or not to this bus")
    answer = JobClient(to).send({"Records": [_in_queue(message, queue) for message in several]}, context=context)
    if check and answer.failed:
        types = ", ".join(message.type for message in several if str(message.id) in answer.failed)
        error = AssertionError(f"{getattr(to, '__name__', to)} failed for {types}; its log says why")
        raise error from answer.error
    return answer


def _in_queue(message: Message, queue: str) -> dict[str, Any]:
    """Return a message as Lambda gets it from a queue that is subscribed to a topic; its id is the message's."""
    group = str(message.aggregate_id) if queue.endswith(".fifo") else None
    published = notice(sns_record(message.text, attributes=message.attributes))
    return sqs_record(published, queue=queue, group=group, message_id=str(message.id))
