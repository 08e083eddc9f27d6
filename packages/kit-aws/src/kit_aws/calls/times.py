"""Times of the wire: seconds since 1970 in JSON, ISO 8601, and HTTP's own form; without an offset they are in UTC."""

from datetime import UTC, datetime
from typing import Any


def seconds_of(value: Any) -> float:
    """Return a time as seconds, an int where they are whole. Raise TypeError or ValueError for anything else."""
    if isinstance(value, datetime):
        at = value if value.tzinfo else value.replace(tzinfo=UTC)
        since = at - datetime(1970, 1, 1, tzinfo=UTC)
        whole = since.days * 86400 + since.seconds
        return (whole * 10**6 + since.microseconds) / 10**6 if since.microseconds else whole
    if isinstance(value, bool):
        raise TypeError("a bool is no time")
    if isinstance(value, int | float):
        return seconds_of(_of_number(value))
    return seconds_of(_of_text(value))


def time_of(value: Any) -> datetime:
    """Return a time of an answer as an aware datetime in UTC. Raise ValueError."""
    if isinstance(value, bool):
        raise ValueError("a bool is no time")
    if isinstance(value, int | float):
        return _of_number(value)
    return _of_text(value)


def http_time_of(value: str) -> datetime:
    """Return a time of a header field, as in `Fri, 02 Jan 2026 03:04:05 GMT` (RFC 9110, 5.6.7). Raise ValueError."""
    return datetime.strptime(value, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)


def _of_number(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OSError, OverflowError) as error:
        raise ValueError(str(error)) from None


def _of_text(text: Any) -> datetime:
    if not isinstance(text, str):
        raise TypeError(f"{type(text).__name__} is no time")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            return _of_number(float(text))
        except ValueError:
            return http_time_of(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
