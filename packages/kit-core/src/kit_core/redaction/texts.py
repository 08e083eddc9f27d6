"""Texts without their secrets, whatever their format."""

from kit_core.redaction.named import redact_named
from kit_core.redaction.shapes import redact_shapes


def has_hint(text: str) -> bool:
    """Tell whether a text may hold a secret."""
    return True


def redact_plain(text: str) -> str:
    """Return a text without its secrets, found by name and by form."""
    lowered = text.lower()
    if len(lowered) != len(text):  # the one letter whose small form is two characters
        lowered = text.replace("İ", "i").lower()
    redacted = redact_named(text, lowered)
    return redact_shapes(redacted, lowered)
