"""Buses and deliveries for tests."""

import logging
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any, Self
from uuid import uuid4

from kit_events import EventRecord
from kit_events.publishing import bus as buses
from kit_events.publishing.base_event import BaseEvent
from kit_events.publishing.bus import EventBus
from kit_events.publishing.drivers.memory import Memory
from kit_events.publishing.message import Message, message_of
from kit_events.testing.records import ACCOUNT, REGION, queue_record, topic_record


class RecordingBus(EventBus):
    """Keep what is published; as a context manager, be the default bus meanwhile.

    `messages` is what would have been sent, `events` the same as a subscriber reads it.
    """

    def __init__(self, *, ordered: bool = False) -> None:
        self._memory = Memory("memory://recording.fifo" if ordered else "memory://recording")
        super().__init__(self._memory)
        self._before: list[EventBus] = []

    @property
    def messages(self) -> list[Message]:
        """Return what was sent, in order."""
        return self._memory.messages

    @property
    def events(self) -> list[EventRecord]:
        """Return what was sent as records."""
        return [record for message in self.messages for record in EventRecord.from_record(_in_queue(message))]

    def of_type(self, type: str) -> list[EventRecord]:  # noqa: A002
        """Return the records of one type of event."""
        return [record for record in self.events if record.type == type]

    def __enter__(self) -> Self:
        """Become the default bus."""
        self._before.append(buses.default_bus())
        buses.set_default_bus(self)
        return self

    def __exit__(self, *raised: object) -> None:
        """Give way to the bus that was the default before."""
        buses.set_default_bus(self._before.pop())


def deliver(
    event: BaseEvent | Message | Iterable[BaseEvent | Message],
    *,
    to: Callable[[Any, Any], Any],
    queue: str = "test",
    context: Any = None,
    check: bool = True,
) -> Any:
    """Call a Lambda handler with events as they come by way of a topic and a queue, and return its answer.

    `to` is any handler, such as what kit-handler's `@job` makes of a function. Events get ids as if published; messages
    of a `RecordingBus` keep theirs. A `queue` whose name ends in `.fifo` has the aggregate's id as the message group.
    `context` is one with 30 seconds left unless given. Raise AssertionError if the answer names messages as failed,
    unless `check` is False; its cause is the first error of theirs that kit-handler has logged. What the handler raises
    is raised.
    """
    several: Sequence[BaseEvent | Message]
    several = [event] if isinstance(event, BaseEvent | Message) else list(event)
    messages = [each if isinstance(each, Message) else message_of(each) for each in several]
    with _Logged() as logged:
        answer = to({"Records": [_in_queue(message, queue) for message in messages]}, context or _Context())
    failed = (answer or {}).get("batchItemFailures", []) if check else []
    if failed:
        those = [message for message in messages if {"itemIdentifier": str(message.id)} in failed]
        types = ", ".join(message.type for message in those)
        error = AssertionError(f"{getattr(to, '__name__', to)} failed for {types}; its log says why")
        raise error from logged.first_error([str(message.id) for message in those])
    return answer


def _in_queue(message: Message, queue: str = "test") -> dict[str, Any]:
    """Return a message as Lambda gets it from a queue that listens to a topic; its message id is the event's."""
    group = str(message.aggregate_id) if queue.endswith(".fifo") else None
    notice = topic_record(message.text, attributes=message.attributes)["Sns"]
    raw = queue_record(notice, queue=queue.removesuffix(".fifo"), group=group)
    return {**raw, "messageId": str(message.id), "receiptHandle": f"receipt-{message.id}"}


class _Logged(logging.Filter):
    """See what kit-handler logs: a job answers with ids, and its log has the errors."""

    def __init__(self) -> None:
        super().__init__()
        self._logger = logging.getLogger("kit.handler")
        self._lines: list[tuple[str, BaseException]] = []

    def __enter__(self) -> Self:
        self._logger.addFilter(self)
        return self

    def __exit__(self, *raised: object) -> None:
        self._logger.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Note a line that has an error, and let it through."""
        if record.exc_info and record.exc_info[1] is not None:
            self._lines.append((record.getMessage(), record.exc_info[1]))
        return True

    def first_error(self, ids: Sequence[str]) -> BaseException | None:
        """Return the error of the first line that names one of the ids."""
        return next((error for line, error in self._lines if any(each in line for each in ids)), None)


class _Context:
    """Stand for Lambda's context, with 30 seconds left and a clock that runs."""

    function_name = "test"
    function_version = "$LATEST"
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:test"
    memory_limit_in_mb = "128"

    def __init__(self) -> None:
        self.aws_request_id = str(uuid4())
        self._ends = monotonic() + 30

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left."""
        return max(0, int((self._ends - monotonic()) * 1000))
