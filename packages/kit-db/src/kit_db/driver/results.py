"""The rows of a statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = tuple[Any, ...]


class Result:
    """The rows of a statement, as tuples, and their column names; `count` is how many rows it read or changed.

    `tag` is the server's word for the command, as in `INSERT 0 1` ("CommandComplete" in PostgreSQL's manual).
    """

    __slots__ = ("count", "described", "rows", "tag")

    def __init__(self, rows: list[Row], described: Sequence[Any] | None, count: int, tag: str | None) -> None:
        self.rows = rows
        self.described = described
        self.count = count
        self.tag = tag

    @property
    def columns(self) -> list[str]:
        """The names of the columns; empty for a statement that returns no rows."""
        return [each.name for each in self.described or ()]

    @property
    def types(self) -> tuple[int, ...]:
        """The numbers that the columns' types have in pg_type; those of a domain are its base type's."""
        return tuple(each.type_code for each in self.described or ())
