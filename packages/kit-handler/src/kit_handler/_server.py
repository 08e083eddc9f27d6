"""Coroutines of a request in the event loop of its server, while the request's thread waits for them."""

import asyncio
import concurrent.futures
from collections.abc import Awaitable
from typing import Any, TypeVar

from kit_core.errors import CoroutineCancelledError, TimeUpError

from kit_handler import _log
from kit_handler._limits import seconds_left

T = TypeVar("T")

_GRACE = 0.25  # seconds for a cancelled coroutine to clean up


def run_in_server(
    server: asyncio.AbstractEventLoop, awaitable: Awaitable[T], *, context: Any, seconds: float | None
) -> T:
    """Run `awaitable` in the server's loop, with the context variables of here; raise as `kit_core.loop.run` does."""
    if asyncio._get_running_loop() is not None:
        close = getattr(awaitable, "close", None)
        if close is not None:
            close()
        raise RuntimeError("an event loop is running in this thread already; await the coroutine instead")
    allowed = seconds_left(context) if seconds is None else seconds
    future = asyncio.run_coroutine_threadsafe(_within(awaitable, allowed), server)
    try:
        return future.result()
    except concurrent.futures.CancelledError as error:
        raise CoroutineCancelledError from error


async def _within(awaitable: Awaitable[T], seconds: float | None) -> T:
    """Await in a task; cancel it when the time is up, and leave it behind if it doesn't end then."""
    task = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not task.done():
        task.cancel()
        name = getattr(awaitable, "__qualname__", type(awaitable).__qualname__)
        _log.warning("%s was cancelled: the invocation's time is nearly over", name)
        await asyncio.wait({task}, timeout=_GRACE)
        if not task.done() or task.cancelled():
            raise TimeUpError
    if task.cancelled():
        raise CoroutineCancelledError
    return task.result()
