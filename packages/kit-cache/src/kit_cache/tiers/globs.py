"""Redis's glob patterns, for the tiers that are not Redis: `*`, `?`, `[ab-c]`, `[^a]`, and a backslash before any."""

import re
from collections.abc import Callable
from functools import lru_cache


@lru_cache(64)
def matcher(pattern: str) -> Callable[[str], object]:
    """Return a function that tells whether a key matches."""
    out, at = [], 0
    while at < len(pattern):
        sign = pattern[at]
        at += 1
        if sign == "*":
            out.append(".*")
        elif sign == "?":
            out.append(".")
        elif sign == "\\" and at < len(pattern):
            out.append(re.escape(pattern[at]))
            at += 1
        elif sign == "[" and (end := pattern.find("]", at)) > 0:
            inside = pattern[at:end]
            negated = inside.startswith("^")
            chosen = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside[negated:])
            out.append(f"[{'^' if negated else ''}{chosen}]" if chosen else "(?!)")
            at = end + 1
        else:
            out.append(re.escape(sign))
    return re.compile("".join(out), re.DOTALL).fullmatch


def literal_prefix(pattern: str) -> str:
    """Return the beginning that every match has."""
    end = next((at for at, sign in enumerate(pattern) if sign in "*?[\\"), len(pattern))
    return pattern[:end]
