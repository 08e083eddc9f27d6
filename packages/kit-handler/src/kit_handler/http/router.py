"""`Router`: many routes in one Lambda function."""

from kit_core.handlers import mark_registered

from kit_handler._naming import name_of
from kit_handler.errors import ConfigurationError, HttpError, NotFoundError
from kit_handler.http.answers import cors_of
from kit_handler.http.matching import Matcher, PathParameter, joined, parse, text_of
from kit_handler.http.options import ANSWER_OPTIONS, DOCUMENTED, INHERITED, given_options
from kit_handler.http.paths import route_path
from kit_handler.http.response import Response
from kit_handler.http.routes import Endpoint, caller, check_options, is_reported, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal, TypeVar

    from kit_handler.http.interceptors.cors import Cors
    from kit_handler.http.interceptors.rate_limit import RateLimit
    from kit_handler.http.matching import Accepts, Segments, Values
    from kit_handler.http.request import Request
    from kit_handler.http.types import Interceptor, Names, Origins, Verifier

    F = TypeVar("F", bound=Callable[..., Any])

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""The methods that API Gateway, Function URLs and load balancers send (API Gateway's ANY is all of these)."""

_SLASHES = ("ignore", "strict", "redirect")


class Route:
    """Hold one registered function: `methods`, `path` with every prefix, `options` with those of its routers.

    `parameters` are the names in the path with their converters.
    """

    __slots__ = ("converts", "endpoint", "function", "methods", "names", "options", "parameters", "path", "segments")

    def __init__(
        self, function: "Any", methods: tuple[str, ...], segments: "Segments", options: "dict[str, Any]"
    ) -> None:
        own = getattr(function, "route_options", {})
        if own.get("cors") and "cors" not in options:  # a preflight is answered here, before the function is called
            options = {**options, "cors": cors_of(own["cors"])}
        self.function = function
        self.methods = methods
        self.segments = segments
        self.options = options
        self.path = text_of(segments)
        self.parameters = {each.name: each.converter for each in segments if isinstance(each, PathParameter)}
        self.names = tuple(self.parameters)
        self.converts = any(isinstance(each, PathParameter) and each.accepts for each in segments)
        self.endpoint = Endpoint(
            caller(function, self.parameters), name_of(function), options, reported=is_reported(function)
        )


class Router:
    """Call the function that is registered for a request's method and path; an instance is the Lambda handler.

    prefix: the beginning of every path
    trailing_slash: whether `/users/` is `/users` ("ignore"), another path ("strict"), or sent there ("redirect")
    converters: more of them by name, functions that raise ValueError for a text that is none

    The other options are those of `route`, for every route that has no such option itself; `role=None` there lifts
    the router's. Interceptors add up, the router's outermost, and so do exception handlers.

    A path that no route has is 404. A method that the path doesn't have is 405 with Allow. HEAD is answered as GET
    without the body and OPTIONS with Allow, unless there are routes for them. These answers, which the router gives
    itself, have its CORS and security headers and pass its interceptors; guards don't stand before them.
    """

    __kit_handler__ = "Router"

    def __init__(
        self,
        prefix: str = "",
        *,
        trailing_slash: "Literal['ignore', 'strict', 'redirect']" = "ignore",
        converters: "Mapping[str, Accepts] | None" = None,
        role: "Names" = INHERITED,
        scope: "Names" = INHERITED,
        token: "bool | Verifier | None" = INHERITED,
        rate_limit: "RateLimit | None" = INHERITED,
        cors: "Origins | Cors | None" = INHERITED,
        interceptors: "Iterable[Interceptor]" = INHERITED,
        exception_handlers: "Mapping[type[Exception], Callable[..., Any]] | None" = INHERITED,
        problem_json: bool = INHERITED,
        etag: bool = INHERITED,
        compress: bool = INHERITED,
        security_headers: "bool | Mapping[str, str]" = INHERITED,
        **registered: "Any",
    ) -> None:
        options = given_options(locals(), registered)
        check_options("Router", options)
        if trailing_slash not in _SLASHES:
            raise TypeError(f"trailing_slash is one of {', '.join(map(repr, _SLASHES))}, not {trailing_slash!r}")
        if options.get("token") is True:  # one memory of valid tokens for all routes
            from kit_handler.http.interceptors.token import RemoteToken

            options["token"] = RemoteToken()
        if options.get("cors"):
            options["cors"] = cors_of(options["cors"])
        self.routes: list[Route] = []
        self._slash = trailing_slash
        self._converters = dict(converters or {})
        self._prefix = parse(prefix.rstrip("/"), self._converters)
        self._options = options
        self._matcher: Matcher[Route] = Matcher()
        self._parents: list[tuple[Router, Segments]] = []
        kept = {name: options[name] for name in (*ANSWER_OPTIONS, "cors", "interceptors") if name in options}
        self._fallback = Endpoint(self._unmatched, "Router", kept)

    def route(
        self,
        path: str,
        *,
        methods: "Iterable[str]" = ("GET",),
        role: "Names" = INHERITED,
        scope: "Names" = INHERITED,
        token: "bool | Verifier | None" = INHERITED,
        rate_limit: "RateLimit | None" = INHERITED,
        cors: "Origins | Cors | None" = INHERITED,
        interceptors: "Iterable[Interceptor]" = INHERITED,
        exception_handlers: "Mapping[type[Exception], Callable[..., Any]] | None" = INHERITED,
        problem_json: bool = INHERITED,
        etag: bool = INHERITED,
        compress: bool = INHERITED,
        security_headers: "bool | Mapping[str, str]" = INHERITED,
        responses: "Mapping[int, Any] | None" = INHERITED,
        tags: "Iterable[str]" = INHERITED,
        deprecated: bool = INHERITED,
        hidden: bool = INHERITED,
        **registered: "Any",
    ) -> "Callable[[F], F]":
        """Register a function for a path and these methods, and leave it as it is.

        The path may have `{name}`, `{name:int}`, `{name:uuid}`, `{name:date}` (another text is another path) and at
        its end `{name+}`, which takes the rest with its slashes. Besides the options of `kit_handler.route` there are
        those for its OpenAPI description: responses= (a class or a text by status), tags=, deprecated=, hidden=.
        Raises ConfigurationError for a method or path that can't be, or that is there already.
        """
        options = given_options(locals(), registered)
        check_options("a route", options, DOCUMENTED)
        segments = joined(self._prefix, parse(path if self._slash == "strict" else path.rstrip("/"), self._converters))
        names = _checked_methods((methods,) if isinstance(methods, str) else methods)

        def register(function: "F") -> "F":
            if not callable(function):
                raise TypeError(f"a route is a function: {function!r}")
            self._add(function, names, segments, options)
            mark_registered(function)
            return function

        return register

    def include(self, router: "Router", prefix: str = "") -> None:
        """Take over the routes of another router, also its later ones, with `prefix` before their paths.

        Options of the other router win over those here, as a route's own do.
        """
        if router is self or self._is_in(router):
            raise ConfigurationError("a router can't include itself")
        segments = joined(self._prefix, parse(prefix.rstrip("/"), self._converters))
        router._parents.append((self, segments))
        for route in router.routes:
            self._add(route.function, route.methods, joined(segments, route.segments), route.options)

    def __call__(self, event: "Any", context: "Any" = None) -> "Any":
        """Answer an event, or a plain `Request`, then with a `Response`."""
        return serve(event, context, self._find)

    def _add(self, function: "Any", methods: tuple[str, ...], segments: "Segments", options: "dict[str, Any]") -> None:
        route = Route(function, methods, segments, _merged(self._options, options))
        for method in methods:
            known = self._matcher.add(method, segments, route)
            if known is not route:
                first, second = name_of(known.function), name_of(function)
                raise ConfigurationError(f"{method} {route.path} is there twice: {first!r} and {second!r}")
        self.routes.append(route)
        for parent, prefix in self._parents:
            parent._add(function, methods, joined(prefix, segments), route.options)

    def _is_in(self, router: "Router") -> bool:
        return any(parent is router or parent._is_in(router) for parent, _ in self._parents)

    def _find(self, request: "Request") -> Endpoint:
        try:
            method = request.method
            path, decoded = route_path(request.path, request.event)
            if path[-1:] == "/" != path and self._slash != "strict":
                known = self._slash == "redirect" and self._matcher.find(method, path[:-1], decoded=decoded)
                if known and method != "OPTIONS":  # browsers don't follow where a preflight is sent
                    request._outcome = path
                    return self._fallback
                path = path[:-1]
            found = self._matcher.find(method, path, decoded)
            if method == "OPTIONS" and "access-control-request-method" in request.headers:
                from kit_handler.http.preflights import find_endpoint

                endpoint = find_endpoint(self._matcher, self._fallback, request, path, decoded=decoded)
                if endpoint is not None:
                    return endpoint
            if isinstance(found, set):
                return self._other(request, path, decoded, found)
        except Exception as error:  # noqa: BLE001  (a malformed event, or a converter of one's own)
            request._outcome = error
            return self._fallback
        return _chosen(request, found)

    def _other(self, request: "Request", path: str, decoded: bool, allowed: set[str]) -> Endpoint:
        if request.method == "HEAD" and "GET" in allowed:
            found: Any = self._matcher.find("GET", path, decoded=decoded)
            return _chosen(request, found)
        request._outcome = allowed
        return self._fallback

    def _unmatched(self, request: "Request") -> Response:
        outcome: Any = request._outcome
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, str):
            return _without_slash(outcome, request)
        if not outcome:
            raise NotFoundError
        allow = ", ".join(sorted({*outcome, "OPTIONS", *(["HEAD"] if "GET" in outcome else [])}))
        if request.method == "OPTIONS":
            return Response(204, headers={"Allow": allow})
        raise HttpError(405, "Method not allowed", headers={"Allow": allow})

    # So that interceptors around it may be coroutine functions.
    _unmatched.never_blocks = True  # type: ignore[attr-defined]

    def get(
        self,
        path: str,
        *,
        role: "Names" = INHERITED,
        scope: "Names" = INHERITED,
        token: "bool | Verifier | None" = INHERITED,
        rate_limit: "RateLimit | None" = INHERITED,
        cors: "Origins | Cors | None" = INHERITED,
        interceptors: "Iterable[Interceptor]" = INHERITED,
        exception_handlers: "Mapping[type[Exception], Callable[..., Any]] | None" = INHERITED,
        problem_json: bool = INHERITED,
        etag: bool = INHERITED,
        compress: bool = INHERITED,
        security_headers: "bool | Mapping[str, str]" = INHERITED,
        responses: "Mapping[int, Any] | None" = INHERITED,
        tags: "Iterable[str]" = INHERITED,
        deprecated: bool = INHERITED,
        hidden: bool = INHERITED,
        **registered: "Any",
    ) -> "Callable[[F], F]":
        """Register a function for GET and a path; see `route`."""
        return self.route(path, methods=("GET",), **given_options(locals(), registered))

    if TYPE_CHECKING:
        post = put = patch = delete = head = options = get


def _verb(method: str) -> "Any":
    def register(self: Router, path: str, **options: "Any") -> "Any":
        return self.route(path, methods=(method,), **options)

    register.__name__ = method.lower()
    register.__qualname__ = f"Router.{register.__name__}"
    register.__doc__ = f"Register a function for {method} and a path; see `route`."
    register.__wrapped__ = Router.get  # type: ignore[attr-defined]  # its keywords are these, too: help() shows them
    return register


for _method in METHODS[1:]:
    setattr(Router, _method.lower(), _verb(_method))


def _checked_methods(methods: "Iterable[str]") -> tuple[str, ...]:
    names = tuple(str(method).upper() for method in methods)
    unknown = [name for name in names if name not in METHODS]
    if unknown or not names:
        wrong = ", ".join(map(repr, unknown)) or "none"
        raise ConfigurationError(f"the methods of a route are among {', '.join(METHODS)}, not {wrong}")
    return names


def _chosen(request: "Request", found: "tuple[Route, Values]") -> Endpoint:
    route, values = found
    names = route.names
    if route.converts:
        _keep_converted(request, names, values)
    else:
        texts: Any = values
        request.path_params = {names[0]: texts[0]} if len(names) == 1 else dict(zip(names, texts, strict=True))
    request.route = route.path
    return route.endpoint


def _keep_converted(request: "Request", names: tuple[str, ...], values: "Values") -> None:
    texts: dict[str, str] = {}
    converted: dict[str, object] = {}
    for name, value in zip(names, values):  # noqa: B905  (the matcher has as many)
        if type(value) is tuple:
            texts[name], converted[name] = value
        else:
            texts[name] = value  # type: ignore[assignment]
    request.path_params, request.converted = texts, converted


def _merged(outer: "dict[str, Any]", inner: "dict[str, Any]") -> "dict[str, Any]":
    options = {**outer, **inner}
    if outer.get("interceptors") and inner.get("interceptors"):
        options["interceptors"] = [*outer["interceptors"], *inner["interceptors"]]
    if outer.get("exception_handlers") and inner.get("exception_handlers"):
        options["exception_handlers"] = {**outer["exception_handlers"], **inner["exception_handlers"]}
    return options


def _without_slash(path: str, request: "Request") -> Response:
    """Send the client from `…/users/` to `../users`, relative to its own view of the path; 308 keeps the method."""
    from urllib.parse import quote, urlencode

    query = urlencode(request.multi_query, doseq=True, errors="replace")
    last = quote(path[:-1].rpartition("/")[2], safe="%", errors="replace")
    return Response.redirect(f"../{last}{f'?{query}' if query else ''}", status_code=308)
