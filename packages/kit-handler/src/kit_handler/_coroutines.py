"""Coroutines with kit-handler's errors: in kit-core's kept event loop, or under a server in its loop.

Loaded with the first coroutine.
"""

from contextvars import ContextVar

from kit_core import errors, loop

from kit_handler.errors import HandlerError, TimeUpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable
    from typing import Any, TypeVar

    T = TypeVar("T")

server_loop: "ContextVar[AbstractEventLoop | None]" = ContextVar("kit_server_loop", default=None)
"""The loop of the server that a thread handles a request for; set by `kit_handler.asgi`."""


def run(awaitable: "Awaitable[T]", *, context: "Any" = None, seconds: float | None = None) -> "T":
    """Run `awaitable` to its end, as `kit_core.loop.run` does, and return its result.

    Raises kit-handler's TimeUpError, which a client sees as 503, when it was cancelled because the invocation's time is
    nearly over; HandlerError when something else has cancelled it; RuntimeError where a loop is running already.
    """
    server = server_loop.get()
    try:
        if server is not None:
            from kit_handler._server import run_in_server

            return run_in_server(server, awaitable, context=context, seconds=seconds)
        return loop.run(awaitable, context=context, seconds=seconds)
    except errors.TimeUpError as error:
        raise TimeUpError from error
    except errors.CoroutineCancelledError as error:
        raise HandlerError("the coroutine was cancelled") from error
