"""Roles and scopes, as the authorizer names them."""

from kit_handler.errors import ForbiddenError, UnauthorizedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler.http.request import Request
    from kit_handler.http.types import Guard, Names


class AllOf(tuple[str, ...]):
    """Hold roles or scopes that a caller needs all together; `all_of` makes it."""

    __slots__ = ()


def all_of(*names: "Any") -> AllOf:
    """Return a value for `role=` or `scope=` that asks for every one of `names`, also as one of the ways in a list.

    `role=[all_of("EDITOR", "REVIEWER"), "ADMIN"]` lets pass who is both, or the admin.
    """
    return AllOf(_texts("all_of", names))


def role_guard(required: "Names") -> "Guard":
    """Let pass callers with any of the `required` roles, found in the authorizer's `roles`."""
    return _guard("role", required, ("roles",), separators=",")


def scope_guard(required: "Names") -> "Guard":
    """Let pass callers with any of the `required` scopes, found in the authorizer's `scopes` or its claim `scope`."""
    return _guard("scope", required, ("scopes", "scope"), separators=", ")


def _guard(option: str, required: "Names", keys: tuple[str, ...], *, separators: str) -> "Guard":
    ways = _ways(option, required)
    refusal = _refusal(option, ways)

    def guard(request: "Request") -> None:
        authorizer = request.authorizer
        if authorizer is None:
            raise UnauthorizedError
        members: set[str] = set()
        for key in keys:
            held = authorizer.get(key)
            if held is not None:
                members.update(_members(held, separators))
        for way in ways:
            if members.issuperset(way):
                return
        raise ForbiddenError(refusal)

    return guard


def _ways(option: str, required: "Any") -> "list[tuple[str, ...]]":
    if isinstance(required, AllOf) or not isinstance(required, (list, tuple, set, frozenset)):
        required = (required,)
    ways = [each if isinstance(each, AllOf) else _texts(option, (each,)) for each in required]
    if not ways:
        raise TypeError(f"{option}= was given an empty list, which would let nobody pass")
    return ways


def _texts(option: str, values: "tuple[Any, ...]") -> "tuple[str, ...]":
    names = [getattr(value, "value", value) for value in values]
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise TypeError(f"{option} takes names, or Enums of them; a list of which any will do: {values!r}")
    return tuple(str(name) for name in names)


def _refusal(option: str, ways: "list[tuple[str, ...]]") -> str:
    listed = ", ".join(" and ".join(map(repr, way)) for way in ways)
    if len(ways) > 1:
        return f"The caller has none of {listed}"
    return f"The caller lacks the {option} {listed}" if len(ways[0]) == 1 else f"The caller lacks one of {listed}"


def _members(held: "Any", separators: str) -> "list[str]":
    """Return the members of an authorizer's list: a list, "a,b", "[a b]" (JWT claims), or a JSON list."""
    if not isinstance(held, str):
        return [str(each) for each in held] if isinstance(held, (list, tuple, set, frozenset)) else []
    text = held.strip()
    if text.startswith("[") and text.endswith("]"):
        return _bracketed(text)
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return [part.strip() for part in text.split(separators[0])]


def _bracketed(text: str) -> list[str]:
    from kit_core.json import loads

    try:
        parsed = loads(text)
    except ValueError:
        return text[1:-1].replace(",", " ").split()
    return [each for each in parsed if isinstance(each, str)]
