"""The correlation id that an event carries; loaded when it is first asked for."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# An id comes from outside and goes into log lines and header fields: short, and of harmless characters.
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:;=@/+-")
_LONGEST = 128
_NAMES = frozenset({"correlationid", "xcorrelationid"})
_TRACE = frozenset({"xamzntraceid"})


def find_correlation_id(event: "Any") -> str | None:
    """Return the correlation id of an event or raw record, or None; `kit_core.invocation` has the order."""
    if not isinstance(event, dict):
        return None
    records = event.get("Records")
    if isinstance(records, list):  # an event of many records has no id of its own
        return find_correlation_id(records[0]) if len(records) == 1 else None
    notice = _mapping(event, "Sns")
    headers = event.get("headers") or event.get("multiValueHeaders")
    return (
        acceptable(_first_header(headers, _NAMES))
        or _attribute(_mapping(event, "messageAttributes"))
        or _attribute(_mapping(notice, "MessageAttributes"))
        or _in_detail(event)
        or _in_body(event.get("body"))
        or acceptable(_mapping(event, "basicProperties").get("correlationId") or event.get("correlationId"))
        or _trace_root(_mapping(event, "attributes").get("AWSTraceHeader"))
        or _trace_root(_first_header(headers, _TRACE))
        or _own_id(event, notice)
    )


def of_context(context: "Any") -> str | None:
    """Return the id that a calling function has put into the client context, else the request id; None without both."""
    custom = getattr(getattr(context, "client_context", None), "custom", None)
    told = custom.get("correlation_id") if isinstance(custom, dict) else None
    return acceptable(told) or acceptable(getattr(context, "aws_request_id", None))


def acceptable(value: "Any") -> str | None:
    """Return a text that may stand in log lines and header fields, else None."""
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST and _LETTERS.issuperset(value) else None


def _mapping(holder: "dict[str, Any]", name: str) -> "dict[str, Any]":
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _first_header(headers: "Any", names: "frozenset[str]") -> "Any":
    """Return the first value of a header field: of HTTP a mapping, of Kafka a list of mappings to lists of bytes."""
    for fields in headers if isinstance(headers, list) else (headers,):
        for name, value in fields.items() if isinstance(fields, dict) else ():
            if _plain_name(name) in names:
                return (
                    _kafka_text(value)
                    if isinstance(headers, list)
                    else value[0]
                    if isinstance(value, list) and value
                    else value
                )
    return None


def _attribute(attributes: "dict[str, Any]") -> str | None:
    for name, attribute in attributes.items():
        if _plain_name(name) in _NAMES and isinstance(attribute, dict):
            return acceptable(attribute.get("stringValue") or attribute.get("Value"))
    return None


def _plain_name(name: "Any") -> str:
    return str(name).lower().replace("-", "").replace("_", "")


def _kafka_text(value: "Any") -> str | None:
    try:
        return bytes(value).decode()
    except (TypeError, ValueError):
        return None


def _in_detail(event: "dict[str, Any]") -> str | None:
    """Return the id of an event on EventBridge, to whose detail kit-events adds its attributes."""
    return acceptable(_mapping(_mapping(event, "detail"), "attributes").get("correlation_id"))


def _in_body(body: "Any") -> str | None:
    """Return the id of an SNS notice or of an event of EventBridge that an SQS message holds."""
    if not isinstance(body, str) or ('"MessageAttributes"' not in body and '"detail"' not in body):
        return None
    from kit_core.json import loads

    try:
        inner = loads(body)
    except ValueError:
        return None
    return (_attribute(_mapping(inner, "MessageAttributes")) or _in_detail(inner)) if isinstance(inner, dict) else None


def _trace_root(header: "Any") -> str | None:
    """Return the root of an X-Ray trace header: `Root=1-67891233-abc;Parent=…;Sampled=1`."""
    parts = dict(part.strip().partition("=")[::2] for part in header.split(";")) if isinstance(header, str) else {}
    return acceptable(parts.get("Root") or parts.get("Self"))


def _own_id(event: "dict[str, Any]", notice: "dict[str, Any]") -> str | None:
    found = (
        event.get("messageId"),
        _mapping(event, "requestContext").get("requestId"),
        notice.get("MessageId"),
        event.get("eventID"),
        _mapping(event, "responseElements").get("x-amz-request-id"),
        event.get("id"),
    )
    return next((each for each in found if acceptable(each)), None)
