"""A row outside the process: the bytes that Redis and the disk keep under a key.

A row is a mark, 8 random bytes (its id), the version of its cache that it belongs to, its times, its tags, and the
encoded value. A tombstone is another mark and an id. A loader says which state it saw before it loaded: the cache's
version and epoch, and the row's first bytes. A deletion leaves a tombstone, a clearing another version, and any
deletion of many another epoch, so that a value loaded before them is refused.
"""

import json
import os
import struct
from typing import Any, NamedTuple

from kit_cache import clock
from kit_cache.settings import is_utf8

HEAD = 9  # a mark and an id
ID = 8
# A load that began before a deletion may end as late as the longest Lambda invocation.
TOMBSTONE_SECONDS = 900
NO_VERSION = bytes(ID)
_VALUE, _TOMBSTONE = b"\xf1", b"\xf0"
_LAYOUT = struct.Struct(">c8s8sdddH")
_SLACK = 5.0  # seconds by which two hosts' clocks may differ


class State(NamedTuple):
    """The state of a tier when it was asked: the cache's version and epoch, and the first bytes of the row."""

    version: bytes
    epoch: bytes
    head: bytes


class Row(NamedTuple):
    """A value outside the process; `tags` with the version that each had when the value was stored."""

    body: bytes
    created: float
    fresh: float
    expires: float
    tags: dict[str, str]
    version: bytes = NO_VERSION
    head: bytes = b""

    def is_usable(self) -> bool:
        """Tell whether it may be served; one of the future was stored before the clock was set back."""
        return self.created - _SLACK <= clock.now() < self.expires


class Reading(NamedTuple):
    """A tier's answer: its state, and the row unless that is missing, of an older version, or has expired."""

    state: State
    row: Row | None = None


def new_id() -> bytes:
    """Return an id that was never there."""
    return os.urandom(ID)


def tombstone() -> bytes:
    """Return a row that says: deleted."""
    return _TOMBSTONE + new_id()


def pack(row: Row, version: bytes) -> bytes:
    """Return the bytes of a row, with a new id."""
    tags = json.dumps(row.tags).encode() if row.tags else b""
    head = _LAYOUT.pack(_VALUE, new_id(), version, row.created, row.fresh, row.expires, len(tags))
    return head + tags + row.body


def unpack(raw: object) -> Row | None:
    """Return the row in `raw`, or None if that is a tombstone, cut off, or nobody's."""
    if not isinstance(raw, bytes) or len(raw) < _LAYOUT.size or raw[:1] != _VALUE:
        return None
    _, _, version, created, fresh, expires, length = _LAYOUT.unpack_from(raw)
    start = _LAYOUT.size + length
    tags: object = {}
    if length:
        try:
            tags = json.loads(raw[_LAYOUT.size : start])
        except (ValueError, RecursionError):
            return None
        if not isinstance(tags, dict) or not all(map(is_utf8, tags)):
            return None
    if not created <= expires:  # NaN, too
        return None
    return Row(raw[start:], created, fresh, expires, tags, version, raw[:HEAD])  # type: ignore[arg-type]


def lease_name(key: str, state: State) -> str:
    """Return the name of a load's lease: after an invalidation it is another load, which waits for no older one."""
    return f"{key}:{(state.version[:4] + state.epoch[:4] + state.head).hex()}"


def current(raw: Any, meta: Any, now: float) -> float | None:
    """Return when a row was made, if nothing has to be looked up for it: a current one without tags, and fresh.

    The quick way of a hit; anything unusual is None, and read by `unpack`.
    """
    if type(raw) is not bytes or type(meta) is not bytes or len(raw) < _LAYOUT.size:
        return None
    mark, _, version, created, fresh, _, tags = _LAYOUT.unpack_from(raw)
    if mark != _VALUE or tags or version != meta[:ID] or len(meta) != 2 * ID:
        return None
    return created if created - _SLACK <= now < fresh else None


BODY = _LAYOUT.size


def is_value(raw: bytes) -> bool:
    """Tell whether a row's first bytes are those of a value."""
    return raw[:1] == _VALUE


def head_of(raw: object) -> bytes:
    """Return the bytes that a writer compares."""
    return raw[:HEAD] if isinstance(raw, bytes) else b""
