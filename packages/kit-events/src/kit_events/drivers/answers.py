"""What AWS answers to a batch: which of its entries it did not take, and whether that may change."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit_aws import AwsError, ThrottlingError

from kit_events.errors import EventRefusedError
from kit_events.message import Message


def failures(answer: Mapping[str, Any], messages: Sequence[Message], *, resource: str) -> dict[UUID, Exception]:
    """Return what `Failed` of an answer of PublishBatch or SendMessageBatch lists; the entries' ids are positions."""
    found: dict[UUID, Exception] = {}
    for entry in answer.get("Failed", ()):
        message = messages[int(entry["Id"])]
        code, said = str(entry.get("Code")), entry.get("Message") or "no message"
        refused = bool(entry.get("SenderFault")) and "Throttl" not in code
        found[message.id] = failure(message, code, said, refused=refused, resource=resource)
    return found


def failure(message: Message, code: str, said: str, *, refused: bool, resource: str) -> Exception:
    """Return the error of one entry."""
    if refused:
        return EventRefusedError(message.type, code, said)
    kind = ThrottlingError if "Throttl" in code else AwsError
    return kind(f"{resource!r} did not take {message.type}: {code}: {said}", code=code, resource=resource)
