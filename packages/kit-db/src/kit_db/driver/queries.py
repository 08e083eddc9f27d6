"""The parts of a query, as far as they matter before it is sent a second time."""

from __future__ import annotations

import re

# Comments, and what stands in quotes: 'text', "names" and $tag$bodies$tag$.
_OPAQUE = r"""(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"[^"]*"|(?<![\w$])(\$(?:[^\W\d]\w*)?\$).*?\1"""

_BACK = r"(?i)\bto\b"


def is_single(query: str) -> bool:
    """Tell whether a query is one statement, so that it has no COMMIT of its own; False as well if that isn't sure.

    It isn't where there is a backslash, which may keep a quote from ending a text.
    """
    if ";" not in query:
        return True
    return "\\" not in query and ";" not in re.sub(_OPAQUE, "", query).rstrip("; \t\r\n")


def goes_back(query: str) -> bool:
    """Tell whether a query rolls back to a savepoint, which ends no transaction."""
    return re.search(_BACK, re.sub(_OPAQUE, " ", query)) is not None
