"""Roles and scopes: what the authorizer says that the caller may do."""

from kit_handler.errors import ForbiddenError, UnauthorizedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler._types import Guard, Names
    from kit_handler.request import Request


def role_guard(required: "Names") -> "Guard":
    """Let pass callers with any of the `required` roles, found in the authorizer's `roles`."""
    return _any_of("role", required, ("roles",), separators=",")


def scope_guard(required: "Names") -> "Guard":
    """Let pass callers with any of the `required` scopes, found in the authorizer's `scopes` or its claim `scope`."""
    return _any_of("scope", required, ("scopes", "scope"), separators=", ")


def _any_of(option: str, required: "Names", keys: tuple[str, ...], *, separators: str) -> "Guard":
    names = _names(option, required)
    listed = ", ".join(repr(name) for name in names)
    refusal = f"The caller lacks the {option} {listed}" if len(names) == 1 else f"The caller has none of {listed}"

    def guard(request: "Request") -> None:
        authorizer = request.authorizer
        if authorizer is None:
            raise UnauthorizedError
        for key in keys:
            held = authorizer.get(key)
            if held is not None:
                members = _members(held, separators)
                if any(name in members for name in names):
                    return
        raise ForbiddenError(refusal)

    return guard


def _names(option: str, required: "Names") -> tuple[str, ...]:
    values = required if isinstance(required, (list, tuple, set, frozenset)) else (required,)
    names = [getattr(value, "value", value) for value in values]
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise TypeError(f"{option}= takes a name, an Enum of one, or a list of which any will do: {required!r}")
    return tuple(str(name) for name in names)


def _members(held: "Any", separators: str) -> "list[str] | set[str]":
    """Return what an authorizer can write a list as: a list, "a,b", "[a b]" (JWT claims), or a JSON list."""
    if not isinstance(held, str):
        return [str(each) for each in held] if isinstance(held, (list, tuple, set, frozenset)) else []
    text = held.strip()
    if text.startswith("[") and text.endswith("]"):
        return _bracketed(text)
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return {part.strip() for part in text.split(separators[0])}


def _bracketed(text: str) -> list[str]:
    from kit_handler.payload import loads

    try:
        parsed = loads(text)
    except ValueError:
        return text[1:-1].replace(",", " ").split()
    return [each for each in parsed if isinstance(each, str)]
