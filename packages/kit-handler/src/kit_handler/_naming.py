"""What a wrapper takes over from the function that it wraps, without importing functools."""

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
    """Return what to call `function` in logs and errors."""
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
