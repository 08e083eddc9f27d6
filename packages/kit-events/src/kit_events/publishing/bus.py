"""The bus that events are published to."""

import os
from collections.abc import Iterable, Sequence
from typing import Never
from uuid import UUID

from kit_core.loading import load_early
from kit_core.parameters import refuse_unknown

from kit_events.errors import EventBusNotSetError, PublishError
from kit_events.publishing.drivers.driver import Driver
from kit_events.publishing.message import Message, message_of
from kit_events.publishing.parts import Event


class EventBus:
    """Publish events to a topic of SNS, a queue of SQS, a bus of EventBridge, or the memory of this process.

    `destination` says which, by its form: a topic's name or ARN, a queue's URL or ARN, an event bus's ARN, or
    `memory://name`; it may be a driver of your own. It is EVENT_BUS unless given, read at each use. Messages over
    `max_bytes` (KIT_EVENTS_MAX_BYTES, else the destination's limit) leave their payload in `claim_bucket`
    (KIT_EVENTS_CLAIM_BUCKET) and carry a claim to it; without a bucket they are an `EventTooLargeError`. An event's
    origin is `origin_prefix` (KIT_EVENTS_ORIGIN_PREFIX, or nothing) and SERVICE_NAME.

    Example: `EventBus("loans", origin_prefix="acme.").publish(LoanPaid(…))`
    """

    def __init__(
        self,
        destination: str | Driver | None = None,
        *,
        claim_bucket: str | None = None,
        max_bytes: int | None = None,
        origin_prefix: str | None = None,
        **unknown: Never,
    ) -> None:
        refuse_unknown("EventBus", unknown, ("destination", "claim_bucket", "max_bytes", "origin_prefix"))
        self._destination = destination
        self._claim_bucket = claim_bucket
        self._max_bytes = max_bytes
        self._origin_prefix = origin_prefix
        load_early(self._load_early)

    def compose(self, event: Event) -> Message:
        """Return the message of an event that happens now, as `send` takes it; raise `EventShapeError`."""
        return message_of(event, origin_prefix=self._origin_prefix)

    def publish(self, event: Event) -> UUID:
        """Send one event, and return its id. Raise as `BaseEvent.publish` says."""
        message = self.compose(event)
        for error in self.send([message]).values():
            raise error
        return message.id

    def publish_many(self, events: Iterable[Event]) -> list[UUID]:
        """Send events in batches, and return their ids in the order given.

        An event without a valid form is raised before anything is sent. Failures are tried again where that may help;
        if some are left, raise `PublishError` with each of them and the ids of the published events.
        """
        messages = [self.compose(event) for event in events]
        failed = self.send(messages)
        if failed:
            raise PublishError(
                {message.id: (message.type, failed[message.id]) for message in messages if message.id in failed},
                [message.id for message in messages if message.id not in failed],
            )
        return [message.id for message in messages]

    def send(self, messages: Sequence[Message]) -> dict[UUID, Exception]:
        """Send composed messages; return the error of each that could not be sent, by the message's id.

        Batches are as large as the destination takes. A message that the destination failed to take is tried again
        with jittered backoff, one that it refused (`EventRefusedError`) isn't. Where the destination keeps an order, a
        message whose aggregate's earlier one has failed isn't tried: its error is an `EventHeldBackError`. Raise
        `EventBusNotSetError`, or ValueError for a KIT_EVENTS_MAX_BYTES that is no number, before anything is sent.
        """
        from kit_events.publishing import sending
        from kit_events.publishing.drivers.choice import choose_driver

        driver = choose_driver(self._destination)
        limit = self._limit or driver.max_bytes
        return sending.send(driver, messages, limit=limit, bucket=self._bucket)

    def check(self, messages: Iterable[Message]) -> None:
        """Raise the error of a message that `send` would never deliver; nothing is sent or stored.

        It is an `EventTooLargeError`, or an `EventRefusedError`. Where nothing says yet where to send (EVENT_BUS), only
        `max_bytes` or KIT_EVENTS_MAX_BYTES is a limit.
        """
        from kit_events.publishing import sending
        from kit_events.publishing.drivers.choice import choose_driver

        limit = self._limit
        try:
            driver = choose_driver(self._destination)
        except EventBusNotSetError:
            driver = None
        for message in messages:
            if driver is not None and (error := sending.refusal_of(driver, message)):
                raise error
            if most := limit or (driver.max_bytes if driver is not None else 0):
                sending.lightened(message, most, self._bucket)

    def _load_early(self) -> None:
        """Load the destination's driver, where it is known in Lambda's init phase."""
        from kit_events.publishing.drivers.choice import choose_driver

        if self._destination or os.environ.get("EVENT_BUS"):
            choose_driver(self._destination)
            import kit_events.publishing.sending  # noqa: F401

    @property
    def _limit(self) -> int:
        return self._max_bytes or _max_bytes()

    @property
    def _bucket(self) -> str | None:
        return self._claim_bucket or os.environ.get("KIT_EVENTS_CLAIM_BUCKET") or None


def _max_bytes() -> int:
    text = os.environ.get("KIT_EVENTS_MAX_BYTES") or "0"
    if not text.isdecimal():
        raise ValueError(f"KIT_EVENTS_MAX_BYTES has to be a number of bytes, and is {text!r}")
    return int(text)


_default = _ENVIRONMENT = EventBus()


def default_bus() -> EventBus:
    """Return the bus of `BaseEvent.publish`: the one that EVENT_BUS names, unless another one was set."""
    return _default


def set_default_bus(bus: EventBus | None) -> None:
    """Let `BaseEvent.publish` send to `bus`; None takes EVENT_BUS again."""
    global _default
    _default = _ENVIRONMENT if bus is None else bus
