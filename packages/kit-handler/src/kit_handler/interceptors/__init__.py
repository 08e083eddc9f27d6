"""What stands between a request and the route: guards, registered classes, and functions.

A guard is called with the request and returns None to let it pass, or the Response that answers instead. A function
interceptor is called as `(request, call_next)` and returns a Response; around a coroutine function it may be one, too,
and awaits `call_next(request)`. What `route` is given becomes one callable, once, when the function is decorated; it
holds configuration only.
"""

from kit_handler import _loop
from kit_handler._loop import is_async
from kit_handler._naming import name_of
from kit_handler.answers import OPTIONS
from kit_handler.errors import InvalidInterceptorError
from kit_handler.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, ClassVar, TypeVar

    from kit_handler._types import AsyncCallNext, CallNext, Guard, Interceptor, PlainInterceptor
    from kit_handler.request import Request

    C = TypeVar("C", bound=type)

BUILT_IN = ("rate_limit", "role", "scope", "token")
RESERVED = (*BUILT_IN, "cors", "interceptors", *OPTIONS)

_registered: "dict[str, type[Any]]" = {}


class BaseInterceptor:
    """Be the base of a registered interceptor; any class of this shape will do.

    `SETTINGS["param_name"]` is the keyword of `route`, whose value the class is made with, once per route.
    """

    SETTINGS: "ClassVar[dict[str, Any]]" = {}  # noqa: RUF012  (a ClassVar, in quotes)

    def __init__(self, param: "Any") -> None:
        self.param = param

    def __call__(self, request: "Request") -> "Response | None":
        """Return None to let the request pass, or the answer."""
        return None


def add_interceptor(interceptor: "C") -> "C":
    """Register a class under `SETTINGS["param_name"]`, as a keyword of every `route` decorated from now on.

    Registered interceptors run in the order in which they were added, after the built-in guards. Raises
    InvalidInterceptorError for a class without a usable name, with one that another class has, or whose instances
    can't be called. Also usable as a decorator.
    """
    if not isinstance(interceptor, type):
        raise InvalidInterceptorError(interceptor, "not a class")
    settings = getattr(interceptor, "SETTINGS", None)
    name = settings.get("param_name") if isinstance(settings, dict) else None
    if not isinstance(name, str) or not name.isidentifier():
        raise InvalidInterceptorError(interceptor, 'SETTINGS["param_name"] must name a keyword')
    if name in RESERVED:
        raise InvalidInterceptorError(interceptor, f"{name!r} is built in")
    if not any("__call__" in vars(base) for base in interceptor.__mro__):
        raise InvalidInterceptorError(interceptor, "its instances can't be called with a request")
    known = _registered.get(name)
    if known is not None and (known.__module__, known.__qualname__) != (
        interceptor.__module__,
        interceptor.__qualname__,
    ):
        raise InvalidInterceptorError(interceptor, f"{name!r} is taken by {known!r}")
    _registered[name] = interceptor
    return interceptor


def known_options() -> "list[str]":
    """Return every keyword that `route` knows at this moment."""
    return [*RESERVED, *_registered]


def build_guards(options: "dict[str, Any]") -> "list[Guard]":
    """Return the guards that the route's options ask for; an option that is None or False asks for nothing."""
    guards: list[Guard] = []
    for name in (*_order(options), *_registered):
        value = options.get(name)
        if value is not None and value is not False:
            build = _BUILDERS.get(name)
            guards.append(build(value) if build else _made(_registered[name], value))
    return guards


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
            response = _loop.run(response, context=request.context)
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
    def call(request: "Request") -> "Response":
        return _loop.run(call_next(request), context=request.context)

    return call


def _behind(guard: "Guard", call_next: "CallNext") -> "CallNext":
    def call(request: "Request") -> "Response":
        answer: Any = guard(request)
        if answer is not None and hasattr(answer, "__await__"):  # a coroutine is true, whatever it would say
            answer = _loop.run(answer, context=request.context)
        return call_next(request) if answer is None else answer

    return call


def _made(interceptor: "type[Any]", value: "Any") -> "Guard":
    if interceptor.SETTINGS.get("deprecated"):
        import warnings

        name = interceptor.SETTINGS["param_name"]
        warnings.warn(f"the option {name!r} of route is deprecated", DeprecationWarning, stacklevel=5)
    guard: Guard = interceptor(value)
    return guard


def _order(options: "dict[str, Any]") -> "tuple[str, ...]":
    """Return the built-in guards in their order: floods first, then who calls, then what they may do.

    A token that says who is calling comes before what asks about the caller; a token that is only checked comes last,
    since that may cost a question to somewhere else.
    """
    by_address = getattr(options.get("rate_limit"), "key", None) == "source_ip"
    identifies = getattr(options.get("token"), "identifies", False)
    before = (*(("rate_limit",) if by_address else ()), *(("token",) if identifies else ()))
    return (*before, *(name for name in BUILT_IN if name not in before))


def _rate_limit(value: "Any") -> "Guard":
    from kit_handler.interceptors.rate_limit import rate_limit_guard

    return rate_limit_guard(value)


def _role(value: "Any") -> "Guard":
    from kit_handler.interceptors.access import role_guard

    return role_guard(value)


def _scope(value: "Any") -> "Guard":
    from kit_handler.interceptors.access import scope_guard

    return scope_guard(value)


def _token(value: "Any") -> "Guard":
    from kit_handler.interceptors.token import token_guard

    return token_guard(value)


_BUILDERS: "dict[str, Callable[[Any], Guard]]" = {
    "rate_limit": _rate_limit,
    "role": _role,
    "scope": _scope,
    "token": _token,
}
