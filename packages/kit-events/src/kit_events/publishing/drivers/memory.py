"""Keep messages in this process: for tests, and for scripts that have no AWS."""

from collections.abc import Sequence
from uuid import UUID

from kit_events.publishing.message import Message


class Memory:
    """A list of messages, in the order in which they were sent; a name that ends in .fifo keeps aggregates' order."""

    max_bytes = 262_144
    in_flight = 1

    def __init__(self, name: str = "memory://") -> None:
        self.ordered = name.endswith(".fifo")
        self.messages: list[Message] = []

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Keep the messages."""
        self.messages.extend(messages)
        return {}


_by_name: dict[str, Memory] = {}


def memory(name: str) -> Memory:
    """Return the one that `memory://name` means throughout this process."""
    return _by_name.setdefault(name, Memory(name))
