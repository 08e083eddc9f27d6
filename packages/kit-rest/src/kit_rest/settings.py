"""The options of an Api, as the layers see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from kit_handler import Response

if TYPE_CHECKING:
    from kit_handler import Request

    from kit_rest.cursors import Cursors
    from kit_rest.declaring.tables import Table
    from kit_rest.requests.mapper import Asked


class Settings(NamedTuple):
    """The options.

    most_bytes, most_rows: of a body; plans: whether EXPLAIN is answered; rollback: whether `tx=rollback` is
    idempotency: the table of kept answers
    cursors: of keyset pages; root: answers `/`; announce: publishes the events of a write
    """

    most_bytes: int
    most_rows: int
    plans: bool
    rollback: bool
    idempotency: str | None
    cursors: Cursors
    root: Callable[[Asked], Response]
    announce: Callable[[Table, str, list[dict[str, Any]], Request], None]
