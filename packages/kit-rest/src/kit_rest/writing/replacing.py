"""PUT: a row that is there afterwards as the body has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit_db.errors import UniqueViolationError
from kit_handler import Response

from kit_rest.database.mapper import DatabaseMapper
from kit_rest.declaring.claims import claim_value
from kit_rest.declaring.tables import Table
from kit_rest.errors import RestError
from kit_rest.keys import key_values
from kit_rest.query.tree import Leaf
from kit_rest.requests.bodies import Body, rewritten
from kit_rest.requests.mapper import Asked
from kit_rest.requests.shapes import Query
from kit_rest.resource_mapper import ResourceMapper, writable
from kit_rest.validation import validate
from kit_rest.writing.changing import Changes
from kit_rest.writing.creating import Creates
from kit_rest.writing.writer import Precondition, Writer, plain_text

if TYPE_CHECKING:
    from kit_rest.settings import Settings


class Replaces(Writer):
    """Answers PUT."""

    def __init__(
        self,
        resources: ResourceMapper,
        database: DatabaseMapper,
        settings: Settings,
        *,
        creates: Creates,
        changes: Changes,
    ) -> None:
        super().__init__(resources, database, settings)
        self._creates = creates
        self._changes = changes

    def replace(self, asked: Asked, table: Table) -> Response:
        """Answer PUT."""
        query = self.query(asked)
        if asked.shape.limit is not None or asked.shape.offset:
            raise RestError(400, "PGRST114", "limit/offset querystring parameters are not allowed for PUT")
        key = self._put_key(asked, table, query)
        body = self.body(asked, table, "before_create")
        if len(body.rows) != 1:
            raise RestError(400, "PGRST102", "PUT takes one row")
        row = dict(body.rows[0])
        for name, value in key.items():
            if name in row and plain_text(row[name]) != value:
                raise RestError(400, "PGRST115", "Payload values do not match URL in primary key column(s)")
            row.setdefault(name, value)
        body = Body(rewritten(row), [row], many=False)
        names = tuple(dict.fromkeys((*key, *(query.columns or row))))
        allowed = [name for name in names if name not in key]
        writable(table, allowed)
        names = self._without_filters(asked, table, names, key)
        creates = asked.request.headers.get("if-none-match", "").strip() == "*"
        match = Precondition(False, None)
        if not creates or "if-match" in asked.request.headers:
            match = self.precondition(asked, table)
        if match.given:
            validate(table, [row], names)
            changed = [name for name in allowed if name != table.automatic.get("uid")]
            return self._changes.change(asked, table, query, row, changed, match)
        if creates:
            try:
                return self._creates.insert(asked, table, query, body, names, None)
            except UniqueViolationError:
                raise RestError(412, "KIT412", "There is such a row already") from None
        return self._creates.insert(asked, table, query, body, names, table.key)

    def _without_filters(
        self, asked: Asked, table: Table, names: tuple[str, ...], key: dict[str, str]
    ) -> tuple[str, ...]:
        """Return the names without the columns of row filters, which the server sets; 403 for another's key."""
        for name, claim in table.row_filters.items():
            if name in key and key[name] != claim_value(asked.request.authorizer, claim):
                raise RestError(403, "42501", f"permission denied to write such a row of {table.name}")
        return tuple(name for name in names if name not in table.row_filters)

    def _put_key(self, asked: Asked, table: Table, query: Query) -> dict[str, str]:
        if asked.key is not None:
            return dict(zip(table.key, key_values(table, asked.key), strict=True))
        found: dict[str, str] = {}
        conditions = query.conditions.get((), [])
        for leaf in conditions:
            plain = isinstance(leaf, Leaf) and leaf.operator == "eq" and not (leaf.negated or leaf.column.path)
            if plain and isinstance(leaf, Leaf) and isinstance(leaf.value, int):
                found[leaf.column.name] = asked.shape.values[leaf.value]
        if set(found) != set(table.key) or len(conditions) != len(table.key):
            message = "Filters must include all and only primary key columns with 'eq' operators"
            raise RestError(405, "PGRST105", message)
        return found
