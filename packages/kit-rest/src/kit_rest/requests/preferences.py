"""The header field Prefer (RFC 7240), with PostgREST's preferences."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from kit_rest.errors import RestError

_CHOICES = {
    "return": ("representation", "minimal", "headers-only"),
    "count": ("exact", "planned", "estimated"),
    "resolution": ("merge-duplicates", "ignore-duplicates"),
    "missing": ("default", "null"),
    "handling": ("strict", "lenient"),
    "tx": ("commit", "rollback"),
}


class Preferences:
    """The preferences of a request, None where it has none."""

    __slots__ = ("count", "handling", "max_affected", "missing", "representation", "resolution", "timezone", "tx")

    def __init__(self) -> None:
        self.representation: str | None = None
        self.count: str | None = None
        self.resolution: str | None = None
        self.missing: str | None = None
        self.handling: str | None = None
        self.tx: str | None = None
        self.timezone: str | None = None
        self.max_affected: int | None = None

    @classmethod
    def parse(cls, text: str | None) -> Preferences:
        """Read the field's value; of a preference that comes twice, the first counts (RFC 7240, section 2).

        Unknown ones are ignored, with `handling=strict` they are PGRST122.
        """
        return _parsed(text) if text else NONE

    @classmethod
    def _of(cls, text: str) -> Preferences:
        found = cls()
        invalid: list[str] = []
        seen: set[str] = set()
        for token in text.split(","):
            name, _, value = (each.strip() for each in token.strip().partition("="))
            if not name or name in seen:
                continue
            seen.add(name)
            if not found._take(name, value):
                invalid.append(token.strip())
        if invalid and found.handling == "strict":
            details = f"Invalid preferences: {', '.join(invalid)}"
            raise RestError(400, "PGRST122", "Invalid preferences given with handling=strict", details=details)
        return found

    def _take(self, name: str, value: str) -> bool:
        if value in _CHOICES.get(name, ()):
            setattr(self, "representation" if name == "return" else name, value)
            return True
        take = _OTHERS.get(name)
        return take is not None and take(self, value)

    @property
    def strict(self) -> bool:
        """Whether a preference that can't be kept to is an error."""
        return self.handling == "strict"


@lru_cache(maxsize=256)
def _parsed(text: str) -> Preferences:
    # A client sends the same few; nobody changes them.
    return Preferences._of(text)


def _take_timezone(preferences: Preferences, value: str) -> bool:
    if not value or len(value) > 64 or not all(each.isalnum() or each in "_+-/:" for each in value):
        return False
    preferences.timezone = value
    return True


def _take_max_affected(preferences: Preferences, value: str) -> bool:
    if not value.isdecimal() or len(value) > 9:
        return False
    preferences.max_affected = int(value)
    return True


_OTHERS: dict[str, Callable[[Preferences, str], bool]] = {
    "timezone": _take_timezone,
    "max-affected": _take_max_affected,
}

NONE = Preferences()
"""Those of a request that has none; never changed."""
