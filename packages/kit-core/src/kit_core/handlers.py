"""The marks of kit-handler and kit-websocket on callables, for decorators that would do nothing, or harm, above theirs.

A Lambda handler has `__kit_handler__`, the name of its decorator, or `route_options`; a function that is registered
with a Router or a WebSocketResolver, which calls it by itself, has `__kit_registered__`.
"""

import sys

from kit_core.parameters import globals_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def handler_kind(function: "Any") -> str | None:
    """Return "job", "trigger", "route" or "Router" for a Lambda handler of kit-handler, None for another callable."""
    kind = getattr(function, "__kit_handler__", None)
    if isinstance(kind, str):
        return kind
    return "route" if hasattr(function, "route_options") else None


def mark_registered(function: "Any") -> None:
    """Note that a Router or a resolver calls the function itself, without later decorators."""
    try:
        function.__kit_registered__ = True
    except (AttributeError, TypeError):  # a bound method
        return


def refuse_registered(function: "Any", decorator: str) -> None:
    """Raise TypeError for a function that a Router or resolver calls without the decorator that is put around it now.

    A Lambda handler that was made of such a function is another one, and passes; so does a function with a name, which
    is decorated for another use.
    """
    if getattr(function, "__kit_registered__", False) and handler_kind(function) is None and is_being_defined(function):
        raise TypeError(
            f"{_name(function)} is registered with a Router or a resolver already, which calls it without "
            f"@{decorator}: put @{decorator} below the decorator that registers it"
        )


def refuse_handler(function: "Any", decorator: str, reason: str) -> None:
    """Raise TypeError for a Lambda handler of kit-handler, or a Router's function, that the decorator can't be above.

    reason: what a handler does that the decorator can't stand, as in "answers with its errors"
    """
    refuse_registered(function, decorator)
    kind = handler_kind(function)
    if kind is not None:
        raise TypeError(f"{_name(function)} is a {kind}, which {reason}: put @{decorator} below @{kind}")


def is_being_defined(function: "Any") -> bool:
    """Tell whether a decorator that stands above others is being called: no name is bound to `function` yet.

    The names are looked for where the decorator is called, outside of its own package.
    """
    frame = _frame_around()
    bound = [] if frame is None else [*frame.f_locals.values(), *frame.f_globals.values()]
    bound.append(globals_of(function).get(getattr(function, "__name__", "")))
    return not any(each is function for each in bound)


def _frame_around() -> "Any":
    """Return the frame that has called the package which has called this one."""
    frame: Any = sys._getframe(1)
    for _ in range(2):  # the packages to leave: this one, and the decorator's
        package = _package(frame)
        while frame is not None and _package(frame) == package:
            frame = frame.f_back
    return frame


def _package(frame: "Any") -> str:
    return "" if frame is None else str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _name(function: "Any") -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
