"""Rows in portions that one INSERT may hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")

MOST_ROWS, MOST_CHARACTERS = 1000, 4_000_000
"""What one INSERT may hold: more would gain no time, and is held several times over in memory while it is sent."""


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in lists that are not too long."""
    waiting = iter(items)
    while batch := list(islice(waiting, MOST_ROWS)):
        yield batch


def divided(rows: list[Sequence[Any]], room: int | None) -> Iterator[list[Sequence[Any]]]:
    """Yield rows in portions that are not too long as text: at most `room` characters, by default some millions."""
    if room is None:
        size = sum([len(value) for row in rows for value in row if value.__class__ is str or value.__class__ is bytes])
    else:
        size = sum([_length(value) for row in rows for value in row])
    if size <= (MOST_CHARACTERS if room is None else room) or len(rows) == 1:
        yield rows
    else:
        half = len(rows) // 2
        yield from divided(rows[:half], room)
        yield from divided(rows[half:], room)


def _length(value: Any) -> int:
    """Return about how long a value is in a statement's text, not less than it is."""
    if isinstance(value, str):
        return len(value.encode(errors="replace")) + value.count("'") + value.count("\\") + 6
    if isinstance(value, (bytes, bytearray, memoryview)):
        return 2 * memoryview(value).nbytes + 16
    return 56 if isinstance(value, timedelta) else len(str(value)) + 24
