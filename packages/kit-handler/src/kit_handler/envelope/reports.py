"""The report of a failure: text for people, the same in fields for programs, without secrets."""

from kit_handler.errors import AppError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_TEXT = 3000  # characters of each part
# The search is bounded, so that a large event can't hold up the answer.
_MOST_SEARCHED = 10_000
_MOST_ITEMS = 2_000
_MOST_CAUSES = 10
_MOST_CHARACTERS = 100_000


class ErrorReport(str):
    """Hold the report of a failure: itself the text, in Markdown as chats show it, its parts as attributes.

    type, message: of the exception; code, details: of an AppError, else None
    function, request_id, source_ip, timestamp (RFC 3339, UTC): "unknown" where they are not known
    payload: the event without secrets; traceback: text
    """

    type: str
    message: str
    code: "str | int | None"
    details: "Any"
    function: str
    request_id: str
    source_ip: str
    timestamp: str
    payload: "Any"
    traceback: str

    def to_dict(self) -> "dict[str, Any]":
        """Return the parts by name, as JSON can hold them."""
        return dict(vars(self))


def report(error: BaseException, event: "Any", context: "Any") -> ErrorReport:
    """Return the report of a failure, without secrets, for any error and event."""
    parts = _parts(error, event, context)
    made = ErrorReport(_text(parts))
    vars(made).update(parts)
    return made


def message_of(error: BaseException) -> str:
    """Return the error's text; its own code may fail."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001
        return "(its text can't be had)"


def _parts(error: BaseException, event: "Any", context: "Any") -> "dict[str, Any]":
    from time import gmtime, strftime

    from kit_core.redaction import redact

    code, details = (error.code, error.details) if isinstance(error, AppError) else (None, None)
    return {
        "type": type(error).__qualname__,
        "message": _clean_message(error)[:_MOST_TEXT],
        "code": code if code is None or isinstance(code, (str, int)) else str(code),
        "details": redact(details, most_items=_MOST_ITEMS, most_characters=_MOST_CHARACTERS),
        "function": str(getattr(context, "function_name", None) or "unknown"),
        "request_id": str(getattr(context, "aws_request_id", None) or _request_id(event) or "unknown"),
        "source_ip": str(_source_ip(event) or "unknown"),
        "timestamp": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()),
        "payload": redact(event, most_items=_MOST_ITEMS, most_characters=_MOST_CHARACTERS),
        "traceback": _clean_traceback(error)[-_MOST_TEXT:],
    }


def _clean_message(error: BaseException) -> str:
    from kit_core.redaction import redact_text

    return redact_text(message_of(error)[:_MOST_SEARCHED])


def _clean_traceback(error: BaseException) -> str:
    """Return the end of the traceback; whole lines, since a secret is told by the name before it."""
    import traceback

    from kit_core.redaction import redact_text

    trace = "".join(traceback.format_exception(error))
    cause: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if cause is None:
            break
        # Each message by itself: behind the name of its class it has another form.
        message = message_of(cause)
        trace = trace.replace(message, _clean_message(cause)) if message else trace
        cause = cause.__cause__ or cause.__context__
    if len(trace) > _MOST_SEARCHED:
        trace = trace[-_MOST_SEARCHED:].partition("\n")[2]
    return redact_text(trace)


def _text(parts: "dict[str, Any]") -> str:
    from pprint import pformat

    lines = [
        f"*{parts['type']}: {parts['message']}*",
        f"Function: {parts['function']}",
        f"Timestamp: {parts['timestamp']}",
        f"Source IP: {parts['source_ip']}",
        f"Request ID: {parts['request_id']}",
    ]
    if parts["details"] is not None:
        lines.append(f"Details:\n```{pformat(parts['details'], width=110)[:_MOST_TEXT]}```")
    lines.append(f"Payload:\n```{pformat(parts['payload'], width=110)[:_MOST_TEXT]}```")
    lines.append(f"Traceback:\n```{parts['traceback']}```")
    return "\n".join(lines)


def _source_ip(event: "Any") -> str | None:
    from kit_handler.envelope.lambda_event import get_source_ip

    try:
        return get_source_ip(event)
    except Exception:  # noqa: BLE001  (an adapter of somebody's own, or an event that is broken)
        return None


def _request_id(event: "Any") -> "Any":
    context = event.get("requestContext") if isinstance(event, dict) else None
    return context.get("requestId") if isinstance(context, dict) else None
