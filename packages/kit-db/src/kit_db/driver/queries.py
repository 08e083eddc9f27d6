"""The parts of a query, as far as they matter before it is sent a second time."""

import re

# Comments, and what stands in quotes: 'text', "names" and $tag$bodies$tag$.
_OPAQUE = re.compile(r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"[^"]*"|(?<![\w$])(\$(?:[^\W\d]\w*)?\$).*?\1""", re.DOTALL)

_BACK = re.compile(r"\bto\b", re.IGNORECASE)


def is_single(query: str) -> bool:
    """Tell whether a query is one statement, so that it has no COMMIT of its own; False as well if that isn't sure.

    It isn't where there is a backslash, which may keep a quote from ending a text.
    """
    if ";" not in query:
        return True
    return "\\" not in query and ";" not in _OPAQUE.sub("", query).rstrip("; \t\r\n")


def goes_back(query: str) -> bool:
    """Tell whether a query rolls back to a savepoint, which ends no transaction."""
    return _BACK.search(_OPAQUE.sub(" ", query)) is not None
