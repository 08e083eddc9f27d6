"""Waiting for a socket, with an end to it."""

import select
import time
from collections.abc import Callable

READ, WRITE = 1, 2
"""What psycopg2's `poll()` asks to wait for: POLL_READ and POLL_WRITE."""


def ready(descriptor: int, *, seconds: float | None, writing: bool = False) -> bool:
    """Wait until a socket can be read, or also be written, for so long; tell whether it can."""
    if not hasattr(select, "poll"):
        return any(select.select([descriptor], [descriptor] if writing else [], [], seconds))
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLOUT if writing else select.POLLIN)
    return bool(poll.poll(None if seconds is None else max(0.0, seconds * 1000)))


def drive(poll: Callable[[], int], descriptor: Callable[[], int], *, seconds: float | None) -> bool:
    """Call psycopg2's `poll` until what it was told to do is done; tell whether that was in time.

    The descriptor is asked for each time: while connecting, libpq may go on to another address.
    """
    state = poll()
    if not state:
        return True
    deadline = None if seconds is None else time.monotonic() + seconds
    while state:
        left = None if deadline is None else deadline - time.monotonic()
        if not ready(descriptor(), seconds=left, writing=state == WRITE):
            return False
        state = poll()
    return True
