"""Where events go out; the driver is chosen when it is first needed."""

from typing import Protocol

from kit_events.message import Message


class Driver(Protocol):
    """Send one message, or raise."""

    def send(self, message: Message) -> None:
        """Return once the bus has taken the message."""
        ...


def chosen() -> Driver:
    """Return the driver for EVENT_BUS: a topic of SNS."""
    from kit_events.drivers import sns

    return sns
