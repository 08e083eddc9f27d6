"""DynamoDB Streams, and Kinesis Data Streams for DynamoDB.

Shapes: Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB"; DynamoDB's API reference, "AttributeValue".
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from kit_events.records.content import unbase64
from kit_events.records.fields import Fields, kind_of
from kit_events.records.record import Record

_TTL = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_EVENTS = ("INSERT", "MODIFY", "REMOVE")


class TableRecord(Record):
    """One change of an item: `event_name` is INSERT, MODIFY or REMOVE.

    `keys`, `new_image` and `old_image` hold Python values: numbers are Decimal, binaries bytes, sets sets. An image is
    None where there is none, or where the stream's view leaves it out. `expired`: the item's time to live was over.
    """

    kind = "change of a table"
    shown = ("event_id", "event_name", "table", "sequence_number")

    event_id: str
    event_name: str
    table: str
    keys: dict[str, Any]
    new_image: dict[str, Any] | None = None
    old_image: dict[str, Any] | None = None
    sequence_number: str | None = None
    at: datetime | None = None
    expired: bool = False
    stream_arn: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the change."""
        change, arn = fields.part("dynamodb"), fields.find("eventSourceARN", str) or ""
        name = fields.get("eventName", str)
        if name not in _EVENTS:
            raise fields.error("eventName", f"has to be one of {', '.join(_EVENTS)}")
        identity = fields.find("userIdentity", dict) or {}
        yield cls(
            event_id=fields.get("eventID", str),
            event_name=name,
            table=fields.find("tableName", str) or _table(fields, arn),
            keys=_image(change, "Keys"),
            new_image=_image(change, "NewImage") if change.find("NewImage", dict) is not None else None,
            old_image=_image(change, "OldImage") if change.find("OldImage", dict) is not None else None,
            sequence_number=change.find("SequenceNumber", str),
            at=_at(change),
            expired=name == "REMOVE" and {key: identity.get(key) for key in _TTL} == _TTL,
            stream_arn=arn,
        )


def _table(fields: Fields, arn: str) -> str:
    name = arn.partition(":table/")[2].partition("/")[0]
    if not name:
        raise fields.error("eventSourceARN", "names no table")
    return name


def _at(change: Fields) -> datetime | None:
    name = "ApproximateCreationDateTime"
    precision = change.find(f"{name}Precision", str)
    per_second = {"MILLISECOND": 1000, "MICROSECOND": 1_000_000}.get(precision or "", 1)
    return change.epoch(name, per_second=per_second) if change.find(name, float) is not None else None


def _image(change: Fields, name: str) -> dict[str, Any]:
    image = change.part(name)
    return {attribute: _value(image.part(attribute)) for attribute in image.value}


def _value(typed: Fields) -> Any:
    """Return the Python value of {"S": "…"} and its like."""
    if len(typed.value) != 1:
        raise typed.error(None, "has to have one type")
    [kind] = typed.value
    if kind == "S":
        return typed.get("S", str)
    if kind == "N":
        return _number(typed, typed.get("N", str))
    if kind == "B":
        return typed.data("B")
    if kind == "BOOL":
        return typed.get("BOOL", bool)
    if kind == "NULL":
        typed.get("NULL", bool)
        return None
    if kind == "M":
        return _image(typed, "M")
    if kind == "L":
        return [_value(item) for item in typed.parts("L")]
    if kind in ("SS", "NS", "BS"):
        return {_member(typed, kind, member) for member in typed.get(kind, list)}
    raise typed.error(None, "is of no type that DynamoDB has")


def _member(typed: Fields, kind: str, member: Any) -> Any:
    if not isinstance(member, str):
        raise typed.error(kind, f"has to hold strings, not {kind_of(member)}")
    if kind == "BS":
        try:
            return unbase64(member)
        except ValueError:
            raise typed.error(kind, "is not base64") from None
    return _number(typed, member) if kind == "NS" else member


def _number(typed: Fields, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise typed.error(None, "is not a number")
    return number
