"""Patterns, compiled when a text first needs them."""

import re
from functools import cache


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern; options stand in it: `(?i)`."""
    return re.compile(pattern)
