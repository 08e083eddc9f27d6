"""One event loop per process, kept between invocations so that what is bound to it lives on."""

import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

R = TypeVar("R")

_kept: "asyncio.AbstractEventLoop | None" = None
_in_use = threading.Lock()


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


def _loop() -> "asyncio.AbstractEventLoop":
    global _kept
    if _kept is None or _kept.is_closed():
        import asyncio
        import atexit

        _kept = asyncio.new_event_loop()
        atexit.register(_kept.close)
    return _kept
