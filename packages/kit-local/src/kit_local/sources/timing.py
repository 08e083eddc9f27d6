"""When a schedule is due: rate(…), cron(…) and at(…).

After "Cron-based schedules", "Rate-based schedules" and "One-time schedules" of EventBridge Scheduler; rules have the
first two, in UTC.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_MONTHS = {name: number for number, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}  # noqa: SIM905
_DAYS = {name: number for number, name in enumerate("SUN MON TUE WED THU FRI SAT".split(), 1)}  # noqa: SIM905
_YEARS = (1970, 2199)
_AHEAD = 366 * 9  # days in which the next leap day is found, whatever the century


@dataclass(frozen=True)
class Rate:
    """Every so often, first when the interval is over."""

    interval: timedelta

    def after(self, moment: datetime) -> datetime | None:
        """Return when it is due next."""
        return moment + self.interval


@dataclass(frozen=True)
class At:
    """Once."""

    moment: datetime

    def after(self, moment: datetime) -> datetime | None:
        """Return when it is due next, None when that was before."""
        return self.moment if self.moment > moment else None


@dataclass(frozen=True)
class Cron:
    """At every minute that all six fields let in."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    day_of_month: str
    day_of_week: str
    zone: tzinfo

    def after(self, moment: datetime) -> datetime | None:
        """Return the next minute that is due after a moment, None when there is none for years."""
        first = moment.astimezone(self.zone).date()
        for offset in range(_AHEAD):
            day = first + timedelta(days=offset)
            if not self._has(day):
                continue
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    due = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).astimezone(UTC)
                    if due > moment:
                        return due
        return None

    def _has(self, day: date) -> bool:
        if day.year not in self.years or day.month not in self.months:
            return False
        return _in_month(self.day_of_month, day) and _in_week(self.day_of_week, day)


Timing = Rate | At | Cron


def timing(expression: str, zone: str = "UTC") -> Timing:
    """Parse a schedule expression; ValueError says what is wrong with it."""
    tz = ZoneInfo(zone)
    if match := _RATE.fullmatch(expression):
        value, unit = int(match[1]), match[2]
        plural = expression.endswith("s)")
        if not value or plural == (value == 1):
            raise ValueError(f"{expression!r}: a rate is 1 {unit}, or a larger number of {unit}s")
        return Rate(timedelta(**{f"{unit}s": value}))
    if match := _AT.fullmatch(expression):
        return At(datetime.fromisoformat(match[1]).replace(tzinfo=tz).astimezone(UTC))
    match = _CRON.fullmatch(expression)
    if not match:
        raise ValueError(f"{expression!r} is none of rate(5 minutes), cron(0 8 ? * MON-FRI *), at(2030-01-31T08:00:00)")
    minutes, hours, day, month, weekday, year = match.groups()
    if (day == "?") == (weekday == "?"):
        raise ValueError(f"{expression!r}: either the day of the month or the day of the week has to be ?")
    made = Cron(
        minutes=frozenset(_numbers(minutes, 0, 59)),
        hours=frozenset(_numbers(hours, 0, 23)),
        months=frozenset(_numbers(month, 1, 12, _MONTHS)),
        years=frozenset(_numbers(year, *_YEARS)),
        day_of_month=day,
        day_of_week=weekday,
        zone=tz,
    )
    probe = date(2024, 2, 29)
    _in_month(day, probe), _in_week(weekday, probe)  # whatever is wrong with them is said now
    return made


def _numbers(field: str, low: int, high: int, names: dict[str, int] | None = None) -> Iterator[int]:
    """Yield what a field lets in: `*`, `5`, `1-5`, `0/15`, `1-9/2`, names, and lists of these."""

    def number(text: str) -> int:
        value = (names or {}).get(text.upper()) or int(text)
        if not low <= value <= high:
            raise ValueError(f"{text!r} is not between {low} and {high}")
        return value

    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin = low if first == "*" else number(first)
        end = high if first == "*" or (slash and not dash) else number(last) if dash else begin
        yield from range(begin, end + 1, int(step) if slash else 1)


def _in_month(field: str, day: date) -> bool:
    """Tell whether a day is one of the field `day-of-month`: numbers, `L`, `LW`, `15W`, `?`."""
    if field in ("?", "*"):
        return True
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == last
    if field == "LW" or re.fullmatch(r"\d+W", field):
        return day.day == _weekday_near(day, last if field == "LW" else min(int(field[:-1]), last), last)
    return day.day in _numbers(field, 1, 31)


def _weekday_near(day: date, wanted: int, last: int) -> int:
    """Return the day from Monday to Friday that is nearest to one, in the same month."""
    weekday = day.replace(day=wanted).weekday()
    if weekday == 5:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _in_week(field: str, day: date) -> bool:
    """Tell whether a day is one of the field `day-of-week`, 1 or SUN to 7 or SAT: numbers, `6L`, `2#1`, `?`."""
    if field in ("?", "*"):
        return True
    number = day.isoweekday() % 7 + 1
    if match := re.fullmatch(r"(\w+)#([1-5])", field):
        return number in _numbers(match[1], 1, 7, _DAYS) and (day.day - 1) // 7 + 1 == int(match[2])
    if field == "L":
        return number == 7
    if match := re.fullmatch(r"(\d|[A-Z]{3})L", field):
        return number in _numbers(match[1], 1, 7, _DAYS) and (day + timedelta(days=7)).month != day.month
    return number in _numbers(field, 1, 7, _DAYS)
