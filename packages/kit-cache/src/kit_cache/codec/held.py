"""Values in memory, so that no reader changes the value of another.

- An immutable value is handed out as it is, and so is an object that kit-cache knows nothing of.
- A dict, list or set of immutable values is copied by its own `copy`.
- A container of containers is kept as bytes of `marshal`, made and read by this process alone, and read for each hit:
  that takes a third of the time of JSON. (marshal is unsafe for bytes from anywhere else; these never leave memory.)
- A container with an object that marshal does not know (a datetime in a dict) is copied container by container.
"""

import marshal
import sys
from collections.abc import Callable, Iterable
from typing import Any

from kit_cache.codec.values import IMMUTABLE

_MARSHALLED: frozenset[type] = frozenset({str, int, float, bool, bytes, type(None)})
_OVERHEAD = 200  # bytes of an entry beside its value
_DEEPEST = 50

Take = Callable[[], Any]


def hold(value: Any, *, share: bool = False) -> tuple[Take | None, Any, int]:
    """Return how a reader gets the value (None: as it is), the value to hand out as it is, and its size in bytes.

    share: hand the same object to every reader, as `functools.lru_cache` does
    """
    kind = type(value)
    if share or is_immutable(value):
        return None, value, _OVERHEAD + _size_of(value)
    if kind is not tuple and _all_in(IMMUTABLE, value.values() if kind is dict else value):
        return value.copy().copy, None, _OVERHEAD + _size_of(value)
    if _is_marshalled(value):
        body = marshal.dumps(value)
        return _Marshalled(body).take, None, _OVERHEAD + len(body)
    return _Copied(copied(value)).take, None, _OVERHEAD + _size_of(value)


def is_used_up(value: object) -> bool:
    """Tell whether a value is a coroutine or an iterator, which its first reader uses up."""
    return hasattr(value, "__await__") or hasattr(value, "__next__")


class _Marshalled:
    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    def take(self) -> Any:
        return marshal.loads(self._body)  # noqa: S302  (bytes that this process has made)


class _Copied:
    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def take(self) -> Any:
        return copied(self._value)


def copied(value: Any) -> Any:
    """Return a copy of every dict, list, set and tuple in `value`; other objects are handed out as they are."""
    kind = type(value)
    if kind in IMMUTABLE:
        return value
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    if kind is list:
        return [copied(item) for item in value]
    if kind is tuple:
        return tuple([copied(item) for item in value])
    if kind is set:
        return set(value)
    return value


def is_immutable(value: object) -> bool:
    """Tell whether `value` can be handed to everybody without a copy."""
    kind = type(value)
    if kind is tuple:
        return all(is_immutable(item) for item in value)  # type: ignore[attr-defined]
    return kind in IMMUTABLE or kind not in (dict, list, set)


def _all_in(kinds: frozenset[type], items: Iterable[object]) -> bool:
    return kinds.issuperset(map(type, items))


def _is_marshalled(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        if not _all_in(_MARSHALLED, value):
            return False
        items = value.values()
    elif kind is list or kind is tuple or kind is set or kind is frozenset:
        items = value
    else:
        return kind in _MARSHALLED
    return all(type(item) in _MARSHALLED or _is_marshalled(item) for item in items)


def _size_of(value: Any, depth: int = 0) -> int:
    """Return about how many bytes a value takes; the attributes of an object that is no container do not count."""
    size = sys.getsizeof(value, 64)
    kind = type(value)
    if depth < _DEEPEST and kind not in IMMUTABLE:
        if kind is dict:
            size += sum(_size_of(key, depth + 1) + _size_of(item, depth + 1) for key, item in value.items())
        elif kind in (list, tuple, set, frozenset):
            size += sum(_size_of(item, depth + 1) for item in value)
    return size
