"""The event loop that coroutines run in: one per process, made with the first of them and kept.

It is the current one of the thread (`asyncio.set_event_loop`), so that libraries which know nothing of each other
share it. asyncio is imported here and only then. What a coroutine leaves behind goes on with the next one, and is
reported.
A coroutine that would outlive the invocation is cancelled before Lambda kills it.
"""

from kit_handler.errors import HandlerError, TimeUpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Awaitable
    from typing import Any, TypeVar
    from weakref import WeakSet

    T = TypeVar("T")

_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE
_MARGIN = 0.5  # seconds before the end of the invocation at which a coroutine is cancelled, at most
_SHARE = 0.1  # of the time that was left when it began: the margin of a short invocation
_MOST_NAMED = 10

_loop: "AbstractEventLoop | None" = None
_owner = 0
_inherited: "list[AbstractEventLoop]" = []  # a forked child neither uses nor closes its parent's
_reported: "WeakSet[Any] | None" = None


def run(awaitable: "Awaitable[T]", *, context: "Any" = None, seconds: float | None = None) -> "T":
    """Run `awaitable` to its end and return its result, in a copy of the current context variables.

    With a Lambda context it is cancelled half a second before the invocation's time is over, or when nine tenths of
    the time that was left have passed, whichever is later; `seconds` set another limit. For half of what remains then
    it may clean up; after that it is left behind. Raises TimeUpError for it, HandlerError when the awaitable was
    cancelled by something else, and RuntimeError where a loop is running already: await the wrapped function there.
    """
    import asyncio

    if asyncio._get_running_loop() is not None:
        _close_coroutine(awaitable)
        raise RuntimeError("an event loop is running here already; await the wrapped function (`.__wrapped__`) instead")
    loop = _kept()
    task = asyncio.ensure_future(awaitable, loop=loop)
    allowed, margin = _time_for(context) if seconds is None else (seconds, min(_MARGIN, seconds * _SHARE))
    limit = None if allowed is None else _Limit(loop, task, allowed, margin / 2)
    try:
        return loop.run_until_complete(task)
    except asyncio.CancelledError as error:
        if limit and limit.reached:
            raise TimeUpError from error
        raise HandlerError("the coroutine was cancelled") from error
    except RuntimeError as error:
        if task.done() or not (limit and limit.given_up):
            raise
        task.add_done_callback(_look_at)
        raise TimeUpError from error
    finally:
        if limit:
            limit.handle.cancel()
        _report_left(loop)


def is_async(function: "Any") -> bool:
    """Tell whether calling `function` makes a coroutine."""
    while hasattr(function, "func") and not hasattr(function, "__code__"):  # functools.partial
        function = function.func
    called = function if hasattr(function, "__code__") else type(function).__call__
    code = getattr(called, "__code__", None)
    return bool(code and code.co_flags & _CO_COROUTINE)


class _Limit:
    """Cancel a task when its time is up, and stop waiting for it when it doesn't end then."""

    __slots__ = ("given_up", "grace", "handle", "loop", "reached", "task")

    def __init__(self, loop: "AbstractEventLoop", task: "Any", allowed: float, grace: float) -> None:
        self.loop = loop
        self.task = task
        self.grace = grace
        self.reached = self.given_up = False
        self.handle = loop.call_later(allowed, self._cancel)

    def _cancel(self) -> None:
        self.reached = self.task.cancel()
        if self.reached:
            _warn("%s was cancelled: the invocation's time is nearly over", _name(self.task))
        self.handle = self.loop.call_later(self.grace, self._give_up)

    def _give_up(self) -> None:
        self.given_up = not self.task.done()
        if self.given_up:
            self.loop.stop()


def _time_for(context: "Any") -> "tuple[float | None, float]":
    """Return the seconds that a coroutine may take, None without a limit, and the margin after them."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    milliseconds = left() if callable(left) else None
    if not isinstance(milliseconds, (int, float)):
        return None, 0.0
    seconds = max(0.0, milliseconds / 1000)
    margin = min(_MARGIN, seconds * _SHARE)
    return seconds - margin, margin


def _report_left(loop: "AbstractEventLoop") -> None:
    """Log once what a coroutine has started and not ended: it stands still until the next coroutine runs."""
    global _reported
    import asyncio

    if not asyncio.all_tasks(loop) and not getattr(loop, "_asyncgens", None):
        return
    loop.call_soon(loop.stop)  # one turn for what only has to be closed
    loop.run_forever()
    tasks = asyncio.all_tasks(loop)
    generators = [each for each in getattr(loop, "_asyncgens", ()) if each.ag_frame is not None]
    if _reported is None:
        from weakref import WeakSet

        _reported = WeakSet()
    left = [each for each in (*tasks, *generators) if each not in _reported]
    if left:
        _reported.update(left)
        names = ", ".join(sorted(_name(each) for each in left)[:_MOST_NAMED])
        _warn("tasks or generators were left unfinished, and stand still until the next coroutine runs: %s", names)


def _name(left: "Any") -> str:
    coroutine = left.get_coro() if hasattr(left, "get_coro") else left
    return str(getattr(coroutine, "__qualname__", type(coroutine).__qualname__))


def _look_at(task: "Task[Any]") -> None:
    """Look at what a task that nobody waits for has come to, so that asyncio doesn't complain of it."""
    if not task.cancelled():
        task.exception()


def _kept() -> "AbstractEventLoop":
    global _loop, _owner
    import asyncio
    import os

    if _loop is None or _loop.is_closed() or _owner != os.getpid():  # a forked child must not share its parent's
        if _owner == 0:
            import atexit

            atexit.register(_close)
        elif _loop is not None and not _loop.is_closed():
            _inherited.append(_loop)
        forked, _owner = _owner not in (0, os.getpid()), os.getpid()
        _loop = None if forked else _current()
        if _loop is None:
            _loop = asyncio.new_event_loop()
            asyncio.set_event_loop(_loop)
    return _loop


def _current() -> "AbstractEventLoop | None":
    """Return the loop that somebody has made current in this thread, if it can be used."""
    import asyncio
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # of Python 3.12 and later, where there is none
        try:
            loop = asyncio.get_event_loop()
        except (RuntimeError, DeprecationWarning):
            return None
    return None if loop.is_closed() else loop


def _close() -> None:
    import os

    if _loop is not None and _owner == os.getpid() and not _loop.is_closed() and not _loop.is_running():
        _loop.run_until_complete(_end_tasks(_loop))
        _loop.close()


async def _end_tasks(loop: "AbstractEventLoop") -> None:
    import asyncio

    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        done, _ = await asyncio.wait(others, timeout=_MARGIN)
        for task in done:
            _look_at(task)
    await loop.shutdown_asyncgens()


def _warn(message: str, name: str) -> None:
    import logging

    logging.getLogger("kit.handler").warning(message, name)


def _close_coroutine(awaitable: "Any") -> None:
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()
