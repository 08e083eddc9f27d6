"""Enums, dataclasses and entities as values: by the name of their class, and only of classes that are imported already.

No code of a class runs when a value is read: neither its module is imported nor its constructor called. A class that
is unknown here, or has other fields than it had, makes the value a miss.
"""

import sys
from enum import Enum
from typing import Any
from zlib import crc32

_MISSING = object()


def fields_of(kind: type) -> tuple[str, ...] | None:
    """Return the names of a record's fields, or None if the class is no record.

    A record is a dataclass, or a class with `load` and `dump` whose instances keep all they have in `__dict__`, as the
    entities of kit-schemas do; its fields are then the annotated names.
    """
    declared = getattr(kind, "__dataclass_fields__", None)
    if declared is not None:
        return tuple(name for name, each in declared.items() if each._field_type.name == "_FIELD")
    if not callable(getattr(kind, "load", None)) or not callable(getattr(kind, "dump", None)):
        return None
    if any(base.__dict__.get("__slots__") for base in kind.__mro__) or kind.__dictoffset__ == 0:
        return None
    names: dict[str, None] = {}
    for base in reversed(kind.__mro__):
        try:
            names.update(dict.fromkeys(getattr(base, "__annotations__", ())))
        except NameError:  # Python 3.14 evaluates them now, and one is imported for type checkers only
            continue
    return tuple(names)


def state_of(value: Any, names: tuple[str, ...]) -> dict[str, Any] | None:
    """Return a record's values by name, or None if it has more than its fields, which would be lost."""
    if hasattr(type(value), "__dataclass_fields__"):
        found = {name: getattr(value, name, _MISSING) for name in names}
        if _MISSING in found.values() or not getattr(value, "__dict__", {}).keys() <= found.keys():
            return None
        return found
    return dict(vars(value))


def shape(names: tuple[str, ...]) -> int:
    """Return a number that is another one when a class has other fields."""
    return crc32(",".join(names).encode())


def restored(module: str, qualname: str, seen_shape: int, state: dict[str, Any]) -> object:
    """Return a record as it was; ValueError if its class is unknown here or has other fields now."""
    kind = _imported(module, qualname)
    names = fields_of(kind)
    if names is None or shape(names) != seen_shape or issubclass(kind, BaseException):
        raise ValueError(f"{module}.{qualname} has other fields than it had")
    made = object.__new__(kind)
    for name, value in state.items():
        object.__setattr__(made, name, value)
    return made


def member(module: str, qualname: str, name: str | None, value: Any) -> object:
    """Return an enum's member, or of a Flag a combination, which has no name; ValueError if there is none."""
    kind = _imported(module, qualname)
    if not issubclass(kind, Enum):
        raise ValueError(f"{qualname} is no enum")
    return kind.__members__[name] if name is not None else kind(value)


def _imported(module: str, qualname: str) -> type:
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = None if found is None else found.__dict__.get(part)
    if not isinstance(found, type):
        raise ValueError(f"{module}.{qualname} is not known here")
    return found
