"""The types of a table's columns, as far as the class of the entity does not tell them: composite types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kit_db.driver.reading import FIRST_OF_USERS

if TYPE_CHECKING:
    from kit_db.database import Database

Attributes = tuple[tuple[str, int], ...]

# Of a domain the base type, of an array the type of its elements, of a composite type its attributes.
_QUERY = (
    "SELECT t.oid::int8, t.oid::regtype::text, t.typbasetype::int8, "
    "CASE t.typlen WHEN -1 THEN t.typelem ELSE 0 END::int8, a.attname::text, a.atttypid::int8 "
    "FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_attribute a "
    "ON t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped "
    "WHERE t.oid = ANY(%s::oid[]) ORDER BY t.oid, a.attnum"
)


class UserTypes:
    """Types that were made in the database, by their numbers in pg_type."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._bases: dict[int, int] = {}
        self._elements: dict[int, int] = {}
        self._attributes: dict[int, Attributes] = {}

    def look_up(self, database: Database, codes: Iterable[int]) -> None:
        """Ask the database for types, and for the types that these are made of."""
        wanted = {code for code in codes if code >= FIRST_OF_USERS}
        known: set[int] = set()
        while wanted - known:
            rows = database.run(_QUERY, [sorted(wanted - known)], repeatable=True).rows
            known |= wanted
            attributes: dict[int, list[tuple[str, int]]] = {}
            for code, said, base, element, name, kind in rows:
                self._names[code], self._bases[code], self._elements[code] = said, base, element
                if name is not None:
                    attributes.setdefault(code, []).append((name, kind))
                wanted |= {each for each in (base, element, kind or 0) if each >= FIRST_OF_USERS}
            self._attributes.update({code: tuple(found) for code, found in attributes.items()})

    def name(self, code: int) -> str:
        """Return the name of a type, quoted and with its schema as far as that is needed."""
        return self._names[code]

    def base(self, code: int) -> int:
        """Return the type under a domain, or the type itself."""
        while self._bases.get(code):
            code = self._bases[code]
        return code

    def element(self, code: int) -> int | None:
        """Return the type of an array's elements, None if it is no array, or one of PostgreSQL's own types."""
        return self._elements.get(self.base(code)) or None

    def attributes(self, code: int) -> Attributes | None:
        """Return the names and types of a composite type's attributes, None if it is none."""
        return self._attributes.get(self.base(code))

    def holds_record(self, code: int) -> bool:
        """Tell whether a type is composite, or an array of such."""
        element = self.element(code)
        return self.attributes(code) is not None or (element is not None and self.attributes(element) is not None)
