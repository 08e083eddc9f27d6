"""Pages of rows, and the signed cursors that lead from one to the next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from kit_db.entities.values import text
from kit_db.errors import DatabaseCredentialError, InvalidCursorError
from kit_db.filters import Condition

E = TypeVar("E")

KEY_VARIABLE = "KIT_DB_CURSOR_KEY"
_SHORTEST_KEY = 16
_SIGNATURE = 32


class Page(Generic[E]):
    """Some rows of an order; `next` is the cursor of the page after it, None if this is the last one."""

    __slots__ = ("items", "next")

    def __init__(self, items: list[E], next: str | None) -> None:  # noqa: A002
        self.items = items
        self.next = next

    @property
    def has_more(self) -> bool:
        """Whether there is a page after this one."""
        return self.next is not None

    def __iter__(self) -> Iterator[E]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<Page of {len(self.items)}, {'more to come' if self.has_more else 'the last one'}>"


class Cursors:
    """Writes and reads the cursors of one listing: a table, an order and a filter.

    A cursor holds the last row's values in the order's columns, readable, and a signature (HMAC-SHA256) over these
    and over the listing, which is not in it. So one that was altered, or made for another listing, is refused.
    """

    def __init__(self, key: str | bytes | None, table: str, order: Sequence[str], match: Mapping[str, Any]) -> None:
        self._key = _key(key)
        listing = [table, order, [[name, _described(match[name])] for name in sorted(match)]]
        self._listing = json.dumps(["kit-db cursor 2", *listing], default=text).encode()

    def write(self, position: Sequence[Any]) -> str:
        """Return the cursor for the rows after a row with these values."""
        from base64 import urlsafe_b64encode

        payload = json.dumps([None if each is None else text(each) for each in position]).encode()
        return urlsafe_b64encode(self._sign(payload) + payload).rstrip(b"=").decode()

    def read(self, cursor: str) -> list[str | None]:
        """Return the values in a cursor, as PostgreSQL's text. InvalidCursorError if it was not written here."""
        from base64 import urlsafe_b64decode, urlsafe_b64encode
        from hmac import compare_digest

        try:
            signed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            canonical = urlsafe_b64encode(signed).rstrip(b"=").decode() == cursor
        except (AttributeError, ValueError):
            raise InvalidCursorError("not a cursor") from None
        signature, payload = signed[:_SIGNATURE], signed[_SIGNATURE:]
        if not canonical or not compare_digest(signature, self._sign(payload)):
            raise InvalidCursorError("the cursor was altered, or is of another listing or key")
        position: list[str | None] = json.loads(payload)
        return position

    def _sign(self, payload: bytes) -> bytes:
        import hmac

        # The listing has a length of its own in front: no two pairs of it and a payload make one message.
        message = len(self._listing).to_bytes(8) + self._listing + payload
        return hmac.digest(self._key, message, "sha256")


def _described(value: Any) -> Any:
    """Return a value that is matched as JSON has it: the same for all that are equal, also for a set in any order."""
    if isinstance(value, Condition):
        return {"operator": value.operator, "values": _described(list(value.values))}
    if isinstance(value, (set, frozenset)):
        return {"set": sorted(json.dumps(_described(each), default=text) for each in value)}
    if isinstance(value, (list, tuple)):
        return [_described(each) for each in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else text(value)


def _key(given: str | bytes | None) -> bytes:
    import os

    key = os.environ.get(KEY_VARIABLE, "") if given is None else given
    made = key.encode() if isinstance(key, str) else key
    if len(made) < _SHORTEST_KEY:
        what = "too short" if made else "missing"
        raise DatabaseCredentialError(
            f"the key that signs cursors is {what}: {_SHORTEST_KEY} bytes at least, "
            f"by cursor_key of the store or {KEY_VARIABLE}",
            names=("cursor_key",),
        )
    return made
