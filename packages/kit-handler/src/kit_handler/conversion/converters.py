"""Texts of a path as values: `{id:int}`, `{id:uuid}`, `{day:date}`."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Accepts = Callable[[str], object]


def _int(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError(text)
    return int(text)


def _uuid(text: str) -> object:
    from uuid import UUID

    if len(text) != 36:  # UUID() would take braces, a URN, or no hyphens, too
        raise ValueError(text)
    return UUID(text)


def _date(text: str) -> object:
    from datetime import date

    if len(text) != 10 or text[7] != "-":  # fromisoformat() would take 2030-W05-4, too
        raise ValueError(text)
    return date.fromisoformat(text)


CONVERTERS: "dict[str, Accepts]" = {"int": _int, "uuid": _uuid, "date": _date}
"""What a segment may be, by the name after the colon; a ValueError means that the path is another."""
