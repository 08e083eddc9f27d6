"""The way of a write to the method that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit_handler import Response

from kit_rest.database.mapper import DatabaseMapper
from kit_rest.declaring.tables import Table, check_guards
from kit_rest.errors import RestError
from kit_rest.requests.mapper import Asked
from kit_rest.resource_mapper import ResourceMapper
from kit_rest.writing.changing import Changes
from kit_rest.writing.creating import Creates
from kit_rest.writing.replacing import Replaces

if TYPE_CHECKING:
    from kit_rest.settings import Settings


class Writes:
    """Answers POST, PUT, PATCH and DELETE."""

    def __init__(self, resources: ResourceMapper, database: DatabaseMapper, settings: Settings) -> None:
        creates = Creates(resources, database, settings)
        changes = Changes(resources, database, settings)
        replaces = Replaces(resources, database, settings, creates=creates, changes=changes)
        self._settings = settings
        self._methods = {
            "POST": creates.create,
            "PUT": replaces.replace,
            "PATCH": changes.update,
            "DELETE": changes.delete,
        }

    def answer(self, asked: Asked, table: Table) -> Response:
        """Return the answer to a write."""
        if asked.prefer.tx == "rollback" and not self._settings.rollback:
            raise RestError(400, "PGRST122", "Invalid preferences", details="tx=rollback is not enabled")
        if asked.media.kind not in ("json", "csv"):
            raise RestError(406, "PGRST107", "None of these media types are available for a write")
        if asked.shape.cursor is not None:
            raise RestError(400, "PGRST100", "a cursor is for reads")
        if asked.prefer.representation in ("representation", "headers-only"):
            if "GET" not in table.methods:
                raise RestError(403, "42501", f"permission denied to read {table.name}: ask for return=minimal")
            check_guards(table.guards["GET"], asked.request)
        return self._methods[asked.method](asked, table)
