"""The identity of an object: its class where it has no state, else its declared key, else a number."""

import threading
import weakref
from itertools import count

_numbers: dict[int, tuple["weakref.ref[object]", int]] = {}
_next = count(1)
_lock = threading.Lock()


def has_state(instance: object) -> bool:
    """Tell whether an object has attributes of its own, beside those of its class."""
    if getattr(instance, "__dict__", None):
        return True
    return any(base.__dict__.get("__slots__") for base in type(instance).__mro__)


def instance_number(instance: object) -> int | None:
    """Return a number that no other object of this process has or had; None if it can't be referred to weakly.

    `id()` won't do: an object made after another has gone may get the same one, and with it the other's values.
    """
    known = _numbers.get(id(instance))
    if known is not None and known[0]() is instance:
        return known[1]
    address = id(instance)
    try:
        reference = weakref.ref(instance, lambda gone: _forget(address, gone))
    except TypeError:
        return None
    with _lock:
        known = _numbers.get(address)
        if known is not None and known[0]() is instance:
            return known[1]
        number = next(_next)
        _numbers[address] = (reference, number)
        return number


def _forget(address: int, gone: "weakref.ref[object]") -> None:
    known = _numbers.get(address)
    if known is not None and known[0] is gone:
        del _numbers[address]
