"""What a query's text says: whether it can be sent a second time, and whether it writes."""

from __future__ import annotations

import re

# Comments, and what stands in quotes: 'text', "names" and $tag$bodies$tag$.
_OPAQUE = r"""(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"[^"]*"|(?<![\w$])(\$(?:[^\W\d]\w*)?\$).*?\1"""

# Also inside of WITH, and as one of several statements. FOR UPDATE is followed by no SET.
_WRITES = (
    r"(?is)\b(?:insert\s+into|delete\s+from|merge\s+into)\b|\bupdate\s+(?:only\s+)?[^\s;(),]+[^;()]*?\sset\b|"
    r"(?:^|;)\s*(?:call|truncate)\b"
)
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


def writes(query: str) -> bool:
    """Tell whether a query has a statement that writes rows, or a procedure; what a function does is not known."""
    named = re.sub(_OPAQUE, lambda found: " " if found[0].startswith(("--", "/*")) else " x ", query)
    return re.search(_WRITES, named) is not None
