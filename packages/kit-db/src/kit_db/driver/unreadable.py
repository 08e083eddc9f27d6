"""Rows that were there, and could not be read: which row and which column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit_db.driver.queries import writes
from kit_db.driver.reading import left_as_text
from kit_db.errors import UnreadableRowError

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as RawCursor  # noqa: N812

# What is said of a value, by the type of its column; the error's own text may quote it.
_TIMES = (1082, 1083, 1114, 1115, 1182, 1183, 1184, 1185, 1186, 1187, 1266, 1270)
_JSON = (114, 199, 3802, 3807)


class _Filled(list[Any]):
    """A row that psycopg2 sets one value after the other in."""

    def __setitem__(self, at: Any, value: Any) -> None:
        self.append(value)


def unreadable_row(cursor: RawCursor, error: Exception, *, committed: bool) -> UnreadableRowError:
    """Return the error for a cursor whose rows psycopg2 can't fetch: with the column and the row that it stopped at."""
    described = cursor.description or ()
    at, values = _first_unreadable(cursor)
    if at is None:
        what, column = type(error).__name__, None
    else:
        what, column = reason(described[at].type_code, error), described[at].name
    place = "a row" if column is None else f"the column {column!r}"
    # The message as it was sent.
    written = committed and writes((cursor.query or b"").decode(errors="replace"))
    return UnreadableRowError(
        f"the statement was done{' and is committed' if written else ''}, but {place} can't be read: {what}",
        column=column,
        row=values,
        written=written,
    )


def reason(type_code: int, error: Exception) -> str:
    """Return why a value can't be read, without the value."""
    if type_code in _TIMES:
        return "Python has no such value; annotate str, or select it as text"
    if type_code in _JSON:
        return "its JSON has a number that no float can hold, or is nested too deeply"
    return type(error).__name__


def _first_unreadable(cursor: RawCursor) -> tuple[int | None, Sequence[Any] | None]:
    """Return the position of the first value that can't be read, and its row: with texts, as far as they are known."""
    row = _Filled()
    rows = 0

    def begin(_: object) -> _Filled:
        nonlocal row, rows
        row, rows = _Filled(), rows + 1
        return row

    cursor.scroll(0, "absolute")
    cursor.row_factory = begin
    try:
        while cursor.fetchone() is not None:
            pass
    except Exception:  # noqa: BLE001  (whatever a type's function raises)
        at, partial = len(row), tuple(row)
    else:
        return None, None
    cursor.row_factory = None
    try:
        with left_as_text():
            cursor.scroll(rows - 1, "absolute")
            return at, cursor.fetchone()
    except Exception:  # noqa: BLE001  (a text that is not UTF-8, for instance)
        return at, partial + (None,) * (len(cursor.description or ()) - at)
