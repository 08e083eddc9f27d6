"""Failed messages of SQS: drivers of kit-handler's ports `backoff=` and `dead_letter=`.

Both are plain callables: `job(backoff=SqsVisibility(), dead_letter=SqsDeadLetter(), max_receives=5)`.
"""

import logging
import os
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

from kit_core import guards, invocation
from kit_core.json import dumps

from kit_events.errors import QueueNameError
from kit_events.queues import locate

# The attributes of a dead letter. SQS takes ten of a message, and 1 MiB with them: where the sender's leave no room,
# the first of these go along, and the log has them all.
SOURCE = "dead_letter_source"
REASONS = (SOURCE, "dead_letter_error", "dead_letter_message", "dead_letter_function", "dead_letter_message_id")
_MOST_ATTRIBUTES = 10
_MOST_BYTES = 1_048_576
_MOST_READ, _LONGEST_MESSAGE = 10_000, 512  # characters of an error's text that are looked at, and that are sent


class SqsVisibility:
    """Let failed messages of a queue come again when their time has come: `job(backoff=SqsVisibility())`.

    The function needs sqs:ChangeMessageVisibility on its queue. A message that cannot be delayed is logged,
    and comes again after the queue's own visibility timeout.
    """

    def __call__(self, delays: Iterable[tuple[Mapping[str, Any], int]]) -> None:
        """Take `[(raw, seconds), …]`: messages as Lambda got them, and for how long each stays invisible from now."""
        by_queue: dict[str, list[tuple[Mapping[str, Any], int]]] = {}
        for raw, seconds in delays:
            by_queue.setdefault(raw["eventSourceARN"], []).append((raw, seconds))
        for queue, asked in by_queue.items():
            for start in range(0, len(asked), 10):
                _change(queue, asked[start : start + 10])


def _change(queue: str, batch: list[tuple[Mapping[str, Any], int]]) -> None:
    from kit_aws import AwsError, call

    entries = [
        {"Id": str(position), "ReceiptHandle": raw["receiptHandle"], "VisibilityTimeout": seconds}
        for position, (raw, seconds) in enumerate(batch)
    ]
    try:
        region, url = locate(queue)
        batch_of_queue = {"QueueUrl": url, "Entries": entries}
        answer = call("sqs", "ChangeMessageVisibilityBatch", batch_of_queue, region=region, resource=queue)
        failed = answer.get("Failed", [])
    except AwsError:
        text = "%d messages of %s come again after its own timeout"
        guards.log("kit.events", logging.WARNING, text, len(entries), queue, exc_info=True)
        return
    for entry in failed:
        said = f"{entry.get('Code')}: {entry.get('Message')}"
        text = "a message of %s comes again after the queue's own timeout: %s"
        guards.log("kit.events", logging.WARNING, text, queue, said)


class SqsDeadLetter:
    """Send messages that will never succeed to a dead-letter queue: `job(dead_letter=SqsDeadLetter())`.

    `queue` is a URL or an ARN, KIT_EVENTS_DEAD_LETTER_QUEUE unless given, read when first needed. Body, attributes and
    message group stay as they are. The reason goes along as attributes: `dead_letter_source` (the ARN of where it came
    from), `dead_letter_error` (the type), `dead_letter_message` (cut, and redacted), `dead_letter_function` and
    `dead_letter_message_id`. The record's correlation id goes along as `correlation_id`. A record that is no message of
    a queue is sent as JSON.

    Example: `@job(dead_letter=SqsDeadLetter(), max_receives=5)`
    """

    def __init__(self, queue: str | None = None) -> None:
        self._queue = queue

    def __call__(self, raw: Any, error: Exception) -> None:
        """Send a raw record. Raise `QueueNameError` or a `kit_aws.AwsError` if it was not sent."""
        from kit_aws import call

        queue = self._queue or os.environ.get("KIT_EVENTS_DEAD_LETTER_QUEUE") or ""
        if not queue:
            raise QueueNameError(queue)
        region, url = locate(queue)
        letter = _letter(raw, error, fifo=queue.endswith(".fifo"))
        call("sqs", "SendMessage", {"QueueUrl": url, **letter}, region=region, resource=queue)


def _letter(raw: Any, error: Exception, *, fifo: bool) -> dict[str, Any]:
    message: Mapping[str, Any] = raw if isinstance(raw, Mapping) and isinstance(raw.get("body"), str) else {}
    system = message.get("attributes") or {}
    attributes = {
        name: sent
        for name, value in (message.get("messageAttributes") or {}).items()
        if name not in REASONS and (sent := _attribute(value))
    }
    body = message["body"] if message else dumps(raw)
    room = _MOST_BYTES - size_of(body, attributes)
    reasons = {name: value for name, value in _reasons(raw, error).items() if value and name not in attributes}
    for name, value in reasons.items():
        reason = {name: {"DataType": "String", "StringValue": value}}
        room -= size_of("", reason)
        if room < 0 or len(attributes) == _MOST_ATTRIBUTES:
            guards.log("kit.events", logging.WARNING, "a dead letter has no room for its reason", extra=reasons)
            break
        attributes |= reason
    letter: dict[str, Any] = {"MessageBody": body, "MessageAttributes": attributes}
    if trace := system.get("AWSTraceHeader"):
        letter["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    group = system.get("MessageGroupId")
    if fifo:
        message_id = message.get("messageId") or _digest(letter["MessageBody"])
        group = group or message_id
        letter["MessageDeduplicationId"] = message_id
    if group:
        letter["MessageGroupId"] = group
    return letter


def _reasons(raw: Any, error: Exception) -> dict[str, str]:
    found = raw if isinstance(raw, Mapping) else {}
    values = (
        found.get("eventSourceARN") or found.get("EventSubscriptionArn"),
        f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        _redacted(str(error)),
        os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        found.get("messageId"),
        _correlation_id(raw),
    )
    return {name: str(value or "") for name, value in zip((*REASONS, "correlation_id"), values, strict=True)}


def _correlation_id(raw: Any) -> str | None:
    """Return the id of the record: one that was set for it, else the one that it carries."""
    token = invocation.begin(raw)
    try:
        return invocation.correlation_id()
    finally:
        invocation.end(token)


def size_of(body: str, attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """Return the bytes that SQS counts: the body, and each attribute's name, type and value."""
    parts = [body, *attributes]
    for attribute in attributes.values():
        parts += [attribute["DataType"], attribute.get("StringValue") or attribute.get("BinaryValue") or ""]
    return sum(len(part.encode() if isinstance(part, str) else part) for part in parts)


def _redacted(text: str) -> str:
    """Return the beginning of a text, redacted, in the characters that an attribute takes."""
    from kit_core.redaction import redact_text

    beginning = redact_text(text[:_MOST_READ])[:_LONGEST_MESSAGE]
    return "".join(letter if letter.isprintable() else " " for letter in beginning)


def _attribute(value: Any) -> dict[str, Any] | None:
    """Return a sender's attribute as it is sent, from how Lambda shows it; lists of values SQS doesn't have yet."""
    kind = value.get("dataType") or "String"
    if isinstance(value.get("stringValue"), str):
        return {"DataType": kind, "StringValue": value["stringValue"]}
    if isinstance(value.get("binaryValue"), str):
        return {"DataType": kind, "BinaryValue": b64decode(value["binaryValue"])}
    return None


def _digest(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()
