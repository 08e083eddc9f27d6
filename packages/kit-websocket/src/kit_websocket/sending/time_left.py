"""The time that an invocation leaves for sending."""

import asyncio

from kit_core import invocation

_MARGIN = (
    1.0  # seconds that are kept for removing connections and answering; kit_core.loop cancels half a second before
)
_SHARE = 0.2  # of the remaining time: the margin of a short invocation


def loop_end() -> float | None:
    """Return the running loop's time at which sending has to be over, None without a limit."""
    remaining = invocation.remaining_ms()
    if remaining is None:
        return None
    seconds = max(remaining / 1000, 0.0)
    return asyncio.get_running_loop().time() + seconds - min(_MARGIN, seconds * _SHARE)
