"""The parts of a raw record that holds several; loaded with the first failure.

A class of records may have `split_record(raw)`, which returns raw records with one of them in each.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Parse = Callable[[Any], Iterable[Any]]


def parts_of(parse: "Parse | None", raw: "Any") -> "list[Any]":
    """Return the raw records inside of a raw one; it alone if the class can't split it."""
    split = getattr(getattr(parse, "__self__", None), "split_record", None)
    if split is None:
        return [raw]
    try:
        return list(split(raw)) or [raw]
    except Exception:  # noqa: BLE001  (the carrier is malformed: it is one record, that can't be read)
        return [raw]


def part_of(parse: "Parse | None", raw: "Any", record: "Any") -> "Any":
    """Return the raw record that holds this record alone, or the whole if there is none."""
    parts = parts_of(parse, raw)
    if parse is None or len(parts) == 1:
        return raw
    return next((part for part in parts if record in _read(parse, part)), raw)


def rest_of(found: "Iterable[Any]", record: "Any") -> "list[Any]":
    """Return the records after this one: of a generator, the remaining ones."""
    records = list(found)
    if iter(found) is found:
        return records
    return records[next((position for position, each in enumerate(records, 1) if each is record), len(records)) :]


def _read(parse: "Parse", part: "Any") -> "list[Any]":
    try:
        return list(parse(part))
    except Exception:  # noqa: BLE001  (this part is not the record's)
        return []
