"""Loading where Lambda has the CPU: in the init phase, before the first event.

Lambda runs the init phase with more CPU than the function's memory pays for; the invocation of a function with 256 MB
has a seventh of a processor. Provisioned concurrency and SnapStart run the init phase ahead of time, and nothing else.
So a package loads there what a declaration needs for its first use: `load_early`. In every other process (tests, tools,
a module that is imported by an invocation) the same is loaded by its first use, and imports stay light.

A function's own needs, a secret to read or a connection to open, are said by hand:

    kit_core.preload(get_secret, "tokens")
    kit_core.preload(database.execute, "select 1", seconds=3)

What a snapshot must not hold is given to `renew_with_snapshot`: connections, tokens, keys with an age.
"""

import os
import sys

from kit_core import invocation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[[], object])

_SWITCH = {"0": False, "false": False, "off": False, "no": False, "1": True, "true": True, "on": True, "yes": True}
_TYPE = "AWS_LAMBDA_INITIALIZATION_TYPE"
_ALLOCATIONS = 50_000  # between two collections in the init phase; Python's own number is 700 to 2,000

_loaded: "set[Any]" = set()
_renewals: "list[Callable[[], object]]" = []
_preloads: "list[_Preload]" = []
_hooked = False


def in_init_phase() -> bool:
    """Tell whether this is the init phase of a Lambda function: its variables are set, and no invocation has begun.

    They are AWS_LAMBDA_FUNCTION_NAME and AWS_LAMBDA_INITIALIZATION_TYPE; the runtime sets _X_AMZN_TRACE_ID with the
    first invocation ("Working with environment variables", AWS Lambda Developer Guide). `KIT_PRELOAD=0` says no, and
    `KIT_PRELOAD=1` says yes in other processes, until an invocation begins.
    """
    if invocation.has_begun():
        return False
    switch = _SWITCH.get(os.environ.get("KIT_PRELOAD", "").lower())
    if switch is not None:
        return switch
    return _TYPE in os.environ and "AWS_LAMBDA_FUNCTION_NAME" in os.environ and "_X_AMZN_TRACE_ID" not in os.environ


def load_early(load: "F") -> "F":
    """Call `load` now in the init phase, once per process; in any other process do nothing. For authors of packages.

    load: imports modules, compiles code, makes objects that the first use would make. Waiting for a network is no part
        of it. An exception is logged at debug level: the first use meets it again, and raises it.

    Example:
        >>> @load_early
        ... def load_driver():
        ...     import decimal
    """
    if in_init_phase() and load not in _loaded:
        _loaded.add(load)
        _guarded(load)
    return load


def preload(function: "Callable[..., object]", /, *arguments: "Any", seconds: float = 2.0) -> bool:
    """Call `function(*arguments)` in the init phase of a Lambda function, and return whether it is done.

    In any other process, and with `KIT_PRELOAD=0`, nothing is called and False is returned. The function runs in a
    thread that is waited for; a coroutine function runs in the kept event loop.

    seconds: the longest wait. The remaining time of the invocation is the same for the function, so that waits of kit
        end by themselves. A function that takes longer goes on in its thread. Lambda's init phase has ten seconds.

    A failure never fails the import: it is logged as a warning (`kit.preload`), as is a function that takes too long.
    With SnapStart the function is called again after each restore, when old connections are closed.

    Raises TypeError or ValueError, in every process, for a function that can't be called or seconds that are none.
    """
    if not callable(function):
        raise TypeError(f"preload takes a function and its arguments, not {function!r}")
    if not seconds > 0:
        raise ValueError(f"seconds are more than 0, not {seconds!r}")
    if not in_init_phase():
        return False
    call = _Preload(function, arguments, seconds)
    if _is_snapshot():
        _preloads.append(call)
    return call.run()


def renew_with_snapshot(renew: "F") -> "F":
    """Call `renew` before SnapStart's snapshot and after each restore; without SnapStart do nothing.

    renew: closes connections, forgets tokens, keys and everything with an age by the monotonic clock. It is called
        again after the restore because other hooks may have used the same objects in between.

    The runtime provides the hooks ("Lambda SnapStart runtime hooks for Python", AWS Lambda Developer Guide). Python's
    own random numbers are seeded again after a restore.

    Example:
        >>> @renew_with_snapshot
        ... def forget_keys():
        ...     pass
    """
    if _is_snapshot():
        _renewals.append(renew)
    return renew


class _Preload:
    """Hold a call of `preload`, which SnapStart's restore repeats."""

    __slots__ = ("arguments", "error", "function", "result", "seconds")

    def __init__(self, function: "Callable[..., object]", arguments: "tuple[Any, ...]", seconds: float) -> None:
        self.function = function
        self.arguments = arguments
        self.seconds = seconds
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> bool:
        """Call the function; return whether it ended in time and without an exception."""
        around = invocation.state()
        invocation.become(invocation.limited_state(self.seconds * 1000))
        try:
            in_time = self._run()
        finally:
            invocation.become(around)
        if not in_time:
            _warn("preloading %s takes longer than %g seconds; the import goes on", _name(self.function), self.seconds)
            return False
        if self.error is not None:
            from kit_core.redaction import redact_text

            text = redact_text(f"{type(self.error).__name__}: {self.error}")
            _warn("preloading %s failed: %s", _name(self.function), text)
        return self.error is None

    def _run(self) -> bool:
        from time import monotonic

        from kit_core.parameters import is_async

        self.result = self.error = None
        ends = monotonic() + self.seconds
        if is_async(self.function):
            self._call()
        elif not self._call_in_thread():
            return False
        if self.error is None and hasattr(self.result, "__await__"):
            from kit_core import loop

            awaitable, self.result = self.result, None
            self._call(lambda: loop.run(awaitable, seconds=max(ends - monotonic(), 0.001)))
        return True

    def _call_in_thread(self) -> bool:
        """Return whether the function has ended in time."""
        from contextvars import copy_context
        from threading import Thread

        thread = Thread(target=copy_context().run, args=(self._call,), name="kit-preload", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads
            self.error = error
            return True
        thread.join(self.seconds)
        return not thread.is_alive()

    def _call(self, function: "Callable[[], object] | None" = None) -> None:
        try:
            self.result = function() if function is not None else self.function(*self.arguments)
        except BaseException as error:  # noqa: BLE001  (whatever it is, the import goes on)
            self.error = error


def _is_snapshot() -> bool:
    """Tell whether SnapStart will take a snapshot of this process; the first time, ask the runtime for its hooks."""
    global _hooked
    if os.environ.get(_TYPE) != "snap-start" or invocation.has_begun():
        return False
    if not _hooked:
        try:
            from snapshot_restore_py import register_after_restore, register_before_snapshot
        except ImportError:
            return False  # an image with a runtime client that has no hooks
        _hooked = True
        register_before_snapshot(_before_snapshot)
        register_after_restore(_after_restore)
    return True


def _before_snapshot() -> None:
    for renew in _renewals:
        _guarded(renew)


def _after_restore() -> None:
    random = sys.modules.get("random")
    if random is not None:
        random.seed()
    for renew in _renewals:
        _guarded(renew)
    for call in _preloads:
        call.run()


def _guarded(function: "Callable[[], object]") -> None:
    try:
        function()
    except Exception:  # noqa: BLE001  (an import, or a restore, never fails for it)
        import logging

        from kit_core import guards

        guards.log("kit.preload", logging.DEBUG, "%s failed", _name(function), exc_info=True)


def _warn(message: str, *args: object) -> None:
    import logging

    from kit_core import guards

    guards.log("kit.preload", logging.WARNING, message, *args)


def _name(function: "Any") -> str:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    return f"{module}.{name}" if module and name else repr(function)


def _spare_collections() -> None:
    """Collect garbage seldom until the first invocation begins; then leave out for good what was there by then.

    What an import makes stays. Looking for garbage among it takes a tenth of a cold start's CPU. The collector is never
    off: a process whose invocations kit does not see collects as seldom as that, too.
    """
    import gc

    if not gc.isenabled() or _SWITCH.get(os.environ.get("KIT_PRELOAD_GC", "").lower()) is False:
        return
    usual = gc.get_threshold()
    spared = (max(usual[0], _ALLOCATIONS), *usual[1:])
    gc.set_threshold(*spared)

    def resume() -> None:
        gc.freeze()
        if gc.get_threshold() == spared:  # nobody else has set it meanwhile
            gc.set_threshold(*usual)

    invocation.before_first(resume)


if in_init_phase():
    _spare_collections()
