"""SQS: a message as Lambda gets it, and the wrapper that rispack's `enqueue` puts around it."""

from collections.abc import Iterable
from typing import Any

from kit_events.adapters.text import parsed


def is_message(raw: Any) -> bool:
    """Say whether this is one of the records of an SQS event ("Using Lambda with Amazon SQS")."""
    return isinstance(raw, dict) and raw.get("eventSource") == "aws:sqs" and "body" in raw


def open_message(raw: Any) -> Iterable[Any] | None:
    """Open a message's body."""
    return (parsed(raw["body"]),) if is_message(raw) else None


def open_wrapper(raw: Any) -> Iterable[Any] | None:
    """Open `{"Message": "…"}` with nothing beside it, if the text is JSON: else it is somebody's own object."""
    if isinstance(raw, dict) and len(raw) == 1 and isinstance(raw.get("Message"), str):
        inside = parsed(raw["Message"])
        return None if inside is raw["Message"] else (inside,)
    return None
