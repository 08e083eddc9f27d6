"""Coroutine functions without an `await`: run on the spot, which costs a tenth of a turn of the event loop.

Such a function can neither be suspended nor cancelled, so that a loop makes no difference to it. The kept loop is
the running one meanwhile, for code that asks for it or leaves a task behind.
"""

import os
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Any

from kit_core import loop
from kit_core.parameters import innermost

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_SUSPENDING = ("GET_AWAITABLE", "GET_AITER", "GET_ANEXT", "YIELD_VALUE")
_opcodes: frozenset[int] | None = None
# The main thread's loop, and what makes it the running one; known after its first coroutine.
_kept: "tuple[AbstractEventLoop, int, Callable[[], Any], Callable[[Any], None]] | None" = None


def has_await(function: Callable[..., Any]) -> bool:
    """Tell whether a coroutine function awaits anything; True where that cannot be known."""
    global _opcodes
    if innermost(function) is not function:  # a decorator may do anything
        return True
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return True
    if _opcodes is None:
        from opcode import opmap

        _opcodes = frozenset(opmap[name] for name in _SUSPENDING if name in opmap)
    return not _opcodes.isdisjoint(code.co_code[::2])


def run_at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine that awaits nothing."""
    if _kept is None or _kept[1] != get_ident() or _kept[0].is_closed() or _kept[0].is_running():
        return loop.run(_first(coroutine))
    found, _, running, make_running = _kept
    if running() is not None:
        return loop.run(coroutine)  # says what to do instead
    make_running(found)
    try:
        copy_context().run(coroutine.send, None)
    except StopIteration as ended:
        return ended.value
    finally:
        make_running(None)
    raise RuntimeError("a coroutine without an await has awaited")  # pragma: no cover


async def _first(coroutine: Coroutine[Any, Any, Any]) -> Any:
    global _kept
    from asyncio import _get_running_loop, _set_running_loop, get_running_loop

    if threading.current_thread() is threading.main_thread():  # others get a loop for one call alone
        _kept = get_running_loop(), get_ident(), _get_running_loop, _set_running_loop
    return await coroutine


def _forget() -> None:
    global _kept
    _kept = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
