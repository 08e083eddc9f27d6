"""Answers in JSON, read by their shapes: botocore's rules, with times in UTC."""

from collections.abc import Callable, Mapping
from typing import Any

from kit_aws.calls.model import Shape

Shapes = Mapping[str, Shape]


def read(shapes: Shapes, name: str, value: Any) -> Any:
    """Return the value of a shape: unknown members are left out, blobs are bytes, times are datetimes in UTC.

    Raise TypeError, AttributeError or ValueError for a value that cannot be one of this shape.
    """
    shape = shapes[name]
    reader = _READERS.get(shape[0])
    return value if reader is None else reader(shapes, shape, value)


def _structure(shapes: Shapes, shape: Shape, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    members = shape[1]
    if len(shape) > 3 and shape[3]:
        names = {name: shape[3].get(name, ("", name)) for name in members}
        value = {name: value.get(field) for name, (location, field) in names.items() if not location}
    made = {}
    for name, each in value.items():
        member = members.get(name)
        if member is not None and each is not None:
            inside = shapes[member]
            reader = _READERS.get(inside[0])
            made[name] = each if reader is None else reader(shapes, inside, each)
    return made


def _list(shapes: Shapes, shape: Shape, value: Any) -> list[Any] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} is no list")
    inside = shapes[shape[1]]
    reader = _READERS.get(inside[0])
    return value if reader is None else [reader(shapes, inside, each) for each in value]


def _map(shapes: Shapes, shape: Shape, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    inside = shapes[shape[2]]
    reader = _READERS.get(inside[0])
    return {key: each if reader is None else reader(shapes, inside, each) for key, each in value.items()}


def _blob(shapes: Shapes, shape: Shape, value: Any) -> bytes:
    from base64 import b64decode

    return b64decode(value)


def _timestamp(shapes: Shapes, shape: Shape, value: Any) -> Any:
    from kit_aws.calls.times import time_of

    return time_of(value)


_READERS: dict[str, Callable[[Shapes, Shape, Any], Any]] = {
    "blob": _blob,
    "list": _list,
    "map": _map,
    "structure": _structure,
    "timestamp": _timestamp,
}
