"""S3: the records of a notification, and the test that S3 sends when one is set up."""

from typing import Any


def is_s3_record(raw: Any) -> bool:
    """Say whether this is one of the records of an S3 event ("Event message structure")."""
    return isinstance(raw, dict) and raw.get("eventSource") == "aws:s3"


def is_test_event(raw: Any) -> bool:
    """Say whether S3 only tries out the way, with no file behind it."""
    return isinstance(raw, dict) and raw.get("Event") == "s3:TestEvent" and "Records" not in raw
