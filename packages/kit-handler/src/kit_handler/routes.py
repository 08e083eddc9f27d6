"""`route`: a function from Request to Response becomes a Lambda handler."""

from kit_handler import _loop, adapters
from kit_handler._naming import name_of, take_over
from kit_handler.correlation import enter, leave
from kit_handler.errors import HttpError, InvalidResponseError, UnhandledSourceError
from kit_handler.interceptors import build_guards, compose, known_options
from kit_handler.request import Request
from kit_handler.response import Response
from kit_handler.validation import entries, is_validation_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, overload

    from kit_handler._types import (
        Adapter,
        CallNext,
        Interceptor,
        Names,
        Origins,
        RouteFunction,
        RouteHandler,
        Verifier,
    )
    from kit_handler.interceptors.cors import Cors

# "Invocation payload (request and response)" of "Lambda quotas" says 6 MB; Lambda's own error names this number.
_MOST_BYTES = 6_291_556
_CLEARLY_SMALL = 1_000_000  # a character of the body takes at most six bytes on its way out

if TYPE_CHECKING:

    @overload
    def route(function: RouteFunction, /) -> RouteHandler: ...
    @overload
    def route(
        *,
        role: Names = None,
        scope: Names = None,
        token: "bool | Verifier | None" = None,
        cors: "Origins | None" = None,
        interceptors: Iterable[Interceptor] = (),
        **registered: Any,
    ) -> Callable[[RouteFunction], RouteHandler]: ...


def route(function: "RouteFunction | None" = None, /, **options: "Any") -> "Any":
    """Make `f(request) -> Response`, plain or `async def`, a Lambda handler `(event, context=None) -> dict`.

    Use it bare, as `@route()`, or with options:
    role=: a role (str or Enum) that the authorizer must name, or a list of which any will do; 403 without it
    scope=: the same with scopes
    token=: True for the remote check of `RemoteToken`, or a callable `(token, request) -> bool`
    cors=: True or "*", an origin, or a list of origins whose pages may read the answers; none by default
    interceptors=: functions `(request, call_next) -> Response`, the first outermost, inside the guards above
    and whatever `add_interceptor` has registered. None and False switch an option off; a keyword that is not known
    is a TypeError.

    Answers: without an authorizer's context, a guarded route is 401. An HttpError is its status and message; what
    looks like marshmallow's ValidationError is 400 with an entry per field; any other exception is logged and 500,
    as are a return value that is not a Response, a body that JSON can't hold and an answer over Lambda's 6 MB.
    Raises UnhandledSourceError for an event that is not HTTP.

    The handler may be called with a plain `Request`, too: then guards and interceptors run, and it returns a Response.
    """
    known = known_options()
    unknown = [name for name in options if name not in known]
    if unknown:
        raise TypeError(f"route does not know {', '.join(map(repr, unknown))}; it knows {', '.join(known)}")
    if function is None:
        return lambda function: _handler(function, options)
    return _handler(function, options)


def _handler(function: "RouteFunction", options: "dict[str, Any]") -> "RouteHandler":
    if not callable(function):
        raise TypeError(f"route takes a function and keywords: {function!r}")
    name = name_of(function)
    stack = compose(_innermost(function), build_guards(options), options.get("interceptors") or ())
    cors = _cors(options.get("cors"))

    def handler(event: "Any", context: "Any" = None) -> "Any":
        if isinstance(event, Request):
            return _answer(stack, event, name, cors)
        adapter = adapters.find(event)
        if adapter is None:
            raise UnhandledSourceError(event if isinstance(event, dict) else ())
        origin = enter(event, context)
        try:
            request = Request.from_event(event, context, adapter=adapter)
            return _encoded(adapter, _answer(stack, request, name, cors), request, name, cors)
        finally:
            leave(origin)

    take_over(handler, function)
    return handler  # type: ignore[return-value]


def _innermost(function: "RouteFunction") -> "CallNext":
    def call(request: Request) -> Response:
        response: Any = function(request)
        if not isinstance(response, Response) and hasattr(response, "__await__"):
            response = _loop.run(response)
        return response  # type: ignore[no-any-return]

    return call


def _cors(origins: "Origins | None") -> "Cors | None":
    if origins is None or origins is False:
        return None
    from kit_handler.interceptors.cors import Cors

    return Cors(origins)


def _answer(stack: "CallNext", request: Request, name: str, cors: "Cors | None") -> Response:
    response: Response | None = None
    try:
        if cors:
            response = cors.preflight(request)
        response = response or stack(request)
        if not isinstance(response, Response):
            raise InvalidResponseError(name, response)
    except Exception as error:  # noqa: BLE001  (whatever it is, the client gets an answer without its text)
        response = _error_response(error, name)
    return cors.allow(response, request) if cors else response


def _error_response(error: Exception, name: str) -> Response:
    if isinstance(error, HttpError):
        response = Response.errors(error.status, [error.entry()])
        response.headers.update(error.headers)
        return response
    if is_validation_error(error):
        return Response.errors(400, entries(error))
    _log_error("%s failed", name)
    return Response.internal_server_error()


def _encoded(
    adapter: "Adapter", response: Response, request: Request, name: str, cors: "Cors | None"
) -> "dict[str, Any]":
    try:
        answer = adapter.encode(response)
        if len(answer["body"]) <= _CLEARLY_SMALL or _size(answer) <= _MOST_BYTES:
            return answer
        _log_error("the answer of %s is over the 6 MB that Lambda lets through", name)
    except Exception:  # noqa: BLE001  (bodies run code of their own: their `.dump()`)
        _log_error("the answer of %s can't be sent: its body is not JSON, or a header field has a line break", name)
    failure = Response.internal_server_error()
    return adapter.encode(cors.allow(failure, request) if cors else failure)


def _size(answer: "dict[str, Any]") -> int:
    import json
    import sys

    # The runtime's own serialisation: it escapes what is not ASCII before Python 3.12, and not from there on.
    return len(json.dumps(answer, ensure_ascii=sys.version_info < (3, 12)).encode(errors="surrogatepass"))


def _log_error(message: str, *args: object) -> None:
    import logging
    import sys

    logging.getLogger("kit.handler").error(message, *args, exc_info=sys.exc_info()[0] is not None)
