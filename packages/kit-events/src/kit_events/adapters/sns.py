"""SNS: a record as Lambda gets it, and the envelope around a message that went on to a queue."""

from collections.abc import Iterable
from typing import Any

from kit_events.adapters.text import parsed


def open_notification(raw: Any) -> Iterable[Any] | None:
    """Open one of the records of an SNS event ("Invoking Lambda functions with Amazon SNS notifications")."""
    if isinstance(raw, dict) and raw.get("EventSource") == "aws:sns" and isinstance(raw.get("Sns"), dict):
        return (parsed(raw["Sns"].get("Message")),)
    return None


def open_envelope(raw: Any) -> Iterable[Any] | None:
    """Open the envelope that SNS adds unless raw message delivery is on ("HTTP/HTTPS notification JSON format")."""
    if isinstance(raw, dict) and raw.get("Type") == "Notification" and "Message" in raw and "TopicArn" in raw:
        return (parsed(raw["Message"]),)
    return None
