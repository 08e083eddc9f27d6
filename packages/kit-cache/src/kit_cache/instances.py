"""Numbers that tell one object from every other of this process, also from collected ones.

`id()` won't do: an object made after another has gone may get the same one, and with it the other's values.
"""

import threading
import weakref
from itertools import count

_numbers: dict[int, tuple["weakref.ref[object]", int]] = {}
_next = count(1)
_lock = threading.Lock()


def instance_number(instance: object) -> int | None:
    """Return the number of `instance`, or None if it can't be referred to weakly (`__slots__`)."""
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
