"""The text of an interval, in each of PostgreSQL's styles ("Interval Output" in its manual), as a timedelta."""

from __future__ import annotations

import re
from datetime import timedelta

_TIME = r"(?P<clock>[-+]?)(?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d(?:\.\d+)?)"
# postgres: -1 year -2 mons +3 days -04:05:06; postgres_verbose: @ 1 year 2 mons -3 days 4 hours 5 mins 6 secs ago
_WORDS = re.compile(
    r"@? ?(?:(?P<years>[-+]?\d+) years? ?)?(?:(?P<months>[-+]?\d+) mons? ?)?(?:(?P<days>[-+]?\d+) days? ?)?"
    r"(?:(?P<hours>[-+]?\d+) hours? ?)?(?:(?P<minutes>[-+]?\d+) mins? ?)?(?:(?P<seconds>[-+]?\d+(?:\.\d+)?) secs? ?)?"
    rf"(?:{_TIME})?(?P<ago>ago)?"
)
# iso_8601: P-1Y-2M3DT-4H-5M-6S
_ISO = re.compile(
    r"P(?:(?P<years>-?\d+)Y)?(?:(?P<months>-?\d+)M)?(?:(?P<days>-?\d+)D)?"
    r"(?:T(?:(?P<hours>-?\d+)H)?(?:(?P<minutes>-?\d+)M)?(?:(?P<seconds>-?\d+(?:\.\d+)?)S)?)?"
)
# sql_standard: 1-2, 3 4:05:06, -3 4:05:06 (all of it is negative), +1-2 -3 +4:05:06
_STANDARD = re.compile(
    r"(?:(?P<long>[-+]?)(?P<years>\d+)-(?P<months>\d+)(?: |$))?(?:(?:(?P<short>[-+]?)(?P<days>\d+) )?" + _TIME + ")?"
)


def parse_interval(text: str) -> timedelta:
    """Return an interval as a timedelta. ValueError if it has months, whose length differs, or is infinite."""
    if text.startswith("P"):
        months, days, microseconds = _of_words(_ISO, text)
    elif text in ("0", "@ 0"):
        months, days, microseconds = 0, 0, 0
    elif text[-1].isalpha() or " day" in text or " mon" in text or " year" in text:
        months, days, microseconds = _of_words(_WORDS, text)
    else:
        months, days, microseconds = _of_standard(text)
    if months:
        raise ValueError("a timedelta has no months")
    return timedelta(days=days, microseconds=microseconds)


def _of_words(pattern: re.Pattern[str], text: str) -> tuple[int, int, int]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError("not an interval")
    parts = found.groupdict()
    months = 12 * int(parts["years"] or 0) + int(parts["months"] or 0)
    days = int(parts["days"] or 0)
    seconds = 3600 * int(parts["hours"] or 0) + 60 * int(parts["minutes"] or 0)
    microseconds = seconds * 1_000_000 + _microseconds(parts["seconds"] or "0") + _clock(parts)
    return (-months, -days, -microseconds) if parts.get("ago") else (months, days, microseconds)


def _of_standard(text: str) -> tuple[int, int, int]:
    found = _STANDARD.fullmatch(text)
    if found is None or not text:
        raise ValueError("not an interval")
    parts = found.groupdict()
    # One sign in front is that of all parts; where they differ, each has its own.
    leading = next((sign for sign in (parts["long"], parts["short"], parts["clock"]) if sign), "")
    signs = {name: -1 if (parts[name] or leading) == "-" else 1 for name in ("long", "short", "clock")}
    months = signs["long"] * (12 * int(parts["years"] or 0) + int(parts["months"] or 0))
    days = signs["short"] * int(parts["days"] or 0)
    return months, days, signs["clock"] * abs(_clock(parts))


def _clock(parts: dict[str, str | None]) -> int:
    """Return the microseconds of a time in hours, minutes and seconds."""
    if not parts.get("h"):
        return 0
    seconds = 3600 * int(parts["h"] or 0) + 60 * int(parts["m"] or 0)
    microseconds = seconds * 1_000_000 + _microseconds(parts["s"] or "0")
    return -microseconds if parts["clock"] == "-" else microseconds


def _microseconds(seconds: str) -> int:
    whole, _, fraction = seconds.partition(".")
    return int(whole + fraction.ljust(6, "0")[:6])
