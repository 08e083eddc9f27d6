"""The base class of records: finds them in carriers, and reads them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from kit_events.records.fields import Fields
from kit_events.records.frozen import Frozen
from kit_events.records.sources import source_of, unwrap


class Record(Frozen):
    """Be a typed view of one incoming record, in any carrier.

    A subclass declares its fields by annotation, knows its own JSON objects by `recognises`, and reads them in `read`.
    `opened` returns the content of one that carries other records. `kind` is its name in errors.

    Example:

        @register_source
        class Parcel(Record):
            number: str

            @classmethod
            def recognises(cls, raw): return "parcel" in raw

            @classmethod
            def read(cls, fields): yield cls(number=fields.part("parcel").get("number", str))
    """

    kind: ClassVar[str] = "record of this kind"

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> list[Self]:
        """Return the records in a raw one, which this class reads or which carries such a one.

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
    def split_record(cls, raw: Mapping[str, Any]) -> list[Any]:
        """Return the raw records inside of a raw one, each of which `from_record` reads by itself.

        A job uses them where one of several has failed, or can't be read.
        """
        return unwrap(raw, cls)

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether a JSON object is a record of this class; `read` sees whether it is well formed."""
        return source_of(raw) is cls

    @classmethod
    def read(cls, fields: Fields) -> Iterable[Self]:
        """Return the records in an object that this class recognises. Raise `RecordShapeError`."""
        raise TypeError(f"{cls.__name__} has to say by `read` how its records are made")

    @classmethod
    def opened(cls, raw: dict[str, Any]) -> Sequence[Any] | None:
        """Return the content of an object that this class recognises, None if it carries nothing."""
        return None
