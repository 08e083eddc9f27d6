"""One event loop per process, kept between invocations so that what is bound to it lives on.

It is the current one of the thread (`asyncio.set_event_loop`), so that libraries which know nothing of each other share
it.
"""

import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

P = ParamSpec("P")
R = TypeVar("R")

_kept: "asyncio.AbstractEventLoop | None" = None
_in_use = threading.Lock()
_threads: "ThreadPoolExecutor | None" = None


def ensure_outside() -> None:
    """RuntimeError if this thread runs an event loop already: a second one can't run inside of it."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("this thread runs an event loop already; call the resolver from outside of it")


def run(start: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run the coroutine that `start` makes, and return its result.

    A second thread that comes while the kept loop is busy gets a loop of its own for this one call.
    """
    if not _in_use.acquire(blocking=False):
        import asyncio

        return asyncio.run(start())
    try:
        return _loop().run_until_complete(start())
    finally:
        _in_use.release()


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that may block in a thread, with the context variables of here.

    The threads are not the loop's own few: a middleware holds one while it waits for what is inside of it, which may
    need some of the loop's to get on.
    """
    import asyncio
    from contextvars import copy_context
    from functools import partial

    call = partial(copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_pool(), call)


def _pool() -> "ThreadPoolExecutor":
    global _threads
    if _threads is None:
        from concurrent.futures import ThreadPoolExecutor

        # Only as many are started as are in use at once. To reach the limit would be a deadlock, with each holding a
        # thread and waiting for another.
        _threads = ThreadPoolExecutor(max_workers=1000, thread_name_prefix="kit-websocket")
    return _threads


def _loop() -> "asyncio.AbstractEventLoop":
    global _kept
    if _kept is None or _kept.is_closed():
        import asyncio
        import atexit

        _kept = _current()
        if _kept is None:
            _kept = asyncio.new_event_loop()
            asyncio.set_event_loop(_kept)
        atexit.register(_kept.close)
    return _kept


def _current() -> "asyncio.AbstractEventLoop | None":
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
