"""The parts of a log record: its extras, its message, its exception."""

import logging
import traceback
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS
from kit_core.redaction import REDACTED, is_secret, redact_text

from kit_logger.lines import encode, plain, quoted
from kit_logger.templates import redacted_template

_OWN = logging.makeLogRecord({}).__dict__  # the attributes of a record that has no extras; extras come after them
_COUNT = len(_OWN)
_NO_EXTRAS = frozenset({*_OWN, "asctime", "message", "taskName", "kit_logger_done"})
_OF_LINES = frozenset(RESERVED_LOG_ATTRS) - _NO_EXTRAS  # names that every line has: level, location, timestamp
_MOST_FRAMES = 50
_HIDDEN = quoted(REDACTED)


def extras(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """Go through the attributes that a caller or a library has added to the record, without those that are None."""
    items = record.__dict__.items()
    for key, value in islice(items, _COUNT, None) if type(record) is logging.LogRecord else items:
        if value is not None and key not in _NO_EXTRAS:
            yield f"{key}_" if key in _OF_LINES else key, value


def encoded_extras(record: logging.LogRecord, taken: frozenset[str], default: Any) -> str | None:
    """Return the extras as JSON without secrets, a comma before each; None if a name is already in the line."""
    items = record.__dict__.items()
    pieces = ""
    for key, value in islice(items, _COUNT, None) if type(record) is logging.LogRecord else items:
        if value is None or key in _NO_EXTRAS:
            continue
        if key in taken or type(key) is not str or (shown := redact_text(key)) != key:
            return None
        name = quoted(shown)
        kind = type(value)
        if is_secret(key, value):
            pieces += f",{name}:{_HIDDEN}"
        elif kind is str:
            pieces += f",{name}:{quoted(redact_text(value))}"
        elif kind is int:
            pieces += f",{name}:{value}"
        else:
            pieces += f",{name}:{encode(plain(value, default))}"
    return pieces


def message(record: logging.LogRecord, decode: Callable[[str], Any]) -> tuple[Any, str | None]:
    """Return the message, decoded if it is a JSON object or array, and the name of the error if it cannot be made."""
    template = record.msg
    if record.args:
        try:
            return redacted_template(str(template)) % record.args, None
        except Exception as error:  # noqa: BLE001  # arguments that don't fit
            return redact_text(str(template)), type(error).__name__
    if isinstance(template, str) and template[:1] in ("{", "["):
        try:
            return decode(template), None
        except (ValueError, TypeError, RecursionError):
            return template, None
    return "None" if template is None else template, None


def failure(record: logging.LogRecord, *, frames: bool) -> dict[str, Any]:
    """Return the exception and the stack of a record, by Powertools' keys."""
    found: dict[str, Any] = {}
    if record.stack_info:
        found["stack_info"] = record.stack_info
    if not isinstance(record.exc_info, tuple) or not isinstance(record.exc_info[1], BaseException):
        if record.exc_text:  # of a record that a queue or another process has passed on
            found["exception"] = record.exc_text
            if name := _error_name(record.exc_text):
                found["exception_name"] = name
        return found
    kind, error, trace = record.exc_info
    shown = traceback.TracebackException(kind or type(error), error, trace)
    found["exception"] = "".join(shown.format()).rstrip("\n")
    found["exception_name"] = type(error).__name__
    notes = getattr(error, "__notes__", None)
    if notes:
        found["exception_notes"] = notes
    if frames:
        found["stack_trace"] = {
            "type": type(error).__name__,
            "value": str(shown),
            "module": type(error).__module__,
            "frames": [
                {"file": frame.filename, "line": frame.lineno, "function": frame.name, "statement": frame.line}
                for frame in shown.stack[-_MOST_FRAMES:]
            ],
        }
    return found


def _error_name(text: str) -> str | None:
    """Return the name of the error that a formatted traceback ends with."""
    lines = text.rpartition("Traceback (most recent call last):\n")[2].splitlines()
    line = next((line for line in lines if line[:1] not in ("", " ")), "")
    name = line.partition(":")[0].rpartition(".")[2]
    return name if name.isidentifier() else None


def encoded_failure(failed: dict[str, Any]) -> str:
    """Return the keys of an exception as JSON without secrets, a comma before each."""
    shown = failed.get("exception")
    # The traceback holds the texts of all frames: if it has no secret, they need not be gone through one by one.
    if shown is None or "stack_info" in failed or "exception_notes" in failed or redact_text(shown) != shown:
        failed = plain(failed)
    return "," + encode(failed)[1:-1] if failed else ""


def templated(value: Any, attributes: dict[str, Any]) -> Any:
    """Return the value of a key that has the name of a record's attribute: it may be a template for the attributes."""
    try:
        return value % attributes if isinstance(value, str) else value
    except Exception:  # noqa: BLE001  # no template after all
        return value
