"""A route's guards, interceptors and function as one callable, composed once, at decoration.

A guard is called with the request and returns None to let it pass, or the Response that answers instead. An interceptor
is called as `(request, call_next)` and returns a Response; around a coroutine function it may be one, too, and awaits
`call_next(request)`. The callable holds configuration only.
"""

from kit_core.parameters import is_async

from kit_handler._naming import name_of
from kit_handler.errors import InvalidInterceptorError
from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kit_handler.http.request import Request
    from kit_handler.http.types import AsyncCallNext, CallNext, Guard, Interceptor, PlainInterceptor


def compose(
    function: "CallNext | AsyncCallNext", guards: "Iterable[Guard]", interceptors: "Iterable[Interceptor]"
) -> "CallNext":
    """Return one plain callable: the guards, then the interceptors, the first listed outermost, then `function`.

    A coroutine function and the coroutine functions around it run as one coroutine, in the process's loop. Plain
    interceptors stand outside of them, since nothing that blocks may run in the loop; a plain function that says of
    itself that it `never_blocks` may. Raises InvalidInterceptorError.
    """
    interceptors = list(interceptors)
    call: Any = function
    if getattr(function, "never_blocks", False) and any(map(is_async, interceptors)):
        call = _as_coroutine(call)
    in_loop = is_async(call)
    if interceptors and not in_loop:
        call = _awaited(call)
    for interceptor in reversed(interceptors):
        if not callable(interceptor) or isinstance(interceptor, type):
            raise InvalidInterceptorError(interceptor, "not a function (request, call_next) -> Response")
        if is_async(interceptor):
            if not in_loop:
                raise InvalidInterceptorError(interceptor, "it is async, and what it would stand around is not")
            call = _around_async(interceptor, call)
        else:
            call = _around(interceptor, _blocking(call) if in_loop else call)  # type: ignore[arg-type]
            in_loop = False
    if in_loop:
        call = _blocking(call)
    for guard in reversed(list(guards)):
        call = _behind(guard, call)
    return call  # type: ignore[no-any-return]


def _awaited(function: "CallNext") -> "CallNext":
    """Return `function` such that interceptors see an answer, though it returns a coroutine without saying so."""

    def call(request: "Request") -> "Response":
        response: Any = function(request)
        if not isinstance(response, Response) and hasattr(response, "__await__"):
            from kit_handler._coroutines import run

            response = run(response, context=request.context)
        return response  # type: ignore[no-any-return]

    return call


def _as_coroutine(function: "CallNext") -> "AsyncCallNext":
    async def call(request: "Request") -> "Response":
        return function(request)

    return call


def _around(interceptor: "PlainInterceptor", call_next: "CallNext") -> "CallNext":
    def call(request: "Request") -> "Response":
        return interceptor(request, call_next)

    return call


def _around_async(interceptor: "Any", call_next: "AsyncCallNext") -> "AsyncCallNext":
    async def call(request: "Request") -> "Response":
        response: Response = await interceptor(request, call_next)
        return response

    call.__qualname__ = name_of(call_next)  # logs name the route, not what stands around it
    return call


def _blocking(call_next: "AsyncCallNext") -> "CallNext":
    from kit_handler._coroutines import run

    def call(request: "Request") -> "Response":
        return run(call_next(request), context=request.context)

    return call


def _behind(guard: "Guard", call_next: "CallNext") -> "CallNext":
    def call(request: "Request") -> "Response":
        answer: Any = guard(request)
        if answer is not None and hasattr(answer, "__await__"):  # a coroutine is true, whatever it would say
            from kit_handler._coroutines import run

            answer = run(answer, context=request.context)
        return call_next(request) if answer is None else answer

    return call
