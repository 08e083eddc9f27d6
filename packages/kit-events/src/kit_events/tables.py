"""The names of tables."""

import re

_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")


def table_name(name: str) -> str:
    """Return the name if it can stand in SQL as it is: lower case, with its schema or without. Raise ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"a table's name is lower-case letters, digits and underscores, not {name!r}")
    return name
