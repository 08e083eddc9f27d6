"""Reads the members of an incoming object; errors have the path of the wrong one."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from kit_events.errors import RecordShapeError
from kit_events.records.content import path_of_no_number, unbase64

T = TypeVar("T")

NO_NUMBER = "is no number in JSON: NaN, or beyond the range of a float"

_NAMES = {
    bool: "true or false",
    dict: "a JSON object",
    float: "a number",
    int: "an integer",
    list: "a JSON array",
    str: "a string",
}


class Fields:
    """Hold a JSON object and where it was found: `record` is the class that reads it, `path` as in "s3.object"."""

    __slots__ = ("path", "record", "value")

    def __init__(self, record: str, value: dict[str, Any], path: str = "") -> None:
        self.record = record
        self.value = value
        self.path = path

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a member, be it null."""
        return name in self.value

    def error(self, name: str | None, reason: str) -> RecordShapeError:
        """Return the error that names a member, or the object itself."""
        path = ".".join(part for part in (self.path, name) if part)
        return RecordShapeError(self.record, path or None, reason)

    def get(self, name: str, kind: type[T]) -> T:
        """Return a member of this kind: str, int, float, bool, dict or list. Raise `RecordShapeError`."""
        value = self.value.get(name)
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return value
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return value  # type: ignore[return-value]
        if name in self.value:
            raise self.error(name, f"has to be {_NAMES[kind]}, not {kind_of(value)}")
        raise self.error(name, "is missing")

    def find(self, name: str, kind: type[T]) -> T | None:
        """Return a member of this kind, or None if there is none or it is null. Raise `RecordShapeError`."""
        return None if self.value.get(name) is None else self.get(name, kind)

    def part(self, name: str) -> "Fields":
        """Return a member that is an object."""
        return Fields(self.record, self.get(name, dict), self._path(name))

    def parts(self, name: str) -> "list[Fields]":
        """Return the objects of a member that is an array."""
        array = Fields(self.record, dict(enumerate(self.get(name, list))), self._path(name))  # type: ignore[arg-type]
        return [array._at(position) for position in array.value]

    def texts(self, name: str) -> dict[str, str]:
        """Return a member that is an object of strings; an empty one if it is missing or null."""
        found = Fields(self.record, self.find(name, dict) or {}, self._path(name))
        return {key: found.get(key, str) for key in found.value}

    def data(self, name: str) -> bytes:
        """Return the bytes of a member that is base64."""
        try:
            return unbase64(self.get(name, str))
        except RecordShapeError:
            raise
        except ValueError:
            raise self.error(name, "is not base64") from None

    def time(self, name: str) -> datetime:
        """Return a member that is a time with an offset from UTC (RFC 3339)."""
        try:
            at = datetime.fromisoformat(self.get(name, str))
        except RecordShapeError:
            raise
        except ValueError:
            raise self.error(name, "is not a time (RFC 3339)") from None
        if at.tzinfo is None:
            raise self.error(name, "has no offset from UTC")
        return at

    def epoch(self, name: str, *, per_second: int = 1) -> datetime:
        """Return a member that counts seconds (or, per second, so many parts of them) since 1970."""
        try:
            return datetime.fromtimestamp(self.get(name, float) / per_second, UTC)
        except RecordShapeError:
            raise
        except (ValueError, OverflowError, OSError):
            raise self.error(name, "is not a time") from None

    def _path(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _at(self, position: Any) -> "Fields":
        value = self.value[position]
        if not isinstance(value, dict):
            raise self.error(str(position), f"has to be a JSON object, not {kind_of(value)}")
        return Fields(self.record, value, self._path(str(position)))


def refuse_no_number(record: str, value: Any, path: str = "") -> None:
    """Raise `RecordShapeError` for a NaN or an infinity anywhere in a value."""
    found = path_of_no_number(value)
    if found is not None:
        raise RecordShapeError(record, ".".join(part for part in (path, found) if part) or None, NO_NUMBER)


def kind_of(value: Any) -> str:
    """Return the name of a value's type in JSON."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    return {str: "a string", bool: "a boolean", type(None): "null", bytes: "bytes"}.get(type(value), "a number")
