"""The names of a decorated function, and those around it, without importing functools or inspect."""

import sys

from kit_core.handlers import handler_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def take_over(wrapper: "Any", function: "Any") -> None:
    """Give `wrapper` the names, the docstring and the attributes of `function`, like functools.wraps."""
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
        try:
            setattr(wrapper, attribute, getattr(function, attribute))
        except (AttributeError, NameError):  # NameError: annotations that can't be evaluated yet (PEP 649)
            continue
    wrapper.__dict__.update(getattr(function, "__dict__", {}))
    wrapper.__wrapped__ = function


def name_of(function: "Any") -> str:
    """Return the name of `function` for logs and errors."""
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)


def refuse_handlers(function: "Any", decorator: str) -> None:
    """Raise TypeError where `function` takes whole events already: options above it would be lost, or see no record."""
    kind = handler_kind(function)
    if kind is not None:
        raise TypeError(
            f"{name_of(function)} is a {kind} already, which takes whole events: @{decorator} can't stand above it; "
            "leave one of the two out, and give the options to the other"
        )


def names_around() -> "dict[str, Any]":
    """Return the local names where a function is being decorated; its annotations may use them."""
    frame = _frame_around()
    return {} if frame is None else frame.f_locals


def _frame_around() -> "Any":
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        frame = frame.f_back
    return frame
