"""Where quotes and brackets end, however often a text has been written into another.

A text that is written into another once, twice, three times has 1, 3, 7 backslashes before each of its quotes.
"""

from kit_core.redaction.patterns import compiled

_PAIRS = {"{": "}", "[": "]", "(": ")"}
_OPENING = (
    r"(?i)(?:[bruf]{1,2}(?=\\{0,15}[\"']))?"
    r"(?P<quote>(?P<slashes>\\{0,15})(?P<mark>\"\"\"|'''|[\"'`])|%(?:25){0,3}2[27])"
)
_STRUCTURE = r"[\[\](){}]|(\\*+)([\"'])"


def quoted(text: str, at: int) -> tuple[int, int, int] | None:
    """Return where the text in quotes at `at` begins and ends, and where its quotes end; None if there is none.

    A quote that isn't closed ends with its line.
    """
    opening = compiled(_OPENING).match(text, at)
    if opening is None:
        return None
    start, quote, mark, slashes = opening.end(), opening["quote"], opening["mark"], len(opening["slashes"] or "")
    if mark is None or len(mark) > 1:
        stop = text.find(quote, start)
        return (start, len(text), len(text)) if stop < 0 else (start, stop, stop + len(quote))
    doubled = -1
    for found in compiled(rf"(\\*+){mark}|[\r\n]").finditer(text, start):
        if found[1] is None or len(found[1]) < slashes:  # the line's end, or the quote of the text around
            return start, found.start(), found.start()
        if found.start() == doubled or not _ends(len(found[1]), slashes):
            continue
        if mark == "'" and not slashes and text[found.end() : found.end() + 1] == "'" and found.start() > start:
            doubled = found.end()  # SQL and YAML write ' as ''
            continue
        return start, found.end() - 1 - slashes, found.end()
    return start, len(text), len(text)


def closing_bracket(text: str, start: int) -> int:
    """Return where the bracket that opens at `start` is closed again, quotes respected; else the text's end."""
    waiting: list[str] = []
    quote, slashes = "", 0
    for found in compiled(_STRUCTURE).finditer(text, start):
        if found[2]:
            if not quote:
                quote, slashes = found[2], len(found[1])
            elif found[2] == quote and _ends(len(found[1]), slashes):
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


def _ends(count: int, slashes: int) -> bool:
    """Tell whether a quote with `count` backslashes before it ends one that was opened with `slashes`."""
    return count >= slashes and ((count + 1) >> ((slashes + 1).bit_length() - 1)) % 2 == 1
