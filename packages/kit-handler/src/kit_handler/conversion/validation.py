"""Wrong values: `Wrong` inside of this package, and the errors of validator libraries, recognised by their shape."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_SCHEMA = "_schema"  # marshmallow's name for an error that is about no single field
_MOST_NAMED = 100  # a long list of nothing but wrong elements would become a far longer answer
_LONGEST_NAME = 100  # so would a long name of a client's own


class Wrong(Exception):  # noqa: N818  (never leaves the package)
    """Hold the errors of a value: pairs of a path (`a.0.b`, "" for the value itself) and a message."""

    def __init__(self, *found: tuple[str, str]) -> None:
        super().__init__(found)
        self.found = found

    def under(self, key: object) -> "Iterable[tuple[str, str]]":
        """Return the pairs with `key` before their paths."""
        name = _short(str(key))
        return [(f"{name}.{path}" if path else name, message) for path, message in self.found]


def is_validation_error(error: BaseException) -> bool:
    """Tell whether `error` carries `messages`, as marshmallow's ValidationError does: a text, a list, or by field."""
    return isinstance(getattr(error, "messages", None), (str, list, tuple, dict))


def entries(error: "Any") -> "list[dict[str, str]]":
    """Return one entry `{"id", "message", "field"}` per wrong field, nested ones as `a.0.b`; at most a hundred."""
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
    return named or [("", "Invalid value")]


def _flat(messages: "Any", path: str) -> "Iterator[tuple[str, str]]":
    if isinstance(messages, dict):
        for name, inner in messages.items():
            own = _short(str(name))
            yield from _flat(inner, path if name == _SCHEMA else f"{path}.{own}" if path else own)
    elif isinstance(messages, (list, tuple)):
        yield path, str(messages[0] if messages else "Invalid value")
    else:
        yield path, str(messages)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
