"""Validation errors, recognised by their shape: they carry `messages` for the client, as marshmallow's do."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_DEEPEST = 50
_MOST_NAMED = 100  # a long list of nothing but wrong elements would become a far longer answer
_LONGEST_NAME = 100  # so would a long name of a client's own
_INVALID = "Invalid value"
_SCHEMA = "_schema"  # marshmallow's name for an error that is about no single field


def is_validation_error(error: BaseException) -> bool:
    """Tell whether `error` carries `messages`: a text, or lists of texts, by field where they are mappings."""
    if not hasattr(error, "messages"):
        return False
    return callable(getattr(error, "normalized_messages", None)) or _are_messages(error.messages, 0)


def _are_messages(messages: "Any", depth: int) -> bool:
    if depth > _DEEPEST:
        return False
    if isinstance(messages, dict):
        return bool(messages) and all(_are_messages(each, depth + 1) for each in messages.values())
    if isinstance(messages, (list, tuple)):
        return bool(messages) and all(_are_messages(each, depth + 1) for each in messages)
    return isinstance(messages, str)


def entries(error: "Any") -> "list[dict[str, str]]":
    """Return one entry `{"id", "message", "field"}` per wrong field, nested ones as `a.0.b`."""
    return [entry(field, message) for field, message in flat(error)]


def entry(field: str, message: str) -> "dict[str, str]":
    """Return the entry of one wrong field for the client, or with "" of the body as a whole."""
    if not field:
        return {"id": "invalid_body", "message": message}
    return {"id": f"invalid_{field}", "message": message, "field": field}


def flat(error: "Any") -> "list[tuple[str, str]]":
    """Return the path and the first message of each field, of a hundred fields at most."""
    normalized = getattr(error, "normalized_messages", None)
    found = _flat(normalized() if callable(normalized) else error.messages, "")
    named = [pair for pair, _ in zip(found, range(_MOST_NAMED), strict=False)]
    return named or [("", _INVALID)]


def _flat(messages: "Any", path: str) -> "Iterator[tuple[str, str]]":
    if isinstance(messages, dict):
        for name, inner in messages.items():
            own = str(name) if len(str(name)) <= _LONGEST_NAME else f"{str(name)[:_LONGEST_NAME]}…"
            yield from _flat(inner, path if name == _SCHEMA else f"{path}.{own}" if path else own)
    elif isinstance(messages, (list, tuple)):
        yield from _flat(messages[0] if messages else _INVALID, path)
    else:
        yield path, str(messages)
