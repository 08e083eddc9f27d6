"""Where events go out; the driver is chosen when it is first needed, by the form of the destination."""

import os
import re
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from kit_events.errors import EventBusNotSetError
from kit_events.message import Message


class Driver(Protocol):
    """A destination.

    `max_bytes` is the most of a message, and of a batch; `ordered` whether it keeps the order of an aggregate's;
    `in_flight` how many batches may be sent at a time, each from a thread of its own: where it is ordered, always one.
    """

    @property
    def max_bytes(self) -> int: ...
    @property
    def ordered(self) -> bool: ...
    @property
    def in_flight(self) -> int: ...

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Send one to ten messages, and return by id those that were not taken, and why.

        An `EventRefusedError` is final, another error may be tried again. Raise where the call failed as a whole.
        """
        ...


_TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?")
_MEMORY = re.compile(r"memory://[A-Za-z0-9_.-]*")
_ARN = re.compile(r"arn:[a-z-]+:(sns|events):([a-z0-9-]+):(\d{12}):([^:]+)")


def chosen(destination: str | Driver | None) -> Driver:
    """Return the driver for a destination, else for EVENT_BUS. Raise `EventBusNotSetError`, naming what is neither."""
    if destination is not None and not isinstance(destination, str):
        return destination
    bus = destination or os.environ.get("EVENT_BUS")
    if not bus:
        raise EventBusNotSetError(None)
    if _TOPIC_NAME.fullmatch(bus):
        return _sns(bus)
    if _MEMORY.fullmatch(bus):
        from kit_events.drivers.memory import memory

        return memory(bus)
    arn = _ARN.fullmatch(bus)
    if arn and arn[1] == "sns" and _TOPIC_NAME.fullmatch(arn[4]):
        return _sns(bus)
    if arn and arn[1] == "events" and arn[4].startswith("event-bus/"):
        from kit_events.drivers.eventbridge import EventBridge

        return EventBridge(bus)
    from kit_events.queues import is_queue

    if is_queue(bus):
        from kit_events.drivers.sqs import Sqs

        return Sqs(bus)
    raise EventBusNotSetError(bus)


def _sns(topic: str) -> Driver:
    from kit_events.drivers.sns import Sns

    return Sns(topic)
