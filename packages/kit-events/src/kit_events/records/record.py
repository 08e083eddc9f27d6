"""The base of records: what they are found in, and how they are read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from kit_events.records.fields import Fields
from kit_events.records.frozen import Frozen
from kit_events.records.sources import source_of, unwrap


class Record(Frozen):
    """Be a typed view of something that came in, wherever it was found.

    A subclass declares its fields by annotation, says by `recognises` what is one of its own, and reads it in `read`.
    What it carries, `opened` returns, so that other records are found inside. `kind` is what errors call it.
    """

    kind: ClassVar[str] = "record of this kind"

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> list[Self]:
        """Return the records in a raw one, be it what this class reads or a carrier of it.

        None is returned if any of them is malformed: raise `RecordShapeError` with the field that is wrong.
        """
        found: list[Self] = []
        for part in unwrap(raw, cls):
            if not isinstance(part, dict) or not cls.recognises(part):
                raise Fields(cls.__name__, {}).error(None, f"this is no {cls.kind}")
            try:
                found.extend(cls.read(Fields(cls.__name__, part)))
            except RecursionError:
                raise Fields(cls.__name__, {}).error(None, "it is nested too deeply") from None
        return found

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether a JSON object is what this class reads; whether it is well formed is seen in `read`."""
        return source_of(raw) is cls

    @classmethod
    def read(cls, fields: Fields) -> Iterable[Self]:
        """Return the records in an object that this class recognises. Raise `RecordShapeError`."""
        raise TypeError(f"{cls.__name__} has to say by `read` what its records are")

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> Sequence[Any] | None:
        """Return what an object that this class recognises carries, None if it carries nothing."""
        return None
