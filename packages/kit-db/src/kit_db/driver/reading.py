"""How the server's text becomes the values of rows.

psycopg2 reads numbers, booleans, bytes and text. These types are read here:

    json, jsonb                     with all digits of their numbers (kit_db.driver.documents); infinities are refused
    date, timestamp, timestamptz    infinity keeps its meaning (kit_db.driver.times)
    time, timetz                    24:00, which psycopg2 makes 00:00 of, is refused
    interval                        every IntervalStyle, and no months, which psycopg2 makes 30 days of

`PARSERS` has the functions by the type's number in pg_type, for rows that were read inside of `left_as_text`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from typing import Any, NoReturn, TypeVar

from kit_db.driver.documents import parse_json
from kit_db.driver.times import infinite_date, infinite_datetime

JSON = (114, 3802)
JSON_ARRAYS = (199, 3807)
FIRST_OF_USERS = 16384
"""Types below this number are PostgreSQL's own, others were made in the database ("Object Identifier Types")."""

D = TypeVar("D")
Parse = Callable[[str], Any]

_left_as_text: ContextVar[bool] = ContextVar("kit_db_left_as_text", default=False)


@contextmanager
def left_as_text() -> Iterator[None]:
    """Leave values of the types above as text in the rows of a `with` block's statements."""
    token = _left_as_text.set(True)
    try:
        yield
    finally:
        _left_as_text.reset(token)


def is_left_as_text() -> bool:
    """Tell whether this is inside of `left_as_text`."""
    return _left_as_text.get()


def _parse_time(text: str) -> time:
    if text.startswith("24"):
        raise ValueError("Python has no 24:00")
    return time.fromisoformat(text)


def _parse_interval(text: str) -> timedelta:
    from kit_db.driver.intervals import parse_interval

    return parse_interval(text)


def _infinite_date(text: str) -> date:
    return _found(infinite_date(text))


def _infinite_timestamp(text: str) -> datetime:
    return _found(infinite_datetime(text, aware=False))


def _infinite_timestamptz(text: str) -> datetime:
    return _found(infinite_datetime(text, aware=True))


def _found(value: D | None) -> D:
    if value is None:
        # A year before 1 or beyond 9999; or another DateStyle than ISO, which a statement has set.
        raise ValueError("Python's calendar has no such date")
    return value


def refuse(text: str) -> NoReturn:
    """Raise ValueError: there is no value for the text."""
    if text.endswith("infinity"):
        raise ValueError("infinity in an array")
    raise ValueError("Python has no such value")


def _parser(read: Parse, otherwise: Parse) -> Parse:
    def parse(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            return otherwise(text)

    return parse


# Name, the number of the type and of its array in pg_type, the usual way to read it, and the way for other texts.
OWN: tuple[tuple[str, int, int, Parse, Parse], ...] = (
    ("DATE", 1082, 1182, date.fromisoformat, _infinite_date),
    ("TIME", 1083, 1183, _parse_time, refuse),
    ("TIMESTAMP", 1114, 1115, datetime.fromisoformat, _infinite_timestamp),
    ("TIMESTAMPTZ", 1184, 1185, datetime.fromisoformat, _infinite_timestamptz),
    ("INTERVAL", 1186, 1187, _parse_interval, refuse),
    ("TIMETZ", 1266, 1270, _parse_time, refuse),
)

PARSERS: dict[int, Parse] = {
    **dict.fromkeys((*JSON, *JSON_ARRAYS), parse_json),
    **{code: _parser(read, otherwise) for _, code, _, read, otherwise in OWN},
    **{array: _parser(read, refuse) for _, _, array, read, _ in OWN},
}
