"""Waiting for a socket, with an end to it."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

READ, WRITE = 1, 2
"""What psycopg2's `poll()` asks to wait for: POLL_READ and POLL_WRITE."""

Poll = Callable[[], int]
Ready = Callable[[int, float | None], bool]


def ready(descriptor: int, state: int, seconds: float | None) -> bool:
    """Wait until a socket can be read, or with WRITE also be written, for so long; tell whether it can."""
    if not hasattr(select, "poll"):
        return any(select.select([descriptor], [descriptor] if state == WRITE else [], [], seconds))
    return _asked(descriptor, state).poll(_milliseconds(seconds)) != []


def watcher(descriptor: int) -> Ready:
    """Return `ready` for one socket, with the object for reading made once: it is waited for each time."""
    if not hasattr(select, "poll"):
        return lambda state, seconds: ready(descriptor, state, seconds)
    reading, writing = _asked(descriptor, READ).poll, _asked(descriptor, WRITE).poll

    def wait(state: int, seconds: float | None) -> bool:
        milliseconds = None if seconds is None else _milliseconds(seconds)
        return bool(reading(milliseconds) if state == READ else writing(milliseconds))

    return wait


def drive(poll: Poll, wait: Ready, seconds: float | None) -> bool:
    """Call psycopg2's `poll` until its command is done; tell whether that was in time."""
    if seconds is None:
        while state := poll():
            wait(state, None)
        return True
    deadline = time.monotonic() + seconds
    state = poll()
    while state:
        left = deadline - time.monotonic()
        if not wait(state, left):
            return False
        state = poll()
        if state and left <= 0:
            # What was there in time has been read; an answer that goes on streaming has to end as well.
            return False
    return True


def _asked(descriptor: int, state: int) -> select.poll:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLOUT if state == WRITE else select.POLLIN)
    return poll


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else max(0.0, seconds * 1000)
