"""Values and texts without the secrets that events and errors carry."""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REDACTED = "[redacted]"

# What is searched is bounded, so that a large event can't hold up the answer.
_MOST_SEARCHED = 10_000
_MOST_ENTRIES = 100
_MOST_PARSED = 100_000
_MOST_COPIED = 4000
_MOST_CHARACTERS = 400_000
_DEEPEST = 12
_SHORTEST_BASE64 = 16
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_WORDS = (
    "authorization|cookie|password|passwd|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key"
    "|credential|signature|session[-_]?id|csrf|jwt|cvv|card[-_]?number"
)
# `pin`, `otp` and `auth` only as whole words: `shipping` is no secret.
_SECRET_KEY = re.compile(rf"(?i)(?:^|[^a-z])(?:pin|otp|auth)(?:$|[^a-z])|(?:{_WORDS})")
_SECRET_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {REDACTED}"),
    (
        re.compile(rf"""(?ix) ( (?: (?:{_WORDS}) [\w-]{{0,40}} | \b(?:pin|otp|auth)\b ) ["']? \s{{0,9}} [=:] \s{{0,9}} )
                        (?: "(?:[^"\\]|\\.){{0,2000}}"? | '(?:[^'\\]|\\.){{0,2000}}'? | [^\s,;&"'}})]{{1,2000}} )"""),
        rf"\1{REDACTED}",
    ),
    (
        re.compile(rf"(?is)(name=[\"'][^\"'\n]{{0,40}}(?:{_WORDS})[^\n]{{0,200}}\r?\n\r?\n)[^\r\n]{{1,2000}}"),
        rf"\1{REDACTED}",
    ),
    (re.compile(rf"(?i)(<[\w:-]{{0,40}}(?:{_WORDS})[\w-]{{0,40}}>)[^<]{{1,2000}}"), rf"\1{REDACTED}"),
    # A JWT; it begins where a word does, so that a text full of beginnings is not searched from each of them.
    (re.compile(r"(?<![\w-])(?=[\w-]*eyJ)[\w-]++\.[\w-]++\.[\w-]*+"), REDACTED),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), f"://{REDACTED}@"),  # user:password@host
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), REDACTED),
)


def redact_text(text: str) -> str:
    """Return the beginning of `text` without what looks like a secret.

    That is `password=…`, a form's or an XML element's password, `Bearer …`, a JWT, a URL's password, an AWS key.
    """
    text = text[:_MOST_SEARCHED]
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text


def redact(value: "Any") -> "Any":
    """Return a copy of `value` without what is kept under a secret's name; texts are searched.

    Texts are also read as the JSON or base64 that they may be. Of a long list, text or mapping only the beginning is
    kept, and of a large value no more than some thousand entries; what JSON has no form for is its repr.
    """
    return _Redactor().copy(value, 0)


class _Redactor:
    """Copies one value, and stops when it has seen enough, however the value is nested."""

    def __init__(self) -> None:
        self.entries = _MOST_COPIED
        self.characters = _MOST_CHARACTERS

    def copy(self, value: "Any", depth: int) -> "Any":
        self.entries -= 1
        if depth > _DEEPEST or self.entries < 0 or self.characters < 0:
            return "…"
        if isinstance(value, dict):
            return {
                self._key(key): REDACTED if _is_secret(key) and inner else self.copy(inner, depth + 1)
                for key, inner in list(value.items())[:_MOST_ENTRIES]
            }
        if isinstance(value, (list, tuple)):
            return [self.copy(inner, depth + 1) for inner in value[:_MOST_ENTRIES]]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self._text(value if isinstance(value, str) else _shown(value), depth)

    def _key(self, key: "Any") -> str:
        return redact_text(key if isinstance(key, str) else _shown(key))

    def _text(self, text: str, depth: int) -> str:
        self.characters -= min(len(text), _MOST_PARSED)
        if text.lstrip().startswith(("{", "[")) and len(text) <= _MOST_PARSED:
            from kit_core.json import dumps, loads

            try:
                return dumps(self.copy(loads(text), depth + 1))
            except (ValueError, TypeError, RecursionError):
                pass
        inside = _out_of_base64(text)
        if inside is not None:
            clean = self._text(inside, depth + 1) if depth < _DEEPEST else "…"
            return text if clean == inside and len(text) <= _MOST_SEARCHED else clean
        return redact_text(text)


def _is_secret(key: "Any") -> bool:
    return isinstance(key, str) and _SECRET_KEY.search(key[:_MOST_SEARCHED]) is not None


def _out_of_base64(text: str) -> str | None:
    """Return the text that `text` is the base64 of, if it is: bodies and Kinesis data come like that."""
    if len(text) < _SHORTEST_BASE64 or len(text) % 4 or not _BASE64.fullmatch(text):
        return None
    from binascii import Error, a2b_base64

    try:
        inside = a2b_base64(text[: _MOST_PARSED // 4 * 4]).decode()
    except (Error, ValueError):
        return None
    return inside if inside.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else None


def _shown(value: "Any") -> str:
    if isinstance(value, (bytes, bytearray)):
        return value[:_MOST_SEARCHED].decode(errors="replace")
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  (the value's own code)
        return f"<{type(value).__qualname__}>"
