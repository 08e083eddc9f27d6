"""From an event to the bus."""

import logging
import os
from typing import Any
from uuid import UUID

from kit_events import drivers
from kit_events.errors import EventTooLargeError
from kit_events.message import compose

_log = logging.getLogger("kit.events")

# SNS's own limit, unless the topic's MaximumMessageSize says something else.
MAX_BYTES = 262144


def publish(type: str, version: str, aggregate_id: UUID, payload: Any) -> UUID:  # noqa: A002
    """Compose, check and send an event, and return its id."""
    message = compose(type, version, aggregate_id, payload)
    limit = int(os.environ.get("KIT_EVENTS_MAX_BYTES") or MAX_BYTES)
    if message.size > limit:
        raise EventTooLargeError(type, message.size, limit)
    drivers.chosen().send(message)
    told = {"event_id": str(message.id), "event_type": type, "aggregate_id": str(aggregate_id)}
    _log.info("EVENT_PUBLISHED", extra=told)
    return message.id
