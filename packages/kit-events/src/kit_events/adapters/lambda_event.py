"""A whole event inside of a message: S3's, above all."""

from collections.abc import Iterable
from typing import Any


def open_records(raw: Any) -> Iterable[Any] | None:
    """Open `{"Records": […]}`; an empty list is nobody's event, and passing over it would lose the message."""
    if isinstance(raw, dict) and isinstance(raw.get("Records"), list) and raw["Records"]:
        return raw["Records"]  # type: ignore[no-any-return]
    return None
