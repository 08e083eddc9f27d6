"""Texts without their secrets, whatever their format."""

from kit_core.redaction.named import redact_named
from kit_core.redaction.shapes import has_digits_of_card, redact_cards, redact_shapes


def redact_plain(text: str) -> str:
    """Return a text without its secrets, found by name and by form."""
    cards = has_digits_of_card(text)
    if not may_have_secrets(text) and not cards:
        return text
    lowered = text.lower()
    if len(lowered) != len(text):  # one letter, whose small form is two characters
        lowered = text.replace("İ", "i").lower()
    text = redact_shapes(redact_named(text, lowered), lowered)
    return redact_cards(text) if cards else text


def may_have_secrets(text: str) -> bool:
    """Tell whether a text has a word or a mark that secrets go with; card numbers excepted.

    Most texts have none, so that this decides how fast a log line is.
    """
    lowered = text.lower()
    return (
        "pass" in lowered
        or "secret" in lowered
        or "token" in lowered
        or "auth" in lowered
        or "cred" in lowered
        or "key" in lowered
        or "ookie" in lowered
        or ("=" in text or '"' in text or "'" in text or ": " in text or ">" in text) and _has_short_name(lowered)
        or "@" in text and "://" in text
        or "_" in text and _has_beginning(lowered)
        or "j" in lowered and ("eyj" in lowered or "iqojb3" in lowered)
        or "bearer " in lowered
        or "basic " in lowered
        or "-" in text and ("sk-" in lowered or "glpat-" in lowered or "pypi-" in lowered or " -" in text and _has_command(lowered))
        or "x" in lowered and "xox" in lowered
        or "z" in lowered and "aiza" in lowered
        or "A" in text and "IA" in text
        or "G" in text and "SG." in text
        or "v" in text and "hvs." in text
        or "://" in text and ("hook" in lowered or "telegram" in lowered)
        or "$" in text and ("$2" in text or "$argon" in text)
        or "%" in text and "%40" in text
    )


def _has_short_name(lowered: str) -> bool:
    return (
        "code" in lowered
        or "card" in lowered
        or "sess" in lowered
        or "sig" in lowered
        or "pin" in lowered
        or "otp" in lowered
        or "pw" in lowered
        or "cv" in lowered
        or "jwt" in lowered
        or "identified by" in lowered
    )


def _has_beginning(lowered: str) -> bool:
    return any(each in lowered for each in ("_live_", "_test_", "_pat_", "ghp_", "gho_", "ghs_", "npm_", "whsec_", "hf_"))


def _has_command(lowered: str) -> bool:
    return any(each in lowered for each in ("curl", "mysql", "login", "redis-cli", "http -"))
