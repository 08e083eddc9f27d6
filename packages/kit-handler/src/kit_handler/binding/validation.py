"""Validation errors, recognised by their shape: marshmallow's, and those of packages that build on it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_SCHEMA = "_schema"  # marshmallow's name for an error that is about no single field


def is_validation_error(error: BaseException) -> bool:
    """Tell whether `error` looks like marshmallow's ValidationError."""
    return hasattr(error, "messages") and callable(getattr(error, "normalized_messages", None))


def entries(error: "Any") -> "list[dict[str, str]]":
    """Return one entry `{"id", "message", "field"}` per wrong field, nested ones as `a.0.b`."""
    return [entry(field, message) for field, message in flat(error)]


def entry(field: str, message: str) -> "dict[str, str]":
    """Return the entry of one wrong field for the client, or with "" of the body as a whole."""
    if not field:
        return {"id": "invalid_body", "message": message}
    return {"id": f"invalid_{field}", "message": message, "field": field}


def flat(error: "Any") -> "list[tuple[str, str]]":
    """Return the path and the first message of each field."""
    return list(_flat(error.normalized_messages(), ""))


def _flat(messages: "Any", path: str) -> "Iterator[tuple[str, str]]":
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from _flat(inner, path if name == _SCHEMA else f"{path}.{name}" if path else str(name))
    elif isinstance(messages, (list, tuple)):
        yield path, str(messages[0] if messages else "Invalid value")
    else:
        yield path, str(messages)
