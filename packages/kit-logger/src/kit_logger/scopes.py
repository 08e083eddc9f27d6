"""One invocation: the keys of its lines, whether it is logged in full, and the lines that are held back."""

import threading
from collections import deque
from contextlib import suppress
from contextvars import ContextVar, Token
from typing import Any


class Keys:
    """Keys that were appended to a formatter, and their JSON once it has been made."""

    __slots__ = ("encoded", "values")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.encoded: Any = None

    def update(self, keys: dict[str, Any]) -> None:
        """Add keys."""
        self.values.update(keys)
        self.encoded = None

    def clear(self) -> None:
        """Forget all keys."""
        self.values.clear()
        self.encoded = None


class Invocation:
    """One run of a handler: what is known of it, and the keys that were appended to the loggers during it."""

    def __init__(self, context_keys: dict[str, Any], correlation_id: str | None) -> None:
        self.context_keys = context_keys
        self.correlation_id = correlation_id
        self.own_correlation_id: str | None = None  # what the handler has set
        self.trace: str | None = None
        self.sampled = False
        self.held = Held()
        self._keys: dict[object, Keys] = {}

    def keys(self, formatter: object) -> Keys:
        """Return the keys that were appended to the logger with this formatter during this invocation."""
        return self._keys.get(formatter) or self._keys.setdefault(formatter, Keys())


class Held:
    """Lines that are written only if something goes wrong; when there are too many, the oldest are dropped."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._bytes = 0
        self._dropped = 0
        self._lock = threading.Lock()

    def add(self, line: str, most_bytes: int) -> None:
        """Hold a line, as long as all are `most_bytes` or less."""
        with self._lock:
            self._lines.append(line)
            self._bytes += len(line)
            while self._bytes > most_bytes and self._lines:
                self._bytes -= len(self._lines.popleft())
                self._dropped += 1

    def take(self) -> tuple[list[str], int]:
        """Return what is held, and how many lines were dropped; then nothing is held any more."""
        if not self._lines and not self._dropped:
            return [], 0
        with self._lock:
            taken = list(self._lines), self._dropped
            self._lines.clear()
            self._bytes = self._dropped = 0
            return taken


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
    with suppress(ValueError):  # a coroutine that nobody waited for ends in another context
        _current.reset(token)


def enclosing() -> Invocation | None:
    """Return the invocation that this thread or task was begun in; a thread of its own has none."""
    return _current.get()


def any_running() -> bool:
    """Tell whether any invocation is running, whichever."""
    return bool(_running)


def current() -> Invocation | None:
    """Return the invocation that this line belongs to.

    A thread that a handler has started knows of none; as long as only one is running, it is that one.
    """
    invocation = _current.get()
    if invocation is not None or not _running:
        return invocation
    with _lock:
        return next(iter(_running)) if len(_running) == 1 else None
