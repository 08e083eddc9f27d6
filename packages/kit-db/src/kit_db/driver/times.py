"""Dates, times and intervals that psycopg2 would change.

PostgreSQL's `infinity` is read as the last value of Python's calendar, `-infinity` as the first one, so that
comparisons hold. The class tells it from a date that is really there, and it is written back as `infinity`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

_FIRST, _LAST = datetime.min, datetime.max  # noqa: DTZ901  (with the zone of the value that they are compared with)
_DATES = {"infinity": _LAST.date(), "-infinity": _FIRST.date()}
_TIMES = {"infinity": _LAST, "-infinity": _FIRST}


class InfiniteDate(date):
    """The end of the calendar, read from an infinite `date`."""


class InfiniteDatetime(datetime):
    """The end of the calendar, read from an infinite `timestamp` or `timestamptz`."""


def infinite_date(text: str) -> date | None:
    """Return the value for the text of an infinite date, None for any other text."""
    end = _DATES.get(text)
    return None if end is None else InfiniteDate(end.year, end.month, end.day)


def infinite_datetime(text: str, *, aware: bool) -> datetime | None:
    """Return the value for the text of an infinite time, in UTC if it is `aware`; None for any other text."""
    end = _TIMES.get(text)
    return None if end is None else InfiniteDatetime.combine(end.date(), end.time(), UTC if aware else None)


def infinite_text(value: date) -> str | None:
    """Return `infinity` or `-infinity` for a value that was read from it; None for others, and for changed ones."""
    if isinstance(value, InfiniteDatetime):
        compared = value.replace(tzinfo=None)
        return next((text for text, end in _TIMES.items() if compared == end), None)
    if isinstance(value, InfiniteDate):
        return next((text for text, end in _DATES.items() if value == end), None)
    return None


def interval_text(value: timedelta) -> str:
    """Return the text that PostgreSQL reads back as the same interval, in every IntervalStyle.

    Each part has its sign: in the style sql_standard a single one in front would be that of all parts.
    """
    return f"{value.days} days +{value.seconds}.{value.microseconds:06} seconds"
