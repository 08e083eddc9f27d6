"""Dates and times in the forms of RFC 3339; ISO 8601 has more, such as `2026-W01-1` and `T12`, which it leaves out."""

import re

from kit_handler.checks.metadata import ASSUMED, AWARE, EITHER, NAIVE, offset_of, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, time
    from typing import Any

# From Python 3.14 on, `fromisoformat` reads 24:00:00 as midnight; RFC 3339 has hours from 00 to 23 alone.
_TIME = r"(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
_ANY_TIME = re.compile(_TIME)
_ANY_DATETIME = re.compile(f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{_TIME}")


def reader(kind: "Any", metadata: "Iterable[Any]") -> "tuple[Callable[[str], Any], str]":
    """Return the function that reads a datetime or time, and the message for a text that is none.

    The function raises ValueError or OverflowError. By default a datetime has an offset, a time of day may have one.
    """
    words = words_of(metadata)
    return _datetime(offset_of(words, AWARE)) if kind.__name__ == "datetime" else _time(offset_of(words, EITHER))


def _datetime(offset: str) -> "tuple[Callable[[str], datetime], str]":
    from datetime import UTC, datetime

    def read(text: str) -> "datetime":
        match = _ANY_DATETIME.fullmatch(text)
        if match is None or not _fits(match["offset"], offset):
            raise ValueError(text)
        value = datetime.fromisoformat(text.upper())
        if value.tzinfo is None and offset == ASSUMED:
            return value.replace(tzinfo=UTC)
        if value.tzinfo is not None and value.year in (1, 9999):
            value.astimezone(UTC)  # comparing and answering go by UTC: its year is not 0 or 10000
        return value

    return read, f"must be a date and time such as 2030-01-31T12:00:00{'' if offset == NAIVE else 'Z'}"


def _time(offset: str) -> "tuple[Callable[[str], time], str]":
    from datetime import UTC, time

    def read(text: str) -> "time":
        match = _ANY_TIME.fullmatch(text)
        if match is None or not _fits(match["offset"], offset):
            raise ValueError(text)
        value = time.fromisoformat(text.upper())
        return value.replace(tzinfo=UTC) if value.tzinfo is None and offset == ASSUMED else value

    return read, f"must be a time such as 12:00:00{'Z' if offset in (AWARE, ASSUMED) else ''}"


def _fits(found: str | None, offset: str) -> bool:
    return offset in (EITHER, ASSUMED) or (found is None) == (offset == NAIVE)
