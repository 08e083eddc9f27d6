"""From a route's result or exception to the answer that goes out.

The form of errors, handlers for exceptions, ETag, gzip, security headers, CORS: in this order, each only where the
route or its router has asked for it.
"""

from kit_handler.errors import HttpError, InvalidRequestError
from kit_handler.http.response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit_handler.http.interceptors.cors import Cors
    from kit_handler.http.request import Request
    from kit_handler.http.types import AnswerStep


class Answers:
    """Hold how a route's answers go out; made once per route."""

    __slots__ = ("_handlers", "_problem", "_steps", "cors", "plain")

    def __init__(self, options: "dict[str, Any]") -> None:
        self.cors = cors_of(options.get("cors"))
        self._handlers = _checked_handlers(options.get("exception_handlers"))
        self._problem = bool(options.get("problem_json"))
        self._steps = _steps(options)
        if self.cors:
            self._steps.append(self.cors.allow)
        self.plain = not self._steps and not self._problem

    def of_error(self, error: Exception, request: "Request", name: str) -> Response:
        """Return the answer to an error that `name` has raised."""
        for kind in type(error).__mro__ if self._handlers else ():
            handler = self._handlers.get(kind)
            if handler:
                return self._handled(handler, error, request, name)
        return _of_error(error, name)

    def _handled(self, handler: "Any", error: Exception, request: "Request", name: str) -> Response:
        try:
            response: Any = handler(error, request)
            if not isinstance(response, Response) and hasattr(response, "__await__"):
                from kit_handler._coroutines import run

                response = run(response, context=request.context)
            if isinstance(response, Response):
                return response
            log_failure("the exception handler of %s must return a Response, not %s", name, type(response).__qualname__)
            return Response.internal_server_error()
        except Exception as failure:  # noqa: BLE001  (a handler may raise an HttpError, or fail itself)
            return _of_error(failure, name)

    def finished(self, response: Response, request: "Request", name: str) -> Response:
        """Return the answer that goes out; `response` itself is not changed, since routes may keep and reuse it."""
        if self._problem and response.status_code >= 400:
            response = _as_problem(response)
        try:
            for step in self._steps:
                response = step(response, request)
        except Exception:  # noqa: BLE001  (bodies run code of their own: their `.dump()`)
            log_failure("the answer of %s can't be sent: its status, body or header fields are wrong", name)
            return self.failure(request)
        return response

    def failure(self, request: "Request") -> Response:
        """Return the answer 500, with the fields that every answer has, as far as the request lets them be found."""
        response = Response.internal_server_error()
        if self._problem:
            response = _as_problem(response)
        for step in self._steps:
            try:
                response = step(response, request)
            except Exception:  # noqa: BLE001  (an answer without them is better than none)
                log_failure("a field of the answer is missing")
        return response


def log_failure(message: str, *args: object) -> None:
    """Log an error, with the exception that is being handled if there is one; loads logging, so only for errors."""
    import sys

    from kit_handler import _log

    _log.error(message, *args, exc_info=sys.exc_info()[1])


def _of_error(error: Exception, name: str) -> Response:
    if isinstance(error, HttpError):
        found = error.entries if isinstance(error, InvalidRequestError) else [error.entry()]
        response = Response.errors(error.status, found)
        response.headers.update(error.headers)
        return response
    from kit_handler.binding.validation import entries, is_validation_error

    if is_validation_error(error):
        return Response.errors(400, entries(error))
    log_failure("%s failed", name)
    return Response.internal_server_error()


def _checked_handlers(handlers: "Any") -> "dict[type, Any]":
    if not handlers:
        return {}
    for kind, handler in handlers.items():
        if not (isinstance(kind, type) and issubclass(kind, Exception)) or not callable(handler):
            raise TypeError(f"exception_handlers= takes functions (error, request) by exception class: {kind!r}")
    return dict(handlers)


def cors_of(origins: "Any") -> "Cors | None":
    """Return the CORS that `cors=` asks for, None for none."""
    if origins is None or origins is False:
        return None
    from kit_handler.http.interceptors.cors import Cors

    return origins if isinstance(origins, Cors) else Cors(origins)


def _steps(options: "dict[str, Any]") -> "list[AnswerStep]":
    steps: list[AnswerStep] = []
    if options.get("etag"):
        from kit_handler.http.etag import tagged, tagged_compressed

        steps.append(tagged_compressed if options.get("compress") else tagged)
    if options.get("compress"):
        from kit_handler.http.compression import compressed

        steps.append(compressed)
    if options.get("security_headers"):
        from kit_handler.http.security import security_fields

        steps.append(security_fields(options["security_headers"]))
    return steps


def _as_problem(response: Response) -> Response:
    from kit_handler.http.problem import problem

    return problem(response)
