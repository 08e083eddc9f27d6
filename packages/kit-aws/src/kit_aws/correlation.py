"""The correlation id that messages carry on, from whoever keeps it."""

from collections.abc import Callable

_source: Callable[[], str | None] | None = None


def set_correlation_id(source: Callable[[], str | None] | None) -> None:
    """Say where the current correlation id comes from, for the whole process; None (the default) sends none.

    The callable is asked for every message and notice. Its answer goes out as the message attribute `correlation_id`,
    which is where kit-handler's `correlation_id` looks for it on the other side.
    """
    global _source
    _source = source


def current_correlation_id() -> str | None:
    """Return what the callable answers now."""
    return _source() if _source is not None else None
