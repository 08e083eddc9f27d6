"""The logger's state of one invocation; `kit_core.invocation` knows the invocation itself."""

import threading
from contextvars import ContextVar, Token
from typing import Any

from aws_lambda_powertools.logging.formatter import THREAD_LOCAL_KEYS
from kit_core import invocation as core
from kit_core.invocation import Invocation

from kit_logger.held import HeldLines


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


class Scope:
    """Hold the keys, the held lines and the sampling of one invocation: from `begin` to `end`."""

    # One is made for every invocation, and most log little: the rest is made when it is needed.
    __slots__ = (
        *("_held", "_keys", "invocation", "outcome", "outer", "sampled", "started", "thread_keys", "tokens", "trace"),
    )

    def __init__(self, invocation: Invocation, outer: "Scope | None") -> None:
        self.invocation = invocation
        self.outer = outer
        self.sampled = False
        self.trace: str | None = None  # the X-Ray trace, once a line had it
        self._held: HeldLines | None = None
        self._keys: dict[object, Keys] | None = None
        self.thread_keys = THREAD_LOCAL_KEYS.get()  # those from before: put back at the end

    tokens: "tuple[Token[Any], Token[Any]]"
    started: float  # of `time.perf_counter`, if the invocation's metrics are wanted
    outcome: dict[str, Any]  # likewise: the facts of `kit_core.invocation.ask_outcome`

    def keys(self, formatter: object) -> Keys:
        """Return the keys that were appended to the logger with this formatter during this invocation."""
        if self._keys is None:
            with _lock:
                self._keys = self._keys or {}
        return self._keys.get(formatter) or self._keys.setdefault(formatter, Keys())

    @property
    def held(self) -> HeldLines:
        """Return the lines that are held back; a handler inside another shares them."""
        if self.outer is not None:
            return self.outer.held
        if self._held is None:
            with _lock:
                self._held = self._held or HeldLines()
        return self._held

    def take_held(self) -> tuple[list[str], int]:
        """Return the held lines, and how many were dropped; then none are held."""
        if self.outer is None and self._held is None:
            return [], 0
        return self.held.take()


_current: ContextVar[Scope | None] = ContextVar("kit_logger_scope", default=None)
_running: set[Scope] = set()
_lock = threading.Lock()


class ThreadKeys(dict[str, Any]):
    """Keys of a thread or task that were appended while invocations ran: they count until one of these ends.

    lasting: the keys from outside of invocations, which stay
    """

    __slots__ = ("lasting", "scopes")

    def __init__(self, keys: dict[str, Any], scopes: frozenset[Scope], lasting: dict[str, Any]) -> None:
        super().__init__(keys)
        self.scopes = scopes
        self.lasting = lasting


def thread_keys() -> dict[str, Any]:
    """Return the keys of this thread or task; a thread of a pool keeps none of an invocation that is over."""
    keys = THREAD_LOCAL_KEYS.get()
    if type(keys) is ThreadKeys and not keys.scopes <= _running:
        return keys.lasting
    return keys


def set_thread_keys(keys: dict[str, Any]) -> None:
    """Replace the keys of this thread or task, until the invocation ends."""
    before = thread_keys()
    scope = _current.get()
    scopes = frozenset(_running) if scope is None else frozenset((scope,))
    if type(before) is ThreadKeys:
        scopes |= before.scopes
        before = before.lasting
    THREAD_LOCAL_KEYS.set(ThreadKeys(keys, scopes, before) if scopes else keys)


def begin(event: Any, context: Any) -> Scope:
    """Enter the invocation in this thread or task, and in the tasks that it starts."""
    entered = core.begin(event, context)
    scope = Scope(core.current(), _current.get())  # type: ignore[arg-type]  # it was entered in the line before
    _running.add(scope)
    scope.tokens = entered, _current.set(scope)
    return scope


def end(scope: Scope) -> None:
    """Go back to the invocation before `begin`."""
    _running.discard(scope)
    entered, own = scope.tokens
    try:
        if THREAD_LOCAL_KEYS.get() is not scope.thread_keys:
            THREAD_LOCAL_KEYS.set(scope.thread_keys)
        _current.reset(own)
        core.end(entered)
    except ValueError:  # a coroutine that nobody waited for ends in another context
        return


def enclosing() -> Scope | None:
    """Return the scope that this thread or task was begun in; a thread of its own has none."""
    return _current.get()


def any_running() -> bool:
    """Tell whether any invocation is running in this process."""
    return bool(_running)


def current() -> Scope | None:
    """Return the scope that a line belongs to.

    A thread that a handler has started is in none; as long as only one invocation is running, it belongs to that one.
    """
    scope = _current.get()
    if scope is not None or not _running:
        return scope
    running = tuple(_running)
    return running[0] if len(running) == 1 else None
