"""The text that stands for arguments: readable, the same in every process, and another one for other types."""

import hashlib
from enum import Enum

from kit_cache.codec.values import to_json, to_text

LONGEST = 160  # characters of a key that is not hashed
_HEAD = 40


def text_of(value: object) -> str:
    """Return the one JSON text that stands for `value`, in any order of its dicts and sets."""
    return to_text(_canonical(value))


def digest(text: str) -> str:
    """Return a short text that stands for a long one, or for one that nobody may read."""
    return "#" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def shortened(text: str) -> str:
    """Return `text` where it may stand in a key as it is, else its beginning and its digest."""
    if len(text) <= LONGEST and text.isascii() and text.isprintable():
        return text
    head = text[:_HEAD]
    return (head if head.isascii() and head.isprintable() else "") + digest(text)


def _canonical(value: object) -> object:
    kind = type(value)
    if isinstance(value, Enum):
        # A combination of flags of which none is declared has no name.
        return {"$": ["enum", kind.__module__, kind.__qualname__, value.name or str(value.value)]}
    if kind is dict:
        pairs = [[text_of(key), _canonical(item)] for key, item in value.items()]  # type: ignore[attr-defined]
        return {"$": ["dict", sorted(pairs, key=lambda pair: str(pair[0]))]}
    if kind is list or kind is tuple:
        return {"$": [kind.__name__, [_canonical(item) for item in value]]}  # type: ignore[attr-defined]
    if kind is set or kind is frozenset:
        return {"$": ["set", sorted(text_of(item) for item in value)]}  # type: ignore[attr-defined]
    if hasattr(kind, "cache_key"):
        return {"$": ["object", kind.__module__, kind.__qualname__, _canonical(value.cache_key())]}  # type: ignore[attr-defined]
    return to_json(value)
