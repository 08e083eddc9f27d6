"""Which request, message or event this is about."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from kit_logger.invocation import current

Source = Callable[[], str | None]

_current: ContextVar[str | None] = ContextVar("kit_logger_correlation_id", default=None)
_sources: list[Source] = []

# What comes from outside is copied into every line: it must be short, and of harmless characters.
_ACCEPTABLE = re.compile(r"[A-Za-z0-9_.:;=@/+-]{1,128}")


def correlation_id() -> str | None:
    """Return the correlation id of what is being handled here, or None.

    To be given to whatever passes an id on: a publisher, an HTTP client.
    """
    for source in _sources:
        # Somebody else's code, asked by every line that is logged: logging its errors would ask it again.
        with suppress(Exception):
            found = source()
            if found:
                return found
    own = _current.get()
    if own is not None:
        return own
    invocation = current()
    return invocation.correlation_id if invocation is not None else None


def set_correlation_id(value: str | None) -> None:
    """Set the correlation id for this thread or task, until the invocation is over; None for the invocation's own."""
    _current.set(value)


def correlation_id_from(source: Source) -> None:
    """Ask `source` first, for every line: whoever knows which record of a batch is being handled.

    `correlation_id_from(kit_handler.correlation_id)` joins the two packages.
    """
    if source not in _sources:
        _sources.append(source)


def find_correlation_id(event: Any) -> str | None:
    """Return the correlation id that an event carries, else the event's own id, else None.

    In this order: the header x-correlation-id, the root of X-Amzn-Trace-Id, the request id of API Gateway; of a batch
    of one the attribute of the SQS or SNS message, else its id; the id of an EventBridge event.
    """
    if not isinstance(event, Mapping):
        return None
    for candidate in (
        _from_headers(event.get("headers")),
        _from_headers(event.get("multiValueHeaders")),
        _get(event, "requestContext", "requestId"),
        _from_records(event.get("Records")),
        event.get("id"),
    ):
        if isinstance(candidate, str) and _ACCEPTABLE.fullmatch(candidate):
            return candidate
    return None


def _from_headers(headers: Any) -> str | None:
    if not isinstance(headers, Mapping):
        return None
    lowered = {name.lower(): value for name, value in headers.items() if isinstance(name, str)}
    found = _first(lowered.get("x-correlation-id"))
    if found and _ACCEPTABLE.fullmatch(found):
        return found
    trace = _first(lowered.get("x-amzn-trace-id"))
    if trace is None:
        return None
    # Root=1-67891233-abcdef012345678912345678;Parent=…;Sampled=1
    parts = dict(part.strip().partition("=")[::2] for part in trace.split(";"))
    return parts.get("Root") or parts.get("Self")


def _first(value: Any) -> str | None:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return value if isinstance(value, str) else None


def _from_records(records: Any) -> Any:
    """Return the id of the one record; the records of a larger batch are about different things."""
    if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], Mapping):
        return None
    record = records[0]
    notice = record.get("Sns")
    message = notice if isinstance(notice, Mapping) else record
    attributes = message.get("messageAttributes") or message.get("MessageAttributes")
    if isinstance(attributes, Mapping):
        for name, attribute in attributes.items():
            if str(name).lower().replace("-", "").replace("_", "") in ("correlationid", "xcorrelationid"):
                found = _get(attribute, "stringValue") or _get(attribute, "Value")
                if isinstance(found, str) and _ACCEPTABLE.fullmatch(found):
                    return found
    return message.get("messageId") or message.get("MessageId") or message.get("eventID")


def _get(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
