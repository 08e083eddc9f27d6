"""What stands between a request and the route: guards, registered classes, and functions.

A guard is called with the request and returns None to let it pass, or the Response that answers instead. A function
interceptor is called as `(request, call_next)` and returns a Response. What `route` is given becomes one callable,
once, when the function is decorated; it holds configuration only.
"""

from kit_handler._loop import is_async
from kit_handler.errors import InvalidInterceptorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, ClassVar, TypeVar

    from kit_handler._types import CallNext, Guard, Interceptor
    from kit_handler.request import Request
    from kit_handler.response import Response

    C = TypeVar("C", bound=type)

BUILT_IN = ("role", "scope", "token")
RESERVED = (*BUILT_IN, "cors", "interceptors")

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

    Registered interceptors run in the order in which they were added, after role, scope and token. Raises
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
    for name in (*BUILT_IN, *_registered):
        value = options.get(name)
        if value is not None and value is not False:
            build = _BUILDERS.get(name)
            guards.append(build(value) if build else _made(_registered[name], value))
    return guards


def compose(function: "CallNext", guards: "Iterable[Guard]", interceptors: "Iterable[Interceptor]") -> "CallNext":
    """Return one callable: the guards, then the interceptors, the first listed outermost, then `function`."""
    call = function
    for interceptor in reversed(list(interceptors)):
        if not callable(interceptor) or isinstance(interceptor, type):
            raise InvalidInterceptorError(interceptor, "not a function (request, call_next) -> Response")
        if is_async(interceptor):
            raise InvalidInterceptorError(interceptor, "it is async, and interceptors are plain functions")
        call = _around(interceptor, call)
    for guard in reversed(list(guards)):
        call = _behind(guard, call)
    return call


def _around(interceptor: "Interceptor", call_next: "CallNext") -> "CallNext":
    def call(request: "Request") -> "Response":
        return interceptor(request, call_next)

    return call


def _behind(guard: "Guard", call_next: "CallNext") -> "CallNext":
    def call(request: "Request") -> "Response":
        answer = guard(request)
        return call_next(request) if answer is None else answer

    return call


def _made(interceptor: "type[Any]", value: "Any") -> "Guard":
    if interceptor.SETTINGS.get("deprecated"):
        import warnings

        name = interceptor.SETTINGS["param_name"]
        warnings.warn(f"the option {name!r} of route is deprecated", DeprecationWarning, stacklevel=5)
    if is_async(interceptor.__call__):
        raise InvalidInterceptorError(interceptor, "its __call__ is async, and interceptors are plain functions")
    guard: Guard = interceptor(value)
    return guard


def _role(value: "Any") -> "Guard":
    from kit_handler.interceptors.access import role_guard

    return role_guard(value)


def _scope(value: "Any") -> "Guard":
    from kit_handler.interceptors.access import scope_guard

    return scope_guard(value)


def _token(value: "Any") -> "Guard":
    from kit_handler.interceptors.token import token_guard

    return token_guard(value)


_BUILDERS: "dict[str, Callable[[Any], Guard]]" = {"role": _role, "scope": _scope, "token": _token}
