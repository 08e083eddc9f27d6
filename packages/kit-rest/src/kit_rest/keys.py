"""Keys: those in a path, and new identifiers."""

from __future__ import annotations

import os
import time

from kit_rest.declaring.tables import Table
from kit_rest.errors import RestError
from kit_rest.query.tree import ColumnRef, Leaf
from kit_rest.resource_mapper import Node, Test


def new_uid() -> str:
    """Return a UUIDv7 (RFC 9562): the milliseconds since 1970, then random bits."""
    random = int.from_bytes(os.urandom(10))
    value = (time.time_ns() // 1_000_000 << 80) | random
    value = (value & ~(0xF << 76)) | 0x7 << 76
    value = (value & ~(0x3 << 62)) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def add_key(node: Node, table: Table) -> None:
    """Add the conditions for the key in the path, whose values come after the values of the query."""
    for at, name in enumerate(table.key):
        node.conditions.append(Test(table.columns[name], Leaf(ColumnRef(name), "eq", at - len(table.key))))


def key_values(table: Table, key: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of a key in the path; 404 if they are not as many as it has columns."""
    if len(key) != len(table.key):
        raise RestError(404, "PGRST125", "Invalid path specified in request URL")
    return key
