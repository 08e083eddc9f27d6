"""The correlation id of what is being handled: the invocation, or the record of a batch.

It is looked up only when somebody asks for it, and then kept for as long as the invocation or record lasts.
"""

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any

_ATTRIBUTES = ("x-correlation-id", "correlation_id", "correlationId", "X-Correlation-Id")
_LONGEST = 256


class Origin:
    """Hold the event or record that is being handled, and its id once it is known."""

    __slots__ = ("context", "event", "id")

    def __init__(self, event: "Any", context: "Any") -> None:
        self.event = event
        self.context = context
        self.id: str | None = None


_current: "ContextVar[Origin | None]" = ContextVar("kit_handler_origin", default=None)


def enter(event: "Any", context: "Any" = None) -> "Token[Origin | None]":
    """Make `event` what is being handled."""
    return _current.set(Origin(event, context))


def leave(token: "Token[Origin | None]") -> None:
    """Go back to what was being handled before."""
    _current.reset(token)


def correlation_id() -> str | None:
    """Return the id that joins everything done for one cause, or None when nothing is being handled.

    In this order: `x-correlation-id` (a header field, or a message attribute of SQS or SNS, also of an SNS message
    inside an SQS one), the root of the X-Ray trace, the event's or message's own id, the invocation's request id.
    """
    origin = _current.get()
    if origin is None:
        return None
    if origin.id is None:
        origin.id = _of_event(origin.event) or _text(getattr(origin.context, "aws_request_id", None)) or ""
    return origin.id or None


def _of_event(event: "Any") -> str | None:
    if not isinstance(event, dict):
        return None
    for find in (_of_headers, _of_attributes, _of_trace, _of_event_id):
        try:
            found = find(event)
        except (AttributeError, TypeError, ValueError, KeyError, IndexError):
            continue  # an odd event still deserves an id
        if found:
            return found
    return None


def _of_headers(event: "dict[str, Any]") -> str | None:
    return _header(event, "x-correlation-id")


def _header(event: "dict[str, Any]", name: str) -> str | None:
    for key, value in (event.get("headers") or {}).items():
        if key.lower() == name:
            return _text(value)
    return None


def _of_attributes(record: "dict[str, Any]") -> str | None:
    attributes = record.get("messageAttributes") or (record.get("Sns") or {}).get("MessageAttributes") or {}
    found = _attribute(attributes)
    body = record.get("body")
    if found is None and isinstance(body, str) and '"MessageAttributes"' in body:
        from kit_handler.payload import loads

        found = _attribute(loads(body).get("MessageAttributes") or {})
    return found


def _attribute(attributes: "dict[str, Any]") -> str | None:
    for name in _ATTRIBUTES:
        attribute = attributes.get(name)
        if attribute:
            return _text(attribute.get("stringValue") or attribute.get("Value"))
    return None


def _of_trace(event: "dict[str, Any]") -> str | None:
    trace = (event.get("attributes") or {}).get("AWSTraceHeader") or _header(event, "x-amzn-trace-id") or ""
    for part in trace.split(";"):
        name, _, value = part.partition("=")
        if name.strip() == "Root":
            return _text(value)
    return None


def _of_event_id(event: "dict[str, Any]") -> str | None:
    for found in (
        event.get("messageId"),
        (event.get("requestContext") or {}).get("requestId"),
        (event.get("Sns") or {}).get("MessageId"),
        event.get("eventID"),
        (event.get("responseElements") or {}).get("x-amz-request-id"),
        event.get("id"),
    ):
        if found:
            return _text(found)
    return None


def _text(value: "Any") -> str | None:
    """Let pass only what can stand in a log line and a header field: clients choose these values."""
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable() else None
