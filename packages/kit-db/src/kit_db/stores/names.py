"""Names in SQL: quoted, and of declared columns alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit_db.errors import UnknownColumnError


def quoted(name: str) -> str:
    """Quote an identifier, `schema.table` as two.

    As libpq's PQescapeIdentifier, plus doubling `%`, which would be a placeholder to the driver.
    """
    return ".".join(quoted_part(part) for part in name.split("."))


def quoted_part(name: str) -> str:
    """Quote one identifier."""
    if not name or "\x00" in name:
        raise ValueError(f"{name!r} can't be a name in PostgreSQL")
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


class Names:
    """The columns of a table by their names."""

    def __init__(self, table: str, names: Sequence[str]) -> None:
        self.table = table
        self.quoted: Mapping[str, str] = {name: quoted_part(name) for name in names}

    def column(self, name: Any) -> str:
        """Return a declared column, quoted; UnknownColumnError names any other."""
        try:
            return self.quoted[name]
        except (KeyError, TypeError):
            raise UnknownColumnError(name, table=self.table) from None

    def columns(self, names: Sequence[str]) -> str:
        """Return several columns with commas."""
        return ", ".join(map(self.column, names))
