"""The event loop that coroutines run in: one per process, made with the first of them and kept.

asyncio is imported here and only then. Tasks that are still running when a coroutine ends go on with the next one.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable
    from typing import Any, TypeVar

    T = TypeVar("T")

_CO_COROUTINE = 0x80  # inspect.CO_COROUTINE

_loop: "AbstractEventLoop | None" = None
_owner = 0


def run(awaitable: "Awaitable[T]") -> "T":
    """Run `awaitable` to its end and return its result, in the current context variables.

    Raises RuntimeError where a loop is running already: await the wrapped function there.
    """
    import asyncio

    if asyncio._get_running_loop() is not None:
        _close_coroutine(awaitable)
        raise RuntimeError("an event loop is running here already; await the wrapped function (`.__wrapped__`) instead")
    return _kept().run_until_complete(asyncio.ensure_future(awaitable, loop=_kept()))


def is_async(function: "Any") -> bool:
    """Tell whether calling `function` makes a coroutine."""
    called = function if hasattr(function, "__code__") else type(function).__call__
    code = getattr(called, "__code__", None)
    return bool(code and code.co_flags & _CO_COROUTINE)


def _kept() -> "AbstractEventLoop":
    global _loop, _owner
    import asyncio
    import os

    if _loop is None or _loop.is_closed() or _owner != os.getpid():  # a forked child must not share its parent's
        if _owner == 0:
            import atexit

            atexit.register(_close)
        _loop, _owner = asyncio.new_event_loop(), os.getpid()
    return _loop


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
    await asyncio.gather(*others, return_exceptions=True)
    await loop.shutdown_asyncgens()


def _close_coroutine(awaitable: "Any") -> None:
    close = getattr(awaitable, "close", None)
    if close is not None:
        close()
