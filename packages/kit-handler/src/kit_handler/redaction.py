"""Reports of errors without the secrets that events and texts carry."""

import re

from kit_handler._shape import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REDACTED = "[redacted]"

# Reports are cut to this; what is searched is bounded too, so that a large event can't hold up the answer.
_MOST_TEXT = 3000
_MOST_SEARCHED = 10_000
_MOST_ENTRIES = 100
_MOST_PARSED = 100_000
_DEEPEST = 12
_WORDS = (
    "authorization|cookie|password|passwd|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key"
    "|credential|signature|session[-_]?id|csrf|jwt|cvv|card[-_]?number"
)
# `pin` and `otp` only as whole words: `shipping` is no secret.
_SECRET_KEY = re.compile(rf"(?i)(?:^|[^a-z])(?:pin|otp)(?:$|[^a-z])|(?:{_WORDS})")
_SECRET_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {REDACTED}"),
    (
        re.compile(rf"""(?ix) ( (?: (?:{_WORDS}) [\w-]{{0,40}} | \b(?:pin|otp)\b ) ["']? \s{{0,9}} [=:] \s{{0,9}} )
                        (?: "(?:[^"\\]|\\.){{0,2000}}"? | '(?:[^'\\]|\\.){{0,2000}}'? | [^\s,;&"'}})]{{1,2000}} )"""),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), REDACTED),  # a JWT
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), f"://{REDACTED}@"),  # user:password@host
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), REDACTED),
)


def redact_text(text: str) -> str:
    """Return the beginning of `text` without what looks like a secret.

    That is `password=…`, `Bearer …`, a JWT, a URL's password, an AWS key.
    """
    text = text[:_MOST_SEARCHED]
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def redact(value: "Any", depth: int = 0) -> "Any":
    """Return a copy of `value` without what is kept under a secret's name; texts, also JSON in texts, are searched.

    Of a long list, text or mapping only the beginning is kept.
    """
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {
            key: REDACTED if isinstance(key, str) and _SECRET_KEY.search(key) and inner else redact(inner, depth + 1)
            for key, inner in list(value.items())[:_MOST_ENTRIES]
        }
    if isinstance(value, (list, tuple)):
        return [redact(inner, depth + 1) for inner in value[:_MOST_ENTRIES]]
    return _redact_string(value, depth) if isinstance(value, str) else value


def _redact_string(text: str, depth: int) -> str:
    if text.lstrip().startswith(("{", "[")) and len(text) <= _MOST_PARSED:
        from kit_handler.payload import dumps, loads

        try:
            return dumps(redact(loads(text), depth + 1))
        except (ValueError, TypeError, RecursionError):
            pass
    return redact_text(text)


def report(error: BaseException, event: "Any", context: "Any") -> str:
    """Return what a person needs to know of a failure, in Markdown as chats show it, without secrets."""
    import traceback
    from pprint import pformat
    from time import gmtime, strftime

    trace = "".join(traceback.format_exception(error))
    return "\n".join(
        (
            f"*{redact_text(f'{type(error).__qualname__}: {error}')[:_MOST_TEXT]}*",
            f"Function: {getattr(context, 'function_name', None) or 'unknown'}",
            f"Timestamp: {strftime('%Y-%m-%dT%H:%M:%SZ', gmtime())}",
            f"Source IP: {_source_ip(event) or 'unknown'}",
            f"Request ID: {getattr(context, 'aws_request_id', None) or _request_id(event) or 'unknown'}",
            f"Payload:\n```{pformat(redact(event), width=110)[:_MOST_TEXT]}```",
            f"Traceback:\n```{redact_text(trace[-_MOST_SEARCHED:])[-_MOST_TEXT:]}```",
        )
    )


def _source_ip(event: "Any") -> "Any":
    context = _request_context(event)
    return (mapping(context, "identity") or mapping(context, "http")).get("sourceIp")


def _request_id(event: "Any") -> "Any":
    return _request_context(event).get("requestId")


def _request_context(event: "Any") -> "dict[str, Any]":
    return mapping(event, "requestContext") if isinstance(event, dict) else {}
