"""The marks of kit-handler on callables, for decorators that would do nothing, or harm, above one of its own.

A Lambda handler has `__kit_handler__`, the name of its decorator, or `route_options`; a function that is registered
with a Router, which calls it by itself, has `__kit_registered__`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def handler_kind(function: "Any") -> str | None:
    """Return "job", "trigger", "route" or "Router" for a Lambda handler of kit-handler, None for another callable."""
    kind = getattr(function, "__kit_handler__", None)
    if isinstance(kind, str):
        return kind
    return "route" if hasattr(function, "route_options") else None


def refuse_registered(function: "Any", decorator: str) -> None:
    """Raise TypeError for a function that a Router calls without the decorator that is about to be put around it."""
    if getattr(function, "__kit_registered__", False):
        raise TypeError(
            f"{_name(function)} is registered with a Router already, which calls it without @{decorator}: "
            f"put @{decorator} below the Router's decorator"
        )


def refuse_handler(function: "Any", decorator: str, reason: str) -> None:
    """Raise TypeError for a Lambda handler of kit-handler, or a Router's function, that the decorator can't be above.

    reason: what a handler does that the decorator can't stand, as in "answers with its errors"
    """
    refuse_registered(function, decorator)
    kind = handler_kind(function)
    if kind is not None:
        raise TypeError(f"{_name(function)} is a {kind}, which {reason}: put @{decorator} below @{kind}")


def _name(function: "Any") -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
