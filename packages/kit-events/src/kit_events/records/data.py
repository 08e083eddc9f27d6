"""The base class of records that carry bytes."""

from functools import cached_property
from typing import Any

from kit_events.errors import RecordShapeError
from kit_events.records.content import gunzipped, parsed
from kit_events.records.record import Record


class DataRecord(Record):
    """A record that carries bytes: as `text` and as `json`, out of gzip if they are packed."""

    @cached_property
    def text(self) -> str:
        """Return the bytes as text. Raise `RecordShapeError` if they are none."""
        data = self._data()
        try:
            return (gunzipped(data) if data.startswith(b"\x1f\x8b") else data).decode()
        except UnicodeDecodeError:
            raise RecordShapeError(type(self).__name__, self._data_field, "is not text in UTF-8") from None
        except ValueError as error:
            raise RecordShapeError(type(self).__name__, self._data_field, str(error)) from None

    @cached_property
    def json(self) -> Any:
        """Return the bytes as JSON. Raise `RecordShapeError` if they are none."""
        said = parsed(self.text)
        if said is self.text:
            raise RecordShapeError(type(self).__name__, self._data_field, "is not JSON")
        return said

    _data_field = "data"

    def _data(self) -> bytes:
        data: bytes = getattr(self, self._data_field) or b""
        return data
