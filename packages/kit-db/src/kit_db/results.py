"""The rows of a statement, and the JSON in them."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from kit_core.errors import InvalidJsonError
from kit_core.json import ExactFloat, loads

from kit_db.errors import UnreadableRowError

# The numbers of json and jsonb, and of their arrays, in pg_type.
JSON = frozenset({114, 3802})
JSON_ARRAYS = frozenset({199, 3807})

Row = tuple[Any, ...]


class Result:
    """The rows of a statement, as tuples, and their column names; `count` is how many rows it read or changed.

    `tag` is the server's word for what was done, as in `INSERT 0 1` ("CommandComplete" in PostgreSQL's manual).
    """

    __slots__ = ("_described", "_has_json", "_raw", "_rows", "count", "tag")

    def __init__(
        self, raw: list[Row], described: Sequence[Any] | None, count: int, tag: str | None, *, has_json: bool
    ) -> None:
        self._raw = raw
        self._rows: list[Row] | None = None
        self._described = described
        self._has_json = has_json
        self.count = count
        self.tag = tag

    @property
    def rows(self) -> list[Row]:
        """The rows; UnreadableRowError if a number in JSON is more than a float can hold."""
        if self._rows is None:
            self._rows = self.read()
        return self._rows

    def read(self, exact: Collection[int] = ()) -> list[Row]:
        """Return the rows, where JSON in the columns `exact` has floats that keep their digits (ExactFloat)."""
        if not self._has_json:
            return self._raw
        readers = [
            (at, each.name, _reader(array=each.type_code in JSON_ARRAYS, exact=at in exact))
            for at, each in enumerate(self._described or ())
            if each.type_code in JSON or each.type_code in JSON_ARRAYS
        ]
        rows = []
        for row in self._raw:
            values = list(row)
            for at, name, read in readers:
                try:
                    values[at] = read(values[at])
                except InvalidJsonError:
                    message = f"the statement was done, but Python can't hold the JSON of the column {name!r}"
                    raise UnreadableRowError(message, column=name, row=row) from None
            rows.append(tuple(values))
        return rows

    @property
    def columns(self) -> list[str]:
        """The names of the columns; empty for a statement that returns no rows."""
        return [each.name for each in self._described or ()]


def _reader(*, array: bool, exact: bool) -> Callable[[Any], Any]:
    """Return the function that parses a JSON text; of an `array`, each text in it, however deep it is."""

    def read(text: Any) -> Any:
        if text is None:
            return None
        return loads(text, parse_float=ExactFloat) if exact else loads(text)

    def read_all(texts: Any) -> Any:
        return [read_all(each) for each in texts] if isinstance(texts, list) else read(texts)

    return read_all if array else read
