"""Kinesis records that a producer has aggregated: many user records in the data of one.

Format: "KPL Aggregated Record Format" (`aggregation-format.md` of the Kinesis Producer Library): four magic bytes, a
message of Protocol Buffers, and the MD5 digest of that message.
"""

from collections.abc import Iterator
from hashlib import md5
from typing import NamedTuple

from kit_events.records.content import AGGREGATED

_DIGEST = 16

# The numbers of the fields of AggregatedRecord, and of the Record in it.
_PARTITION_KEYS, _RECORDS = 1, 3
_KEY_INDEX, _DATA = 1, 3
# Wire types: "Encoding" of the Protocol Buffers documentation.
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


class UserRecord(NamedTuple):
    """Hold one record as its producer put it."""

    partition_key: str
    data: bytes


def user_records(data: bytes) -> list[UserRecord] | None:
    """Return the records in aggregated data, None for data that only begin like such.

    Raise ValueError if the digest is right and the message is not.
    """
    message = data[len(AGGREGATED) : -_DIGEST]
    if not data.startswith(AGGREGATED) or md5(message, usedforsecurity=False).digest() != data[-_DIGEST:]:
        return None
    keys: list[str] = []
    records: list[bytes] = []
    for number, value in _fields(message):
        if number == _PARTITION_KEYS:
            keys.append(_bytes(value).decode())
        elif number == _RECORDS:
            records.append(_bytes(value))
    return [_user_record(record, keys) for record in records]


def _user_record(message: bytes, keys: list[str]) -> UserRecord:
    found = dict(_fields(message))
    index, data = found.get(_KEY_INDEX), found.get(_DATA)
    if not isinstance(index, int) or index >= len(keys) or not isinstance(data, bytes):
        raise ValueError("a user record has no partition key or no data")
    return UserRecord(keys[index], data)


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a member has another type")
    return value


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the value of each field of a message; fixed numbers come as their bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            size, position = _varint(message, position)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"there is no wire type {kind}")
        end = position + size
        if end > len(message):
            raise ValueError("a member is cut off")
        yield key >> 3, message[position:end]
        position = end


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Return a number of variable length, and the position behind it."""
    value = 0
    for place, byte in enumerate(message[position : position + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, position + place + 1
    raise ValueError("a number is cut off")
