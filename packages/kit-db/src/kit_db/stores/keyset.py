"""Orders of rows, and the rows after a position.

PostgreSQL puts NULL last in an ascending order and first in a descending one ("Sorting Rows" in its manual).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Term(NamedTuple):
    """A column to order by, quoted."""

    column: str
    descending: bool
    nullable: bool

    @property
    def sql(self) -> str:
        """Return it as ORDER BY has it."""
        return f"{self.column} DESC" if self.descending else self.column


def order_by(terms: Sequence[Term], table: str | None = None) -> str:
    """Return the ORDER BY clause, with columns of the `table` if it is given; nothing for no terms."""
    prefix = "" if table is None else f"{table}."
    return f" ORDER BY {', '.join(prefix + term.sql for term in terms)}" if terms else ""


def after(terms: Sequence[Term], position: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the condition for the rows after the one with these values in the columns of the order.

    Where no NULL can come and all directions are one, it is a comparison of rows, which an index on these columns
    answers from the right place on. Otherwise it is spelled out, under a bound on the first column that an index knows.
    """
    plain = not any(term.nullable or value is None for term, value in zip(terms, position, strict=True))
    if plain and len({term.descending for term in terms}) == 1:
        columns = ", ".join(term.column for term in terms)
        sign = "<" if terms[0].descending else ">"
        return f"({columns}) {sign} ({', '.join(['%s'] * len(terms))})", list(position)
    alternatives, parameters = [], []
    equal: list[str] = []
    known: list[Any] = []
    for term, value in zip(terms, position, strict=True):
        beyond = _beyond(term, value)
        if beyond is not None:
            alternatives.append(" AND ".join([*equal, beyond]))
            parameters += known if value is None else [*known, value]
        equal.append(f"{term.column} IS NULL" if value is None else f"{term.column} = %s")
        known += [] if value is None else [value]
    condition = " OR ".join(f"({each})" for each in alternatives)
    bound = _bound(terms[0], position[0])
    if bound is not None:
        return f"{bound} AND ({condition})", [position[0], *parameters]
    return f"({condition})", parameters


def _beyond(term: Term, value: Any) -> str | None:
    """Return the condition for the values after one value, or None if there are none."""
    if value is None:
        return f"{term.column} IS NOT NULL" if term.descending else None
    if term.descending:
        return f"{term.column} < %s"
    return f"({term.column} > %s OR {term.column} IS NULL)" if term.nullable else f"{term.column} > %s"


def _bound(term: Term, value: Any) -> str | None:
    if value is None or (term.nullable and not term.descending):
        return None
    return f"{term.column} {'<=' if term.descending else '>='} %s"
