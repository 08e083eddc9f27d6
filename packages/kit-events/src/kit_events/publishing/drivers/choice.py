"""The driver of a destination, chosen by the destination's form and loaded when it is first needed."""

import os
import re

from kit_events.errors import EventBusNotSetError
from kit_events.publishing.drivers.driver import Driver

_TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?")
_MEMORY = re.compile(r"memory://[A-Za-z0-9_.-]*")
_ARN = re.compile(r"arn:[a-z-]+:(sns|events):([a-z0-9-]+):(\d{12}):([^:]+)")


def choose_driver(destination: str | Driver | None) -> Driver:
    """Return the driver for a destination, else for EVENT_BUS. Raise `EventBusNotSetError` for any other text."""
    if destination is not None and not isinstance(destination, str):
        return destination
    bus = destination or os.environ.get("EVENT_BUS")
    if not bus:
        raise EventBusNotSetError(None)
    if _TOPIC_NAME.fullmatch(bus):
        return _sns(bus)
    if _MEMORY.fullmatch(bus):
        from kit_events.publishing.drivers.memory import memory

        return memory(bus)
    arn = _ARN.fullmatch(bus)
    if arn and arn[1] == "sns" and _TOPIC_NAME.fullmatch(arn[4]):
        return _sns(bus)
    if arn and arn[1] == "events" and arn[4].startswith("event-bus/"):
        from kit_events.publishing.drivers.eventbridge import EventBridge

        return EventBridge(bus)
    from kit_events.queues import is_queue

    if is_queue(bus):
        from kit_events.publishing.drivers.sqs import Sqs

        return Sqs(bus)
    raise EventBusNotSetError(bus)


def _sns(topic: str) -> Driver:
    from kit_events.publishing.drivers.sns import Sns

    return Sns(topic)
