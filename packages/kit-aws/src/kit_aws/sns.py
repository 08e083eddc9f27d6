"""Notices of errors to people, by way of a topic."""

import os
from typing import Any

from kit_core import invocation

from kit_aws.calls.call import perform
from kit_aws.calls.early import load_early_model
from kit_aws.calls.where import get_endpoint
from kit_aws.message import attributes_of, body_of, size_of_attributes
from kit_aws.sts import get_account_id

# "Publish" in the SNS API reference: less than 100 characters of a subject, 262,144 bytes of message and attributes.
_LONGEST_SUBJECT = 99
_MOST_BYTES = 262_144
_CUT = "\n… (cut) …\n"
_MOST_SEARCHED = 4 * _MOST_BYTES


def notify(topic: str, subject: str, error: Any) -> None:
    """Tell the subscribers of a topic (its ARN, or its name in this account) of an error.

    `error` is an exception, which is sent with its traceback and causes, or text, or a payload as `enqueue` takes. The
    function's name, the log stream and the correlation id go with it. Likely secrets are taken out, by name
    and by form; a message that is too long loses its middle; the subject is brought into the form that SNS takes.
    Raise `AwsError` when the notice could not be sent, such as `ResourceNotFoundError`.
    """
    region, arn = _destination(topic)
    attributes = attributes_of(None)
    parameters: dict[str, Any] = {
        "TopicArn": arn,
        "Subject": _subject(subject),
        "Message": _message(error, _MOST_BYTES - size_of_attributes(attributes)),
        "MessageAttributes": attributes,
    }
    if arn.endswith(".fifo"):
        parameters |= {"MessageGroupId": "errors", "MessageDeduplicationId": os.urandom(16).hex()}
    perform("sns", "Publish", parameters, region=region, resource=topic)


def _destination(topic: str) -> tuple[str, str]:
    if topic.startswith("arn:"):
        parts = topic.split(":")
        if len(parts) != 6 or parts[2] != "sns":
            raise ValueError(f"{topic!r} is not the ARN of a topic")
        return parts[3], topic
    here = get_endpoint("sns")
    return here.region, f"arn:{here.partition}:sns:{here.region}:{get_account_id()}:{topic}"


def _subject(subject: str) -> str:
    """Return a subject in printable ASCII, on one line, that begins with a letter, a number or a punctuation mark."""
    from unicodedata import normalize

    from kit_core.redaction import redact_text

    plain = normalize("NFKD", " ".join(redact_text(subject).split()))
    ascii_only = "".join(each if " " <= each <= "~" else "?" for each in plain if not _is_accent(each))
    return ascii_only[:_LONGEST_SUBJECT].strip() or "Error"


def _is_accent(character: str) -> bool:
    from unicodedata import combining

    return combining(character) != 0


def _message(error: Any, limit: int) -> str:
    return _cut(f"{_text(error)}\n\n{_origin()}".strip(), limit)


def _text(error: Any) -> str:
    """Return an exception, a text or a payload as text without its secrets."""
    from kit_core.redaction import redact, redact_text

    if isinstance(error, BaseException):
        import traceback

        return redact_text(_cut("".join(traceback.format_exception(error)), _MOST_SEARCHED))
    if isinstance(error, str):
        return redact_text(_cut(error, _MOST_SEARCHED))
    import json

    return json.dumps(redact(json.loads(body_of(error))), indent=2, ensure_ascii=False)


def _origin() -> str:
    names = ("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME")
    lines = zip(("Function", "Log group", "Log stream"), map(os.environ.get, names), strict=True)
    origin = [*lines, ("Correlation id", invocation.correlation_id())]
    return "\n".join(f"{label}: {value}" for label, value in origin if value)


def _cut(text: str, limit: int) -> str:
    """Return at most `limit` bytes of UTF-8: the beginning, and the end, where a traceback names the error."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= limit:
        return encoded.decode()
    half = (limit - len(_CUT.encode())) // 2
    return encoded[:half].decode(errors="ignore") + _CUT + encoded[-half:].decode(errors="ignore")


load_early_model("sns")
