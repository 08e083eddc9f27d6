"""Where quotes and brackets end, however often a text has been written into another."""

import re
from functools import cache

_PAIRS = {"{": "}", "[": "]", "(": ")"}


@cache
def _marks(mark: str) -> "re.Pattern[str]":
    return re.compile(rf"(\\*+){re.escape(mark)}|[\r\n]" if len(mark) == 1 else re.escape(mark), re.IGNORECASE)


@cache
def _structure() -> "re.Pattern[str]":
    return re.compile(r"[\[\](){}]|(\\*+)([\"'])")


def closing_quote(text: str, start: int, opening: str, slashes: int, mark: str | None) -> tuple[int, int]:
    """Return where the quoted text that begins at `start` ends, and where its closing quote ends.

    `slashes`: the backslashes before the opening mark: 0, or 1, 3, 7 where the text is written into another, twice,
    three times. A quote that isn't closed ends with its line.
    """
    if mark is None or len(mark) > 1:
        found = _marks(opening).search(text, start)
        return (len(text), len(text)) if found is None else found.span()
    level = (slashes + 1).bit_length() - 1
    doubled = False
    for found in _marks(mark).finditer(text, start):
        if doubled:
            doubled = False
            continue
        if found[1] is None:
            return found.start(), found.start()
        count = len(found[1])
        if count < slashes:
            return found.start(), found.start()  # a quote further out: the text was cut
        if (count + 1 >> level) % 2 == 0:
            continue
        if mark == "'" and not slashes and text[found.end() : found.end() + 1] == "'" and found.end() - 1 > start:
            doubled = True  # SQL and YAML write ' as ''
            continue
        return found.end() - 1 - slashes, found.end()
    return len(text), len(text)


def closing_bracket(text: str, start: int) -> int:
    """Return where the bracket that opens at `start` is closed again, quotes respected; else the text's end."""
    waiting: list[str] = []
    quote, level = "", 0
    for found in _structure().finditer(text, start):
        if found[2]:
            count = len(found[1])
            if not quote:
                quote, level = found[2], count
            elif found[2] == quote and (count + 1 >> (level + 1).bit_length() - 1) % 2:
                quote = ""
        elif quote:
            continue
        elif found[0] in _PAIRS:
            waiting.append(_PAIRS[found[0]])
        elif found[0] == waiting[-1]:
            waiting.pop()
            if not waiting:
                return found.end()
    return len(text)
