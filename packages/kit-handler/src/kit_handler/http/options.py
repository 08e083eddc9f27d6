"""The options of `route`: the built-in ones, the ones that `add_interceptor` adds, and the guards of both."""

from kit_handler.errors import InvalidInterceptorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, TypeVar

    from kit_handler.http.request import Request
    from kit_handler.http.response import Response
    from kit_handler.http.types import Guard

    C = TypeVar("C", bound=type)

ANSWER_OPTIONS = ("exception_handlers", "problem_json", "etag", "compress", "security_headers")
BUILT_IN = ("rate_limit", "role", "scope", "token")
RESERVED = (*BUILT_IN, "cors", "interceptors", *ANSWER_OPTIONS)

DOCUMENTED = ("responses", "tags", "deprecated", "hidden")
"""The options of a Router's route that are for its OpenAPI description only."""

INHERITED: "Any" = ...
"""The default of a keyword that leaves the option to the router's, or to the one around it."""

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


def given_options(values: "dict[str, Any]", registered: "dict[str, Any]") -> "dict[str, Any]":
    """Return the options among a function's keywords that were given, `registered` ones among them.

    values: the function's local names
    """
    names = (name for name in (*RESERVED, *DOCUMENTED) if values.get(name, INHERITED) is not INHERITED)
    return {name: values[name] for name in names} | registered


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


def _made(interceptor: "type[Any]", value: "Any") -> "Guard":
    if interceptor.SETTINGS.get("deprecated"):
        import warnings

        name = interceptor.SETTINGS["param_name"]
        warnings.warn(f"the option {name!r} of route is deprecated", DeprecationWarning, stacklevel=5)
    guard: Guard = interceptor(value)
    return guard


def _order(options: "dict[str, Any]") -> "tuple[str, ...]":
    """Return the built-in guards in their order: floods first, then the caller's identity, then permissions.

    A token that names the caller comes before the guards that ask for one; a token that is only checked comes last,
    since that may cost a question to somewhere else.
    """
    by_address = getattr(options.get("rate_limit"), "key", None) == "source_ip"
    identifies = getattr(options.get("token"), "identifies", False)
    before = (*(("rate_limit",) if by_address else ()), *(("token",) if identifies else ()))
    return (*before, *(name for name in BUILT_IN if name not in before))


def _rate_limit(value: "Any") -> "Guard":
    from kit_handler.http.interceptors.rate_limit import rate_limit_guard

    return rate_limit_guard(value)


def _role(value: "Any") -> "Guard":
    from kit_handler.http.interceptors.access import role_guard

    return role_guard(value)


def _scope(value: "Any") -> "Guard":
    from kit_handler.http.interceptors.access import scope_guard

    return scope_guard(value)


def _token(value: "Any") -> "Guard":
    from kit_handler.http.interceptors.token import token_guard

    return token_guard(value)


_BUILDERS: "dict[str, Callable[[Any], Guard]]" = {
    "rate_limit": _rate_limit,
    "role": _role,
    "scope": _scope,
    "token": _token,
}
