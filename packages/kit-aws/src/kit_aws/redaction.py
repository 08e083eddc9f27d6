"""Texts and values without the secrets that errors carry."""

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

REDACTED = "[redacted]"

_DEEPEST = 12
_WORDS = (
    "authorization|cookie|password|passwd|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key"
    "|credential|signature|session[-_]?id|jwt|cvv|card[-_]?number"
)
# `pin`, `otp` and `auth` only as whole words: `shipping` is no secret.
_SECRET_NAME = re.compile(rf"(?i)(?:^|[^a-z])(?:pin|otp|auth)(?:$|[^a-z])|{_WORDS}")
_SECRET_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {REDACTED}"),
    (
        re.compile(
            rf"""(?ix) ( (?: (?:{_WORDS}) [\w-]{{0,40}} | \b(?:pin|otp|auth)\b ) \\? ["']? \s{{0,9}} [=:] \s{{0,9}} )
            (?: \\"[^"\\]{{0,2000}}\\" | "(?:[^"\\]|\\.){{0,2000}}"?
              | '(?:[^'\\]|\\.){{0,2000}}'? | [^\s,;&"'}})\]]{{1,2000}} )"""
        ),
        rf"\1{REDACTED}",
    ),
    # A JWT. It begins where a word does, so that a text full of beginnings is not searched from each of them.
    (re.compile(r"(?<![\w-])(?=[\w-]*eyJ)[\w-]++\.[\w-]++\.[\w-]*+"), REDACTED),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), f"://{REDACTED}@"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), REDACTED),
    (re.compile(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)"), REDACTED),
)


def redact_text(text: str) -> str:
    """Return `text` without what looks like a secret.

    That is `password=…` and the like, `Bearer …`, a JWT, a URL's password, an AWS key's id, a private key.
    """
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def redact(value: Any, depth: int = 0) -> Any:
    """Return a copy of a payload without what is kept under a secret's name; texts are searched."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {
            redact(key, depth + 1): REDACTED if _is_secret(key) and inner else redact(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, Sequence | Set) and not isinstance(value, bytes | bytearray):
        return [redact(inner, depth + 1) for inner in value]
    return value


def _is_secret(name: Any) -> bool:
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None
