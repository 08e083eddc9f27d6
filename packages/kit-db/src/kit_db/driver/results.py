"""The rows of a statement, and the JSON in them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from kit_core.errors import InvalidJsonError
from kit_core.json import ExactFloat, loads

from kit_db.errors import UnreadableRowError

# The numbers of json and jsonb, and of their arrays, in pg_type.
JSON = (114, 3802)
JSON_ARRAYS = (199, 3807)

Row = tuple[Any, ...]

_left_as_text: ContextVar[bool] = ContextVar("kit_db_json_left_as_text", default=False)


class Result:
    """The rows of a statement, as tuples, and their column names; `count` is how many rows it read or changed.

    `tag` is the server's word for the command, as in `INSERT 0 1` ("CommandComplete" in PostgreSQL's manual).
    """

    __slots__ = ("count", "described", "rows", "tag")

    def __init__(self, rows: list[Row], described: Sequence[Any] | None, count: int, tag: str | None) -> None:
        self.rows = rows
        self.described = described
        self.count = count
        self.tag = tag

    @property
    def columns(self) -> list[str]:
        """The names of the columns; empty for a statement that returns no rows."""
        return [each.name for each in self.described or ()]


def parse_json(text: Any, cursor: object) -> Any:
    """Return the value of a JSON text of the server's, or the text inside of `json_left_as_text`."""
    return text if text is None or _left_as_text.get() else loads(text)


@contextmanager
def json_left_as_text() -> Iterator[None]:
    """Leave JSON in the rows of a `with` block's statements as text, for `with_json`."""
    token = _left_as_text.set(True)
    try:
        yield
    finally:
        _left_as_text.reset(token)


def json_columns(result: Result) -> frozenset[int]:
    """Return the positions of the columns that are JSON, or arrays of it."""
    return frozenset(at for at, each in enumerate(result.described or ()) if each.type_code in (*JSON, *JSON_ARRAYS))


def with_json(result: Result, exact: Collection[int]) -> list[Row]:
    """Return rows whose JSON was left as text with its values; in the columns `exact` floats keep their digits."""
    parsers: list[tuple[int, Callable[[str], Any]]] = [
        (at, _loads_exact if at in exact else loads) for at in json_columns(result)
    ]
    return [_parsed(row, parsers, result.columns) for row in result.rows] if parsers else result.rows


def _parsed(row: Row, parsers: Sequence[tuple[int, Callable[[str], Any]]], columns: Sequence[str]) -> Row:
    values = list(row)
    for at, parse in parsers:
        try:
            values[at] = _mapped(parse, values[at])
        except InvalidJsonError:
            message = f"the statement was done, but Python can't hold the JSON of the column {columns[at]!r}"
            raise UnreadableRowError(message, column=columns[at], row=row) from None
    return tuple(values)


def _mapped(parse: Callable[[str], Any], value: Any) -> Any:
    """Return the value of a text, or the values of an array of texts, however deep it is."""
    if isinstance(value, list):
        return [_mapped(parse, each) for each in value]
    return None if value is None else parse(value)


def _loads_exact(text: str) -> Any:
    return loads(text, parse_float=ExactFloat)
