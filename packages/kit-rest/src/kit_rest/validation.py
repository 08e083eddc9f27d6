"""The validators of an entity, for the values that a body brings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kit_rest.declaring.tables import Table
from kit_rest.errors import RestError


def validate(table: Table, rows: Iterable[dict[str, Any]], names: Iterable[str]) -> None:
    """Check values whose field has validators; KIT400 names each wrong one.

    Types alone are PostgreSQL's to check, which reads the same JSON.
    """
    if not table.validators:
        return
    from marshmallow import ValidationError

    checked = [name for name in names if name in table.validators]
    wrong: list[dict[str, str]] = []
    rows = list(rows)
    for at, row in enumerate(rows):
        for name in checked:
            if name not in row or (row[name] is None and table.columns[name].nullable):
                continue
            try:
                table.validators[name].deserialize(row[name])
            except ValidationError as error:
                field = name if len(rows) == 1 else f"{at}.{name}"
                wrong += [{"field": field, "message": text} for text in _texts(error.messages)]
    if wrong:
        details = "; ".join(f"{each['field']}: {each['message']}" for each in wrong[:10])
        raise RestError(400, "KIT400", "The body has values that are not allowed", details=details, fields=wrong)


def _texts(messages: Any) -> list[str]:
    if isinstance(messages, dict):
        return [text for each in messages.values() for text in _texts(each)]
    return [text for each in messages for text in _texts(each)] if isinstance(messages, list) else [str(messages)]
