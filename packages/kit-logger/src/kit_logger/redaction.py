"""Secrets taken out of what is logged: by the name that they go by, and by their shape in a text.

A name is looked at without its case and punctuation, and by how it ends: `x-api-key`, `ClientSecret` and `db_password`
are secrets, `secret_arn` and `token_count` are not.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from math import isfinite
from typing import Any

REDACTED = "***"

# How the name of a secret ends; `~` stands for what may be between two words.
_ENDING = (
    "passw(?:or)?ds?|passphrase|pwd|authorization|cookies?|credentials?|api~keys?|connection~string|conn~str|dsn|jwt"
    "|bearer|signature|(?:secret|token)s?(?:~(?:value|string|text|hash))?"
    "|(?:secret|private|signing|encryption)~(?:access~)?keys?"
)
_SENSITIVE = re.compile(rf"(?:{_ENDING.replace('~', '')})\Z|\A(?:auth|otp|pin)\Z")
_PUNCTUATION = re.compile(r"[^a-z0-9]")

# Every repetition is bounded or can only end one way, so that the time grows with the length of the text alone. What
# comes before the name's ending doesn't matter, so nothing has to be tried there; but `…:123456789012:secret:name` is
# an ARN.
_NAMED = re.compile(
    rf"(?<!\d{{12}}:)((?:{_ENDING.replace('~', '[-_ ]?')}|\b(?:auth|otp|pin))"
    r"\\{0,3}[\"']?\s{0,3}(?:=>|[=:])\s{0,3})"
    r"(?:(?P<quote>\\{0,3}[\"'])(?:(?!(?P=quote))(?:\\.|.))*(?:(?P=quote))?"
    r"|(?:(?:bearer|basic|digest|token)\s{1,3})?[^\s,;&\"'}\])\\]+)",
    re.IGNORECASE | re.DOTALL,
)
_BEARER = re.compile(r"\b(bearer\s{1,3})[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_JWT = re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_USERINFO = re.compile(r"(://[^\s:/@\"']{0,200}:)[^\s/@\"']{1,400}@")
_HINT = re.compile(
    "passw|passphrase|pwd|auth|cookie|credential|key|conn|dsn|jwt|bearer|signature|secret|token|otp|pin|://|eyJ",
    re.IGNORECASE,
)

_DEEPEST = 12
_AS_THEY_ARE = frozenset({int, bool, type(None)})
_known: dict[str, bool] = {}


def is_sensitive(name: str) -> bool:
    """Tell whether what goes by this name is a secret."""
    known = _known.get(name)
    if known is None:
        known = _SENSITIVE.search(_PUNCTUATION.sub("", name[-80:].lower())) is not None
        if len(_known) < 4096:  # names may come from outside
            _known[name] = known
    return known


def redact_text(text: str) -> str:
    """Take what looks like a secret out of a text: `password=…`, `Bearer …`, `user:…@host`, a JWT."""
    if _HINT.search(text) is None:
        return text
    text = _NAMED.sub(rf"\1\g<quote>{REDACTED}\g<quote>", text)
    text = _BEARER.sub(rf"\1{REDACTED}", text)
    text = _JWT.sub(REDACTED, text)
    return _USERINFO.sub(rf"\1{REDACTED}@", text)


def redact(value: Any) -> Any:
    """Return `value` as JSON's own types, without its secrets.

    What JSON doesn't know becomes its text; what contains itself, or is nested too deep, an ellipsis.
    """
    return _redacted(value, ())


def _redacted(value: Any, above: tuple[int, ...]) -> Any:
    kind = type(value)
    if kind is str:
        return redact_text(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        return value if isfinite(value) else str(value)  # JSON knows neither NaN nor infinity
    if isinstance(value, Enum):
        return _redacted(value.value, above)
    if isinstance(value, Mapping):
        return _inside(value, above, _mapping)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _inside(value, above, _items)
    return redact_text(_as_text(value))


def _inside(value: Any, above: tuple[int, ...], walk: Any) -> Any:
    if id(value) in above or len(above) >= _DEEPEST:
        return "…"
    return walk(value, (*above, id(value)))


def _mapping(value: Mapping[Any, Any], above: tuple[int, ...]) -> dict[str, Any]:
    result = {}
    for key, item in value.items():
        name = key if type(key) is str else _as_text(key)
        result[name] = REDACTED if _hides(name, item) else _redacted(item, above)
    return result


def _items(value: Any, above: tuple[int, ...]) -> list[Any]:
    items = list(value)
    # A header is often a pair: ("Authorization", "Bearer …").
    if len(items) == 2 and isinstance(items[0], str) and _hides(items[0], items[1]):
        return [items[0], REDACTED]
    return [_redacted(item, above) for item in items]


def _hides(name: str, item: Any) -> bool:
    """Tell whether an item is a secret because of its name; nothing and a flag are none."""
    return item is not None and type(item) is not bool and is_sensitive(name)


def _as_text(value: Any) -> str:
    try:
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, (bytes, bytearray)):
            return bytes(value).decode("utf-8", "backslashreplace")
        return str(value)
    except Exception:  # noqa: BLE001  # whatever an object's own __str__ raises, the line is written
        return f"<{type(value).__name__}>"
