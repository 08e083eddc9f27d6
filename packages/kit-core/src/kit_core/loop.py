"""The event loop that coroutines run in: one per process, made with the first coroutine and kept.

It is the current loop of its thread (`asyncio.set_event_loop`), and a current one is taken instead of making another,
so that libraries which know nothing of each other share it, and a client that is bound to a loop serves them all. A
second thread that comes while it runs gets a loop of its own for this one call. Tasks that a coroutine leaves behind go
on with the next coroutine, and are reported. A coroutine that would outlive the invocation is cancelled before Lambda
kills it. asyncio is imported by the first coroutine.
"""

import os
import threading

from kit_core import invocation
from kit_core.errors import CoroutineCancelledError, TimeUpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Awaitable, Callable
    from concurrent.futures import ThreadPoolExecutor
    from typing import Any, ParamSpec, TypeVar
    from weakref import WeakSet

    P = ParamSpec("P")
    T = TypeVar("T")

_MARGIN = 0.5  # seconds before the end of the invocation at which a coroutine is cancelled, at most
_SHARE = 0.1  # of the time that was left when it began: the margin of a short invocation
_MOST_NAMED = 10

_loop: "AbstractEventLoop | None" = None
_owner = 0
_inherited: "list[AbstractEventLoop]" = []  # a forked child neither uses nor closes its parent's
_in_use = threading.Lock()
_reported: "WeakSet[Any] | None" = None
_threads: "ThreadPoolExecutor | None" = None


def run(awaitable: "Awaitable[T]", *, context: "Any" = None, seconds: float | None = None) -> "T":
    """Run `awaitable` to its end and return its result, in a copy of the current context variables.

    context: a Lambda context; by default that of the current invocation. Half a second before the invocation's time is
        over, or when nine tenths of the remaining time have passed, whichever is later, the coroutine is cancelled.
    seconds: another limit, instead

    For half of the remaining time it may clean up; after that it is left behind. Raises TimeUpError for it,
    CoroutineCancelledError when the awaitable was cancelled by something else, and RuntimeError where a loop is running
    already: await there instead.
    """
    import asyncio

    if asyncio._get_running_loop() is not None:
        _close_coroutine(awaitable)
        raise RuntimeError("an event loop is running in this thread already; await the coroutine instead")
    if not _in_use.acquire(blocking=False):
        return _run_apart(awaitable, context, seconds)
    try:
        return _run_in(_kept(), awaitable, context, seconds)
    finally:
        _in_use.release()


async def in_thread(function: "Callable[P, T]", *args: "P.args", **kwargs: "P.kwargs") -> "T":
    """Run a function that may block in a thread, with the context variables of here.

    The threads are not the loop's own few: a function may wait for coroutines that need some of those to get on.
    """
    import asyncio
    from contextvars import copy_context
    from functools import partial

    global _threads
    if _threads is None:
        from concurrent.futures import ThreadPoolExecutor

        # Only as many are started as are in use at once. To reach the limit would be a deadlock: each would hold a
        # thread and wait for another.
        _threads = ThreadPoolExecutor(max_workers=1000, thread_name_prefix="kit")
    call = partial(copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)


def _run_apart(awaitable: "Awaitable[T]", context: "Any", seconds: float | None) -> "T":
    """Run in a loop for this call alone, as `asyncio.run` does."""
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        return _run_in(loop, awaitable, context, seconds)
    finally:
        loop.run_until_complete(_end_tasks(loop))
        loop.close()


def _run_in(loop: "AbstractEventLoop", awaitable: "Awaitable[T]", context: "Any", seconds: float | None) -> "T":
    import asyncio

    task = asyncio.ensure_future(awaitable, loop=loop)
    allowed, margin = _time_for(context) if seconds is None else (seconds, min(_MARGIN, seconds * _SHARE))
    limit = None if allowed is None else _Limit(loop, task, allowed, margin / 2)
    try:
        return loop.run_until_complete(task)
    except asyncio.CancelledError as error:
        if limit and limit.reached:
            raise TimeUpError from error
        raise CoroutineCancelledError from error
    except RuntimeError as error:
        if task.done() or not (limit and limit.given_up):
            raise
        task.add_done_callback(_take_result)
        raise TimeUpError from error
    finally:
        if limit:
            limit.handle.cancel()
        _report_unfinished(loop)


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
    milliseconds = invocation.remaining_ms() if context is None else invocation.remaining_ms_of(context)
    if milliseconds is None:
        return None, 0.0
    seconds = max(0.0, milliseconds / 1000)
    margin = min(_MARGIN, seconds * _SHARE)
    return seconds - margin, margin


def _report_unfinished(loop: "AbstractEventLoop") -> None:
    """Log once the tasks that a coroutine has started and not ended: they stand still until the next coroutine runs."""
    global _reported
    import asyncio

    if not asyncio.all_tasks(loop) and not getattr(loop, "_asyncgens", None):
        return
    loop.call_soon(loop.stop)  # one turn for tasks that only have to be closed
    loop.run_forever()
    tasks = asyncio.all_tasks(loop)
    generators = [each for each in getattr(loop, "_asyncgens", ()) if each.ag_frame is not None]
    if _reported is None:
        from weakref import WeakSet

        _reported = WeakSet()
    unfinished = [each for each in (*tasks, *generators) if each not in _reported]
    if unfinished:
        _reported.update(unfinished)
        names = ", ".join(sorted(_name(each) for each in unfinished)[:_MOST_NAMED])
        _warn("tasks or generators were left unfinished, and stand still until the next coroutine runs: %s", names)


def _name(unfinished: "Any") -> str:
    coroutine = unfinished.get_coro() if hasattr(unfinished, "get_coro") else unfinished
    return str(getattr(coroutine, "__qualname__", type(coroutine).__qualname__))


def _take_result(task: "Task[Any]") -> None:
    """Look at the result of a task that nobody waits for, so that asyncio doesn't complain of it."""
    if not task.cancelled():
        task.exception()


def _kept() -> "AbstractEventLoop":
    global _loop, _owner
    if _loop is None or _loop.is_closed() or _owner != os.getpid():  # a forked child must not share its parent's
        import asyncio

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
    """Return the loop that a library has made current in this thread, if it can be used."""
    import asyncio
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # of Python 3.12 and later, where there is none
        try:
            loop = asyncio.get_event_loop()
        except (RuntimeError, DeprecationWarning):
            return None
    return None if loop.is_closed() or loop.is_running() else loop


def _close() -> None:
    if _loop is not None and _owner == os.getpid() and not _loop.is_closed() and not _loop.is_running():
        _loop.run_until_complete(_end_tasks(_loop))
        _loop.close()


async def _end_tasks(loop: "AbstractEventLoop") -> None:
    import asyncio

    others = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        done, _ = await asyncio.wait(others, timeout=_MARGIN)
        for task in done:
            _take_result(task)
    await loop.shutdown_asyncgens()


def _renew_lock() -> None:
    """Give a forked child a lock that no thread of its parent holds."""
    global _in_use, _threads
    _in_use, _threads = threading.Lock(), None


def _warn(message: str, name: str) -> None:
    import logging

    from kit_core import guards

    guards.log("kit.core", logging.WARNING, message, name)


def _close_coroutine(awaitable: "Any") -> None:
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()


def _register_fork() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_renew_lock)


_register_fork()
