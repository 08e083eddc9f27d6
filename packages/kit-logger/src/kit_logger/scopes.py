"""The logger's state of one invocation; `kit_core.invocation` knows the invocation itself."""

import threading
from collections.abc import Iterable, Iterator
from contextvars import ContextVar, Token
from typing import Any

from aws_lambda_powertools.logging.formatter import THREAD_LOCAL_KEYS
from kit_core import invocation as core
from kit_core.invocation import AROUND, KEPT, Invocation

from kit_logger.held import HeldLines

State = list[Any]  # that of an invocation or record, by `kit_core.invocation`


class Keys:
    """Keys that were appended to a formatter, and their JSON once it has been made.

    version: grows with every change
    """

    __slots__ = ("encoded", "values", "version")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.encoded: Any = None
        self.version = 0

    def update(self, keys: dict[str, Any]) -> None:
        """Add keys."""
        self.values = {**self.values, **keys}  # a new one: other threads may go through the old one
        self.version += 1

    def clear(self) -> None:
        """Forget all keys."""
        self.values = {}
        self.version += 1


def states(state: State | None) -> Iterator[State]:
    """Go through an invocation or record and those around it, the innermost first."""
    while state is not None:
        yield state
        state = state[AROUND]


def keys_of(state: State, formatter: object) -> Keys:
    """Return the keys that were appended to the logger with this formatter during this very invocation or record."""
    kept = core.kept(state)
    keys: Keys = kept.get(formatter) or kept.setdefault(formatter, Keys())
    return keys


def keys_around(state: State | None, formatter: object) -> list[Keys]:
    """Return the keys of an invocation or record and of those around it, the innermost first."""
    found = []
    while state is not None:
        if len(state) > KEPT:  # reading alone keeps nothing
            keys = state[KEPT].get(formatter)
            if keys is not None:
                found.append(keys)
        state = state[AROUND]
    return found


class Scope:
    """Hold the held lines and the sampling of one invocation: from `begin` to `end`."""

    # One is made for every invocation, and most log little: the rest is made when it is needed.
    __slots__ = (
        *("_held", "invocation", "outcome", "outer", "sampled", "started", "state", "thread_keys", "tokens", "trace"),
    )

    def __init__(self, state: State, outer: "Scope | None") -> None:
        self.state = state
        self.invocation = Invocation(state)
        self.outer = outer
        self.sampled = False
        self.trace: str | None = None  # the X-Ray trace, once a line had it
        self._held: HeldLines | None = None
        self.thread_keys = THREAD_LOCAL_KEYS.get()  # those from before: put back at the end

    tokens: "tuple[Token[Any], Token[Any]]"
    started: float  # of `time.perf_counter`, if the invocation's metrics are wanted
    outcome: dict[str, Any]  # likewise: the facts of `kit_core.invocation.ask_outcome`

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

    state: the invocation or record in which they were appended, if the thread or task knows it
    lasting: the keys from around it, which stay
    """

    __slots__ = ("lasting", "scopes", "state")

    def __init__(
        self, keys: dict[str, Any], scopes: frozenset[Scope], state: State | None, lasting: dict[str, Any]
    ) -> None:
        super().__init__(keys)
        self.scopes = scopes
        self.state = state
        self.lasting = lasting

    @property
    def has_ended(self) -> bool:
        """Tell whether an invocation or record of these keys is over."""
        if not self.scopes <= _running:
            return True
        return self.state is not None and all(each is not self.state for each in states(core.state()))


def thread_keys() -> dict[str, Any]:
    """Return the keys of this thread or task; a thread of a pool keeps none of an invocation that is over."""
    keys = THREAD_LOCAL_KEYS.get()
    while type(keys) is ThreadKeys and keys.has_ended:
        keys = keys.lasting
    return keys


def set_thread_keys(keys: dict[str, Any]) -> None:
    """Replace the keys of this thread or task, until the invocation or record ends."""
    before = thread_keys()
    scope, state = _current.get(), core.state()
    if scope is not None:
        running: Iterable[Scope] = (scope,)
    else:
        running = _running if state is None else ()
    scopes = frozenset(running)
    if type(before) is ThreadKeys and before.state is state:
        scopes |= before.scopes
        before = before.lasting
    THREAD_LOCAL_KEYS.set(ThreadKeys(keys, scopes, state, before) if scopes or state is not None else keys)


def begin(event: Any, context: Any) -> Scope:
    """Enter the invocation in this thread or task, and in the tasks that it starts."""
    entered = core.begin(event, context)
    scope = Scope(core.state(), _current.get())  # type: ignore[arg-type]  # it was entered in the line before
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

    A thread that a handler has started is in none; as long as only one invocation is running, it belongs to that one,
    unless it has entered one of its own.
    """
    scope = _current.get()
    if scope is not None or not _running or core.state() is not None:
        return scope
    running = tuple(_running)
    return running[0] if len(running) == 1 else None


def state_of(scope: Scope | None) -> State | None:
    """Return the invocation or record that a line belongs to, without the view of it; in a thread the scope's."""
    state = core.state()
    return state if state is not None or scope is None else scope.state
