"""Telling the receiver of errors, without waiting for it longer than it was given."""

from kit_core.invocation import remaining_ms_of
from kit_core.parameters import is_async

from kit_handler import _log
from kit_handler._naming import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread
    from typing import Any, TypeAlias

    from kit_handler.envelope.reports import ErrorReport

    ErrorReceiver: TypeAlias = Callable[[ErrorReport], object]

_RESERVE = 0.2  # seconds of the invocation that are kept for answering
_LEAST = 0.05
_MOST_UNFINISHED = 4

_unfinished: "list[Thread]" = []


def notify(receiver: "ErrorReceiver", error: Exception, event: "Any", context: "Any", *, seconds: float) -> None:
    """Call `receiver` with a report of `error` and wait for it for `seconds`; its errors are only logged.

    One that takes longer goes on in its thread, as far as the environment is awake; when four are at it, further
    reports are given up.
    """
    from kit_handler.envelope.reports import report

    seconds = _seconds_for(context, seconds)
    try:
        told = report(error, event, context)
        if is_async(receiver):
            outcome: Any = receiver(told)
        else:
            outcome = _in_thread(receiver, told, seconds)
        if hasattr(outcome, "__await__"):
            from kit_handler._coroutines import run

            run(outcome, seconds=seconds)
    except Exception as failure:  # noqa: BLE001  (the answer matters more than the notice)
        _log.error("%s failed", name_of(receiver), exc_info=failure)


def _in_thread(receiver: "ErrorReceiver", told: "ErrorReport", seconds: float) -> "Any":
    from contextvars import copy_context
    from threading import Thread

    _unfinished[:] = [thread for thread in _unfinished if thread.is_alive()]
    if len(_unfinished) >= _MOST_UNFINISHED:
        _log.error("%s was not called: it is still busy with earlier reports", name_of(receiver))
        return None
    outcomes: list[Any] = []

    def call() -> None:
        try:
            outcomes.append(receiver(told))
        except BaseException as failure:  # noqa: BLE001  (SystemExit, too: nobody else would hear of it)
            _log.error("%s failed", name_of(receiver), exc_info=failure)

    thread = Thread(target=copy_context().run, args=(call,), name="kit-handler-error-receiver", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _unfinished.append(thread)
        _log.error("%s takes too long; the answer goes out without it", name_of(receiver))
        return None
    return outcomes[0] if outcomes else None


def _seconds_for(context: "Any", seconds: float) -> float:
    remaining = remaining_ms_of(context)
    return seconds if remaining is None else max(_LEAST, min(seconds, remaining / 1000 - _RESERVE))
