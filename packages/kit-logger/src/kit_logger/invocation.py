"""The keys of one invocation, which every line has that is logged during it."""

import threading
from contextvars import ContextVar, Token
from typing import Any


class Invocation:
    """One run of a handler: what is known of it, and the keys that were appended to the logger during it."""

    def __init__(self, context_keys: dict[str, Any], correlation_id: str | None) -> None:
        self.context_keys = context_keys
        self.keys: dict[str, Any] = {}
        self.correlation_id = correlation_id


_current: ContextVar[Invocation | None] = ContextVar("kit_logger_invocation", default=None)
_running: set[Invocation] = set()
_lock = threading.Lock()


def begin(invocation: Invocation) -> "Token[Invocation | None]":
    """Make this the invocation of this thread or task, and of the tasks that it starts."""
    with _lock:
        _running.add(invocation)
    return _current.set(invocation)


def end(invocation: Invocation, token: "Token[Invocation | None]") -> None:
    """Go back to what was before `begin`."""
    with _lock:
        _running.discard(invocation)
    _current.reset(token)


def current() -> Invocation | None:
    """Return the invocation that this line belongs to.

    A thread that a handler has started knows of none; as long as only one is running, it is that one.
    """
    invocation = _current.get()
    if invocation is not None or not _running:
        return invocation
    with _lock:
        return next(iter(_running)) if len(_running) == 1 else None
