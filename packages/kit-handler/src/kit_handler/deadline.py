"""How much time is left for what is being handled."""

from kit_handler.correlation import _current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def time_left() -> int | None:
    """Return the milliseconds that the invocation has left, or None while nothing is being handled.

    For packages that take a callable for it, as `kit_db.set_time_left(time_left)`. None as well where the context that
    a handler was called with has no `get_remaining_time_in_millis`.
    """
    origin = _current.get()
    ask: Any = None if origin is None else getattr(origin[1], "get_remaining_time_in_millis", None)
    return None if ask is None else int(ask())
