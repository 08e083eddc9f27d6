"""`route`: a function from Request to Response becomes a Lambda handler."""

from kit_core.handlers import is_being_defined
from kit_core.invocation import ask_outcome, begin, end
from kit_core.loading import load_early
from kit_core.parameters import is_async, is_generator, refuse_unknown

from kit_handler._naming import name_of, names_around, take_over
from kit_handler.errors import InvalidRequestError, InvalidResponseError, ResponseTooLargeError, UnhandledSourceError
from kit_handler.http import payloads
from kit_handler.http.answers import Answers, log_failure
from kit_handler.http.options import build_guards, given_options, known_options
from kit_handler.http.request import Request
from kit_handler.http.response import Response
from kit_handler.http.signature import takes_the_request, texts_of_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, overload

    from kit_handler.http.adapters.adapter import Adapter
    from kit_handler.http.interceptors.cors import Cors
    from kit_handler.http.interceptors.rate_limit import RateLimit
    from kit_handler.http.types import Interceptor, Names, Origins, RouteFunction, RouteHandler, Verifier

if TYPE_CHECKING:

    @overload
    def route(function: RouteFunction, /) -> RouteHandler: ...
    @overload
    def route(
        *,
        role: Names = None,
        scope: Names = None,
        token: "bool | Verifier | None" = None,
        rate_limit: "RateLimit | None" = None,
        cors: "Origins | Cors | None" = None,
        interceptors: Iterable[Interceptor] = (),
        exception_handlers: Mapping[type[Exception], Callable[..., Any]] | None = None,
        problem_json: bool = False,
        etag: bool = False,
        compress: bool = False,
        security_headers: bool | Mapping[str, str] = False,
        **registered: Any,
    ) -> Callable[[RouteFunction], RouteHandler]: ...


def route(
    function: "RouteFunction | None" = None,
    /,
    *,
    role: "Names" = None,
    scope: "Names" = None,
    token: "bool | Verifier | None" = None,
    rate_limit: "RateLimit | None" = None,
    cors: "Origins | Cors | None" = None,
    interceptors: "Iterable[Interceptor]" = (),
    exception_handlers: "Mapping[type[Exception], Callable[..., Any]] | None" = None,
    problem_json: bool = False,
    etag: bool = False,
    compress: bool = False,
    security_headers: "bool | Mapping[str, str]" = False,
    **registered: "Any",
) -> "Any":
    """Make `f(request) -> Response`, plain or `async def`, a Lambda handler `(event, context=None) -> dict`.

    A function may name other parameters instead: name and annotation bind each to a part of the request. A part that is
    not as annotated is a 400 with an entry per parameter or field.

    Use it bare, as `@route()`, or with options:
    role=: a role (str or Enum) that the authorizer must name, a list of alternatives, or `all_of`; 403 without it
    scope=: the same with scopes
    token=: True for the remote check of `RemoteToken`, a `Jwt`, or a callable `(token, request) -> bool`
    rate_limit=: a `RateLimit`; 429 over it
    cors=: True or "*", an origin, or a list of origins whose pages may read the answers, or `Cors`; none by default
    interceptors=: functions `(request, call_next) -> Response`, the first outermost, inside the guards above and the
    ones of `add_interceptor`; around `async def` they may be that, too
    exception_handlers=: functions `(error, request) -> Response` by class; that of the nearest class is called
    problem_json=: errors as application/problem+json (RFC 9457)
    etag=: add an ETag to the answers to GET; answer 304 if If-None-Match matches
    compress=: gzip where the client takes it; a REST API must have `*/*` in its binary media types for that
    security_headers=: True for a safe choice, or a mapping of one's own; also on errors

    None and False switch an option off; a keyword that is not known
    is a TypeError.

    Answers: without an authorizer's context, a guarded route is 401. An HttpError is its status and message; an
    error in the shape of marshmallow's ValidationError is 400 with an entry per field; any other exception is logged
    and 500, as are a return value that is not a Response, a body that JSON can't hold and an answer over Lambda's 6 MB
    or a load balancer's 1 MB. Raises UnhandledSourceError for an event that is not HTTP.

    HEAD is answered as GET, and the body left out on the way.

    The handler may be called with a plain `Request`, too: then guards and interceptors run, and it returns a Response.
    """
    options = {name: value for name, value in given_options(locals(), registered).items() if _asks(value)}
    check_options("route", options)
    if function is None:
        return lambda function: _handler(function, options)
    return _handler(function, options)


def _asks(value: "Any") -> bool:
    return value is not None and value is not False and value != ()


def check_options(owner: str, options: "Iterable[str]", more: "tuple[str, ...]" = ()) -> None:
    """Raise TypeError for options that `owner` doesn't know; `more` are known beside the common ones."""
    known = (*known_options(), *more)
    refuse_unknown(owner, [name for name in options if name not in known], known)


class Endpoint:
    """Hold a function with all that stands around it: guards, interceptors, and how its answers go out."""

    __slots__ = ("_call", "answers", "name", "reported")

    def __init__(self, call: "Any", name: str, options: "dict[str, Any]", *, reported: bool = False) -> None:
        load_early(payloads.load_usual)
        self.name = name
        self.reported = reported  # whether a decorator of the function wants to know the answer
        self.answers = Answers(options)
        guards, interceptors = build_guards(options), options.get("interceptors") or ()
        if guards or interceptors or is_async(call):
            from kit_handler.http.stack import compose

            call = compose(call, guards, interceptors)
        self._call = call

    def answer(self, request: Request) -> Response:
        """Return the answer to a request; nothing that is raised gets out."""
        answers = self.answers
        response: Any = None
        try:
            if answers.cors:
                response = answers.cors.preflight(request)
            if response is None:
                response = self._call(request)
            if type(response) is not Response or (type(response.body) is not dict and response.streams):
                response = self._settled(response, request)
        except Exception as error:  # noqa: BLE001  (whatever it is, the client gets an answer without its text)
            response = answers.of_error(error, request, self.name)
        return response if answers.plain else answers.finished(response, request, self.name)

    def _settled(self, result: "Any", request: Request) -> Response:
        if hasattr(result, "__await__"):
            from kit_handler._coroutines import run

            result = run(result, context=request.context)
        if not isinstance(result, Response):
            raise InvalidResponseError(self.name, result)
        if not result.streams:
            return result
        from kit_handler.http.stream_answers import settled

        return settled(result, request, self.name, self.answers)


def serve(event: "Any", context: "Any", find: "Callable[[Request], Endpoint]") -> "Any":
    """Answer an event, or a plain request, with the endpoint that `find` returns for it."""
    if isinstance(event, Request):
        return find(event).answer(event)
    adapter = payloads.find(event)
    if adapter is None:
        raise UnhandledSourceError(event if isinstance(event, dict) else ())
    token = begin(event, context)
    try:
        try:
            request = Request.from_event(event, context, adapter=adapter)
        except Exception:  # noqa: BLE001  (an adapter of one's own; the built-in ones find a method and a path always)
            log_failure("the adapter %r can't read the event that it recognises", adapter)
            return adapter.encode(Response.internal_server_error())
        endpoint = find(request)
        if endpoint.reported:
            return _reported(adapter, request, endpoint)
        return _encoded(adapter, endpoint.answer(request), request, endpoint)
    finally:
        end(token)


def _reported(adapter: "Adapter", request: Request, endpoint: Endpoint) -> "dict[str, Any]":
    reports: list[Callable[[Any], None]] = ask_outcome().setdefault("reports", [])
    answer = _encoded(adapter, endpoint.answer(request), request, endpoint)
    while reports:
        reports.pop()(answer)
    return answer


def _handler(function: "RouteFunction", options: "dict[str, Any]") -> "RouteHandler":
    if not callable(function):
        raise TypeError(f"route takes a function and keywords: {function!r}")
    if any(options.values()) and getattr(function, "__kit_registered__", False) and is_being_defined(function):
        listed = ", ".join(f"{name}=" for name, value in options.items() if value)
        raise TypeError(
            f"{name_of(function)} is registered with a Router already, which calls it without {listed}: "
            "give the options to the Router's decorator, or put that above @route"
        )
    endpoint = Endpoint(caller(function), name_of(function), options, reported=is_reported(function))

    def find(request: Request) -> Endpoint:
        return endpoint

    def handler(event: "Any", context: "Any" = None) -> "Any":
        return serve(event, context, find)

    take_over(handler, function)
    # For a Router, which calls it with the request, whatever the function inside takes.
    handler.route_options = options  # type: ignore[attr-defined]
    return handler  # type: ignore[return-value]


def is_reported(function: "Any") -> bool:
    """Tell whether a decorator of `function` wants to know the answer, as kit-logger's metrics do."""
    return getattr(function, "__kit_reported__", False) is True


def caller(function: "Any", path: "Mapping[str, str] | None" = None) -> "Any":
    """Return `function` as a function of the request alone, as `compose` takes it. It may return a coroutine.

    path: the parameters of the route's path and their converters, if these are known
    """
    kind = getattr(function, "__kit_handler__", None)
    if kind is not None:
        raise TypeError(f"{name_of(function)} is a {kind}, which takes whole events: it can't be a route's function")
    if is_generator(function):
        raise TypeError(f"{name_of(function)} yields, and answers nothing: return Response.stream(…) of a generator")
    call = function
    if not hasattr(function, "route_options") and not takes_the_request(function, path or ()):
        texts = texts_of_path(function, path or {})
        if texts:
            call = _with_texts(function, texts)
        else:
            from kit_handler.binding.binding import bind

            call = bind(function, path, names_around())
    return _awaiting(call) if is_async(function) and call is not function else call


def _with_texts(function: "Any", names: "tuple[str, ...]") -> "Any":
    # A router matches no path without them.
    if len(names) == 1:
        (only,) = names

        def call(request: Request) -> "Any":
            text = request.path_params[only]
            if "\0" in text or not text.isascii():
                _refuse_faults(request, names)
            return function(text)

        return call

    def call_with_all(request: Request) -> "Any":
        texts = list(map(request.path_params.__getitem__, names))
        if not all(map(str.isascii, texts)) or any("\0" in text for text in texts):
            _refuse_faults(request, names)
        return function(*texts)

    return call_with_all


def _refuse_faults(request: Request, names: "tuple[str, ...]") -> None:
    """Raise InvalidRequestError for texts of the path that nothing could keep, as other parameters are refused."""
    from kit_handler.binding.texts import fault_of
    from kit_handler.binding.validation import entry

    faults = [(name, fault_of(request.path_params[name])) for name in names]
    found = [entry(name, fault) for name, fault in faults if fault]
    if found:
        raise InvalidRequestError(found)


def _awaiting(call: "Any") -> "Any":
    async def call_async(request: Request) -> "Any":
        response = call(request)
        return await response if hasattr(response, "__await__") else response

    return call_async


def _encoded(adapter: "Adapter", response: Response, request: Request, endpoint: Endpoint) -> "dict[str, Any]":
    try:
        answer = adapter.encode(response)
        if len(answer["body"]) > payloads.CLEARLY_SMALL:
            payloads.check_size(answer, adapter)
        return answer if request.method != "HEAD" else {**answer, "body": ""}
    except ResponseTooLargeError as error:
        log_failure("the answer of %s can't be sent: %s", endpoint.name, error)
    except Exception:  # noqa: BLE001  (bodies run code of their own: their `.dump()`)
        log_failure("the answer of %s can't be sent: its status, body or header fields are wrong", endpoint.name)
    answer = adapter.encode(endpoint.answers.failure(request))
    return answer if request.method != "HEAD" else {**answer, "body": ""}
