"""How parameters become the text of a statement, where psycopg2's own way would change or refuse them.

UUID                 as a uuid
Decimal              Infinity, which psycopg2 writes as NaN; a signalling NaN is refused
timedelta            with a sign in each part: in IntervalStyle sql_standard a single one would be that of all parts
infinite dates       as `infinity`, which they were read from
ExactFloat           with the digits of the document that it was read from
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from kit_core.json import ExactFloat
from psycopg2.extensions import AsIs, ISQLQuote, adapters, register_adapter

from kit_db.driver.times import InfiniteDate, InfiniteDatetime, infinite_text, interval_text

_own: dict[type, Callable[[Any], Any]] = {kind: adapters[kind, ISQLQuote] for kind in (Decimal, date, datetime)}
_adapt_finite = _own[Decimal]


def _adapt_decimal(value: Decimal) -> Any:
    if value.is_finite():
        return _adapt_finite(value)
    if value.is_snan():
        raise ValueError("a signalling NaN")
    return AsIs(f"'{value}'::numeric")


def _adapt_infinite(value: date) -> Any:
    text = infinite_text(value)
    if text is None:
        return _own[datetime if isinstance(value, datetime) else date](value)
    if not isinstance(value, datetime):
        return AsIs(f"'{text}'::date")
    return AsIs(f"'{text}'::timestamp{'' if value.tzinfo is None else 'tz'}")


def _adapt_digits(value: ExactFloat) -> Any:
    # A space, or a minus before it would begin a comment.
    return AsIs(f" {value}" if value.digits.startswith("-") else str(value))


def register() -> None:
    """Register these ways with psycopg2, for the whole process: it has no others."""
    register_adapter(UUID, lambda value: AsIs(f"'{value}'::uuid"))
    register_adapter(Decimal, _adapt_decimal)
    register_adapter(ExactFloat, _adapt_digits)
    register_adapter(timedelta, lambda value: AsIs(f"'{interval_text(value)}'::interval"))
    register_adapter(InfiniteDate, _adapt_infinite)
    register_adapter(InfiniteDatetime, _adapt_infinite)
