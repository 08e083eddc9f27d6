"""Which request, message or event this is about."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from kit_logger.scopes import current

_source: Callable[[], str | None] | None = None

# What comes from outside is copied into every line: it must be short, and of harmless characters.
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:;=@/+-")
_LONGEST = 128


def set_correlation_id(source: Callable[[], str | None] | None) -> None:
    """Say who knows the current correlation id better than `inject`: which record of a batch is being handled.

    The callable is asked for every line; while it answers None, or fails, the id is the one that `inject` has found.
    `set_correlation_id(kit_handler.correlation_id)` joins the two packages. None (the default) asks nobody.
    """
    global _source
    _source = source


def correlation_id() -> str | None:
    """Return the correlation id of what is being handled here, or None.

    It is what the handler has set (`logger.set_correlation_id("…")`), else what the callable of `set_correlation_id`
    says, else what `inject` has found. To be given to whatever passes an id on: a publisher, an HTTP client.
    """
    invocation = current()
    own = invocation.own_correlation_id if invocation is not None else None
    if own is not None:
        return str(own)
    if _source is not None:
        # Somebody else's code, asked by every line that is logged: logging its errors would ask it again.
        with suppress(Exception):
            found = _source()
            if found:
                return str(found)
    return invocation.correlation_id if invocation is not None else None


def find_correlation_id(event: Any) -> str | None:
    """Return the correlation id that an event carries, else the event's own id, else None.

    In this order: the header x-correlation-id, the root of X-Amzn-Trace-Id, the request id of API Gateway; of a batch
    of one the attribute of the SQS or SNS message (SNS in SQS, too), the root of its trace, its id; the id of an
    EventBridge event.
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
        if isinstance(candidate, str) and _acceptable(candidate):
            return candidate
    return None


def _acceptable(value: str) -> bool:
    return 0 < len(value) <= _LONGEST and _LETTERS.issuperset(value)


def _from_headers(headers: Any) -> str | None:
    if not isinstance(headers, Mapping):
        return None
    lowered = {name.lower(): value for name, value in headers.items() if isinstance(name, str)}
    found = _first(lowered.get("x-correlation-id"))
    if found and _acceptable(found):
        return found
    return _root(_first(lowered.get("x-amzn-trace-id")))


def _root(trace: Any) -> str | None:
    if not isinstance(trace, str):
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
    for candidate in (
        _from_attributes(message.get("messageAttributes") or message.get("MessageAttributes")),
        _from_attributes(_notice_within(record.get("body")).get("MessageAttributes")),
        _root(_get(record, "attributes", "AWSTraceHeader")),
    ):
        if isinstance(candidate, str) and _acceptable(candidate):
            return candidate
    return message.get("messageId") or message.get("MessageId") or message.get("eventID")


def _from_attributes(attributes: Any) -> Any:
    if isinstance(attributes, Mapping):
        for name, attribute in attributes.items():
            if str(name).lower().replace("-", "").replace("_", "") in ("correlationid", "xcorrelationid"):
                return _get(attribute, "stringValue") or _get(attribute, "Value")
    return None


def _notice_within(body: Any) -> Mapping[str, Any]:
    """Return the SNS notice that an SQS message holds, unless the subscription delivers raw."""
    if isinstance(body, str) and '"MessageAttributes"' in body:
        with suppress(ValueError, RecursionError):
            notice = json.loads(body)
            if isinstance(notice, Mapping):
                return notice
    return {}


def _get(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
