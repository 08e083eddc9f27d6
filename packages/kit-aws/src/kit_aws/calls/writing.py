"""Parameters, checked and brought into the form in which they are written: botocore's rules.

A message names the place and the type of a value, never the value, which may be a secret.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kit_aws.calls.model import Shape
from kit_aws.errors import ParameterError

Shapes = Mapping[str, Shape]


def written(shapes: Shapes, name: str, value: Any, path: str = "") -> Any:
    """Return the value for JSON or a form. Raise `ParameterError` for one that does not fit its shape."""
    shape = shapes[name]
    return _WRITERS[shape[0]](shapes, shape, value, path)


def problem(path: str, text: str) -> ParameterError:
    """Return the error of one parameter."""
    return ParameterError(f"The parameter {path} {text}" if path else f"The parameters {text}", path)


def _wrong_type(path: str, value: Any, wanted: str) -> ParameterError:
    return problem(path, f"has to be {wanted}, not {type(value).__name__}")


def _string(shapes: Shapes, shape: Shape, value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(path, value, "a str")
    if len(shape) > 1 and len(value) < shape[1]:
        raise problem(path, f"has {len(value)} characters, and needs at least {shape[1]}")
    return value


def _integer(shapes: Shapes, shape: Shape, value: Any, path: str) -> int:
    if not isinstance(value, int):
        raise _wrong_type(path, value, "an int")
    if len(shape) > 1 and value < shape[1]:
        raise problem(path, f"is {value}, and has to be at least {shape[1]}")
    return value


def _float(shapes: Shapes, shape: Shape, value: Any, path: str) -> Any:
    from decimal import Decimal

    if not isinstance(value, int | float | Decimal):
        raise _wrong_type(path, value, "a number")
    return float(value)


def _boolean(shapes: Shapes, shape: Shape, value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(path, value, "a bool")
    return value


def _blob(shapes: Shapes, shape: Shape, value: Any, path: str) -> str:
    from base64 import b64encode

    return b64encode(content_of(value, path)).decode()


def content_of(value: Any, path: str) -> bytes:
    """Return the bytes of a blob: bytes, text, or a file, which is read from where it stands."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytearray):
        return bytes(value)
    if hasattr(value, "read"):
        return content_of(value.read(), path)
    raise _wrong_type(path, value, "bytes, a str or a file")


def _timestamp(shapes: Shapes, shape: Shape, value: Any, path: str) -> float:
    from kit_aws.calls.times import seconds_of

    try:
        return seconds_of(value)
    except (TypeError, ValueError):
        raise problem(path, f"has to be a datetime, an ISO 8601 text or seconds, not {type(value).__name__}") from None


def _list(shapes: Shapes, shape: Shape, value: Any, path: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _wrong_type(path, value, "a list")
    if len(value) < shape[2]:
        raise problem(path, f"has {len(value)} elements, and needs at least {shape[2]}")
    member = shapes[shape[1]]
    writer = _WRITERS[member[0]]
    return [writer(shapes, member, each, f"{path}[{at}]") for at, each in enumerate(value)]


def _map(shapes: Shapes, shape: Shape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type(path, value, "a dict")
    key_shape, member = shapes[shape[1]], shapes[shape[2]]
    writer = _WRITERS[member[0]]
    made = {}
    for key, each in value.items():
        if not isinstance(key, str):
            raise _wrong_type(f"{path} (key: {key!r})", key, "a str")
        if len(key_shape) > 1 and len(key) < key_shape[1]:
            raise problem(path, f"has the key {key!r}, which needs at least {key_shape[1]} characters")
        made[key] = writer(shapes, member, each, f"{path}.{key}")
    return made


def _structure(shapes: Shapes, shape: Shape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type(path, value, "a dict")
    members = shape[1]
    made = {}
    for name, each in value.items():
        inside = f"{path}.{name}" if path else str(name)
        member = members.get(name)
        if member is None:
            raise problem(inside, f"is unknown; there are {', '.join(members)}")
        wanted = shapes[member]
        made[name] = _WRITERS[wanted[0]](shapes, wanted, each, inside)
    for name in shape[2]:
        if name not in value:
            raise problem(f"{path}.{name}" if path else name, "is missing")
    return made


_WRITERS: dict[str, Callable[[Shapes, Shape, Any, str], Any]] = {
    "blob": _blob,
    "boolean": _boolean,
    "float": _float,
    "integer": _integer,
    "list": _list,
    "map": _map,
    "string": _string,
    "structure": _structure,
    "timestamp": _timestamp,
}
