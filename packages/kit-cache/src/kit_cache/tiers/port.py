"""The common part of the tiers outside the process.

A row is a mark, 16 random bytes, and for a value also the cache's version, its expiry and the encoded value. A
writer says which state it saw before it loaded the value: the version and the row's first bytes. A
deletion leaves a tombstone behind and a clearing a new version, so the state is another one, and values that were
loaded before are refused.
"""

import os
import struct
import time
from typing import NamedTuple, Protocol

HEAD = 17
# A load that began before a deletion may end as late as the longest Lambda invocation.
TOMBSTONE_SECONDS = 900
_VALUE, _TOMBSTONE = b"V", b"T"
_LAYOUT = struct.Struct(">c16s16sd")


class State(NamedTuple):
    """The state of a row when the tier was asked; `version` is empty when there was none yet."""

    version: bytes
    head: bytes


class Reading(NamedTuple):
    """A tier's answer: its state, and the encoded value with its expiry unless that is missing or has expired."""

    state: State
    body: bytes | None = None
    expires: float = 0.0


class Tier(Protocol):
    """A place for encoded values that may fail at any time and never raises because of it."""

    def read(self, key: str) -> Reading | None:
        """Return the row's value and state, or None if the tier doesn't answer."""

    def write(self, key: str, body: bytes, expires: float, state: State) -> None:
        """Store a value unless the state is no longer `state`."""

    def delete(self, key: str) -> bool:
        """Forget a key and refuse the loads of it that are under way; tell whether that is done."""

    def clear(self) -> bool:
        """Forget every key of the cache likewise."""

    def available(self) -> bool:
        """Tell whether the tier answers."""

    def close(self) -> None:
        """Let go of connections and files."""


def new_version() -> bytes:
    """Return a version that was never there."""
    return os.urandom(16)


def tombstone() -> bytes:
    """Return a row that says: deleted."""
    return _TOMBSTONE + os.urandom(16)


def row(body: bytes, expires: float, version: bytes) -> bytes:
    """Return the row of a value."""
    return _LAYOUT.pack(_VALUE, os.urandom(16), version, expires) + body


def reading(raw: object, version: object, *, written_for: bytes | None = None) -> Reading:
    """Return the meaning of a row and the cache's version; anything but a current value is a miss.

    A row is current if it was written for that version, or for `written_for`.
    """
    version = version if isinstance(version, bytes) else b""
    raw = raw if isinstance(raw, bytes) else b""
    state = State(version, raw[:HEAD])
    if len(raw) < _LAYOUT.size or raw[:1] != _VALUE:
        return Reading(state)
    _, _, written, expires = _LAYOUT.unpack_from(raw)
    if written != (version if written_for is None else written_for) or not expires > time.time():
        return Reading(state)
    return Reading(state, raw[_LAYOUT.size :], expires)
