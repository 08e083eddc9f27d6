"""The correlation id of what is being handled: the invocation, or the record of a batch.

It is looked up only when somebody asks for it, and then kept for as long as the invocation or record lasts.
"""

from contextvars import ContextVar

from kit_handler._shape import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Any

    # The event or record that is being handled, the Lambda context, and the id once it is known: a list, since one is
    # made for every record, and an object takes three times as long.
    Origin = list[Any]

_ATTRIBUTES = ("x-correlation-id", "correlation_id", "correlationId", "X-Correlation-Id")
_LONGEST = 256


_current: "ContextVar[Origin | None]" = ContextVar("kit_handler_origin", default=None)


def enter(event: "Any", context: "Any" = None) -> "Token[Origin | None]":
    """Make `event` what is being handled."""
    return _current.set([event, context, None])


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
    event, context, known = origin
    if known is None:
        known = origin[2] = _of_event(event) or _text(getattr(context, "aws_request_id", None)) or ""
    return known or None


def _of_event(event: "Any") -> str | None:
    if not isinstance(event, dict):
        return None
    return (
        _header(event, "x-correlation-id")
        or _attribute(mapping(event, "messageAttributes"))
        or _attribute(mapping(mapping(event, "Sns"), "MessageAttributes"))
        or _of_sns_in_sqs(event.get("body"))
        or _of_trace(mapping(event, "attributes").get("AWSTraceHeader"))
        or _of_trace(_header(event, "x-amzn-trace-id"))
        or _of_event_id(event)
    )


def _header(event: "dict[str, Any]", name: str) -> str | None:
    for key, value in (mapping(event, "headers") or mapping(event, "multiValueHeaders")).items():
        if isinstance(key, str) and key.lower() == name:
            return _text(value[0] if isinstance(value, list) and value else value)
    return None


def _attribute(attributes: "dict[str, Any]") -> str | None:
    for name in _ATTRIBUTES:
        attribute = mapping(attributes, name)
        if attribute:
            return _text(attribute.get("stringValue") or attribute.get("Value"))
    return None


def _of_sns_in_sqs(body: "Any") -> str | None:
    if not isinstance(body, str) or '"MessageAttributes"' not in body:
        return None
    from kit_handler.payload import loads

    try:
        envelope = loads(body)
    except (ValueError, RecursionError):
        return None
    return _attribute(mapping(envelope, "MessageAttributes")) if isinstance(envelope, dict) else None


def _of_trace(header: "Any") -> str | None:
    """Return the root of an X-Ray trace header: `Root=1-67891233-abc;Parent=…;Sampled=1`."""
    if isinstance(header, str):
        for part in header.split(";"):
            name, _, value = part.partition("=")
            if name.strip() == "Root":
                return _text(value)
    return None


def _of_event_id(event: "dict[str, Any]") -> str | None:
    found = (
        event.get("messageId"),
        mapping(event, "requestContext").get("requestId"),
        mapping(event, "Sns").get("MessageId"),
        event.get("eventID"),
        mapping(event, "responseElements").get("x-amz-request-id"),
        event.get("id"),
    )
    return next((each for each in found if _text(each)), None)


def _text(value: "Any") -> str | None:
    """Let pass only what can stand in a log line and a header field: clients choose these values."""
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable() else None
