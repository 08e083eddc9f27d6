"""How long something may take within an invocation."""

from kit_core.invocation import remaining_ms, remaining_ms_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MARGIN = 0.5  # seconds before the end of the invocation at which work is cut off, at most
_SHARE = 0.1  # of the time that was left when it began: the margin of a short invocation


def seconds_left(context: "Any" = None) -> float | None:
    """Return the seconds that a stream or coroutine may take, None without a limit."""

    milliseconds = remaining_ms() if context is None else remaining_ms_of(context)
    if milliseconds is None:
        return None
    seconds = max(0.0, milliseconds / 1000)
    return seconds - min(_MARGIN, seconds * _SHARE)
