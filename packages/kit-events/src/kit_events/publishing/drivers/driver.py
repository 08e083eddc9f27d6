"""The port of the destinations."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from kit_events.publishing.message import Message


class Driver(Protocol):
    """A destination.

    `max_bytes` is the most of a message, and of a batch; `ordered` whether it keeps the order of an aggregate's;
    `in_flight` how many batches may be sent at a time, each from a thread of its own: where it is ordered, always one.
    A driver may also have `refusal(message)`, which returns the `EventRefusedError` of a message that the destination
    would never take, else None: it is asked before anything is sent, and by an outbox before anything is committed.
    """

    @property
    def max_bytes(self) -> int: ...
    @property
    def ordered(self) -> bool: ...
    @property
    def in_flight(self) -> int: ...

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Send one to ten messages; return the error of each that was not taken, by its id.

        An `EventRefusedError` is final, another error may be tried again. Raise where the call failed as a whole.
        """
        ...
