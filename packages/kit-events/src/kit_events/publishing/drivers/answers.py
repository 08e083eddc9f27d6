"""A batch of SNS or SQS: its entries, and which of them AWS did not take, and whether that may change."""

import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit_aws import AwsError, ThrottlingError

from kit_events.errors import EventRefusedError
from kit_events.publishing.message import Message

_OFF = ("off", "0", "false", "no")
# Codes of faults of the destination, though AWS calls that the sender's fault, too: once it is repaired, the
# message is taken.
_NOT_THE_MESSAGE = ("throttl", "denied", "authoriz", "notfound", "nonexistent", "kms", "security")


def entry(message: Message, body: str, *, ordered: bool) -> dict[str, Any]:
    """Return a message as SNS and SQS take it; `body` is their name of its text."""
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()}
    made: dict[str, Any] = {body: message.text, "MessageAttributes": attributes}
    if group := _group(message, ordered=ordered):
        made["MessageGroupId"] = group
    if ordered:
        made["MessageDeduplicationId"] = str(message.id)
    return made


def _group(message: Message, *, ordered: bool) -> str | None:
    """Return the message group: what keeps the order on FIFO queues, and the tenant on standard ones (fair queues)."""
    if ordered:
        return str(message.aggregate_id)
    if message.group is None and os.environ.get("KIT_EVENTS_FAIR_QUEUES", "on").lower() in _OFF:
        return None
    return message.group or str(message.aggregate_id)


def failures(answer: Mapping[str, Any], messages: Sequence[Message], *, resource: str) -> dict[UUID, Exception]:
    """Return the errors of PublishBatch's or SendMessageBatch's answer; the entries' ids are positions.

    They are those in `Failed`, and one for each message that the answer does not name: nobody knows that it was taken.
    """
    named = {each["Id"] for kind in ("Successful", "Failed") for each in answer.get(kind, ())}
    found: dict[UUID, Exception] = {
        message.id: failure(message, "Unknown", "the answer does not name it", refused=False, resource=resource)
        for position, message in enumerate(messages)
        if str(position) not in named
    }
    for failed in answer.get("Failed", ()):
        message = messages[int(failed["Id"])]
        code, said = str(failed.get("Code")), failed.get("Message") or "no message"
        refused = bool(failed.get("SenderFault")) and not any(word in code.lower() for word in _NOT_THE_MESSAGE)
        found[message.id] = failure(message, code, said, refused=refused, resource=resource)
    return found


def failure(message: Message, code: str, said: str, *, refused: bool, resource: str) -> Exception:
    """Return the error of one entry."""
    if refused:
        return EventRefusedError(message.type, code, said)
    kind = ThrottlingError if "Throttl" in code else AwsError
    return kind(f"{resource!r} did not take {message.type}: {code}: {said}", code=code, resource=resource)
