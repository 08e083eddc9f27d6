"""The correlation id that events carry on, from whoever keeps it."""

from collections.abc import Callable

_source: Callable[[], str | None] | None = None


def set_correlation_id(source: Callable[[], str | None] | None) -> None:
    """Say where the current correlation id comes from; None (the default) sends none.

    The callable is asked for each event that is published; subscribers find its answer in the message attribute
    `correlation_id`.
    """
    global _source
    _source = source


def current_correlation_id() -> str | None:
    """Return what the callable answers now."""
    return _source() if _source is not None else None
