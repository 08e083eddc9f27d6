"""Keyset pages: signed cursors, and the Link to the next page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from kit_db.errors import DatabaseCredentialError, InvalidCursorError

from kit_rest.declaring.claims import claim_value
from kit_rest.errors import RestError

if TYPE_CHECKING:
    from kit_db.stores.pages import Cursors as SignedCursors

    from kit_rest.database.reading import ReadPlan
    from kit_rest.declaring.tables import Table
    from kit_rest.requests.mapper import Asked


class Cursor(NamedTuple):
    """A position in a listing, empty for its beginning."""

    position: Sequence[str | None]
    signed: SignedCursors

    def link(self, asked: Asked, plan: ReadPlan, last: str) -> str:
        """Return the value of Link for the page after a row with these values, as JSON."""
        import json

        query: dict[str, list[str]] = {**asked.request.multi_query, "cursor": [self.signed.write(json.loads(last))]}
        return f'<?{urlencode(query, doseq=True)}>; rel="next"'


class Cursors:
    """Reads the cursors of requests; they are bound to the filters, the order and the caller's row filters."""

    def __init__(self, key: str | bytes | None) -> None:
        self._key = key

    def of(self, asked: Asked, table: Table) -> Cursor:
        """Return the position that `cursor=` tells; PGRST100 if it was altered, or is of another listing."""
        # Loads uuid, platform and ipaddress, which a function without cursors does without.
        from kit_db.stores.pages import Cursors as SignedCursors

        shape = asked.shape
        if shape.offset:
            raise RestError(400, "PGRST100", "a cursor and an offset are two ways to page: use one")
        if asked.key is not None or asked.media.kind != "json":
            raise RestError(400, "PGRST100", "a cursor is for lists in JSON")
        if not all(table.columns[name].readable for name in table.key):
            # A cursor is signed, not encrypted, and holds the key of a row.
            raise RestError(400, "PGRST100", f"a cursor needs a key that may be read, which {table.name} lacks")
        listing: Mapping[str, Any] = {
            "values": shape.values,
            "claims": [claim_value(asked.request.authorizer, each) for each in table.row_filters.values()],
        }
        try:
            signed = SignedCursors(self._key, f"{asked.profile}.{table.name}", [repr(shape.entries)], listing)
            position = signed.read(shape.cursor) if shape.cursor else []
        except InvalidCursorError:
            message = "The cursor was altered, or is of another listing"
            raise RestError(400, "PGRST100", message) from None
        except DatabaseCredentialError:
            raise RestError(400, "PGRST100", "Cursors are not enabled: the server has no key to sign them") from None
        return Cursor(position, signed)
