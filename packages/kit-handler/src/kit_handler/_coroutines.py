"""Coroutines in kit-core's kept event loop, with kit-handler's errors; loaded with the first coroutine."""

from kit_core import errors, loop

from kit_handler.errors import HandlerError, TimeUpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any, TypeVar

    T = TypeVar("T")


def run(awaitable: "Awaitable[T]", *, context: "Any" = None, seconds: float | None = None) -> "T":
    """Run `awaitable` to its end, as `kit_core.loop.run` does, and return its result.

    Raises kit-handler's TimeUpError, which a client sees as 503, when it was cancelled because the invocation's time is
    nearly over; HandlerError when something else has cancelled it; RuntimeError where a loop is running already.
    """
    try:
        return loop.run(awaitable, context=context, seconds=seconds)
    except errors.TimeUpError as error:
        raise TimeUpError from error
    except errors.CoroutineCancelledError as error:
        raise HandlerError("the coroutine was cancelled") from error
