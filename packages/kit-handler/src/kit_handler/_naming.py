"""The names of a decorated function, and those around it, without importing functools or inspect."""

import sys

from kit_core.handlers import handler_kind
from kit_core.parameters import globals_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
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


def unknown_options(owner: str, unknown: "Iterable[str]", known: "Iterable[str]") -> str:
    """Return the text of the error about keywords that `owner` has no meaning for, with the near names."""
    from difflib import get_close_matches

    known, texts = list(known), []
    for name in unknown:
        close = get_close_matches(name, known, n=1)
        texts.append(f"{name!r} (did you mean {close[0]!r}?)" if close else repr(name))
    return f"{owner} does not know {', '.join(texts)}; it knows {', '.join(known)}"


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


def is_being_defined(function: "Any") -> bool:
    """Tell whether a decorator that stands above others is being called: no name is bound to `function` yet."""
    frame = _frame_around()
    bound = [] if frame is None else [*frame.f_locals.values(), *frame.f_globals.values()]
    bound.append(globals_of(function).get(getattr(function, "__name__", "")))
    return not any(each is function for each in bound)


def _frame_around() -> "Any":
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        frame = frame.f_back
    return frame
