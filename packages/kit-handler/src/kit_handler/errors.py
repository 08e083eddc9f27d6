"""The errors of kit-handler.

HandlerError
├── HttpError                   an answer to the client: status, message, id, field, headers
│   ├── BadRequestError         400
│   │   └── InvalidRequestError 400 with an entry for each wrong field
│   ├── UnauthorizedError       401
│   ├── ForbiddenError          403
│   ├── NotFoundError           404
│   ├── ConflictError           409
│   ├── TooManyRequestsError    429: over a rate limit
│   └── ServiceUnavailableError 503
│       └── TimeUpError         a coroutine was cancelled, since the invocation's time was nearly over
├── AppError                    a failure with a code of the application's own, for `aws_lambda_handler`
├── ConfigurationError          something that the function needs is not set up
│   ├── InvalidInterceptorError (also a TypeError)
│   └── AnnotationError         (also a TypeError) an annotation can't be resolved or used
├── InvalidResponseError        a route returned something that is not a Response
├── ResponseTooLargeError       an answer is larger than Lambda's limit
├── UnhandledSourceError        the event came from a source that this handler doesn't know
├── PermanentError              raised in a job: the record will never succeed, and need not come again
├── TriggerError                a trigger has failed; its source is told the message
└── DeadlineError               a record was not started, since the time left would not have sufficed
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, ClassVar

_IDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    410: "gone",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "unprocessable",
    429: "too_many_requests",
    500: "internal_server_error",
    503: "service_unavailable",
}


class HandlerError(Exception):
    """Be the root of every error that kit-handler raises; each of them pickles."""

    def __reduce__(self) -> "tuple[Any, ...]":
        # Not by calling the class again: the parameters of its __init__ are not the text in `args`.
        return _made_again, (type(self), self.args, dict(self.__dict__))


def _made_again(kind: "type[HandlerError]", args: "tuple[Any, ...]", state: "dict[str, Any]") -> HandlerError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class HttpError(HandlerError):
    """Answer the request with `status` and the message, which the client will see.

    `id` is a name for programs (by default that of the status, or `invalid_<field>`), `field` the path of the
    field that is wrong (`a.0.b`), `headers` go with the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        id: str | None = None,  # noqa: A002  (the name in the answer)
        field: str | None = None,
        headers: "Mapping[str, str] | None" = None,
    ) -> None:
        super().__init__(message)
        self.status = int(status)
        self.message = message
        self.field = field
        self.id = id or (f"invalid_{field}" if field else _IDS.get(self.status, "error"))
        self.headers = dict(headers or {})

    def entry(self) -> "dict[str, str]":
        """Return this error as one entry of the answer's `errors`."""
        entry = {"id": self.id, "message": self.message}
        return {**entry, "field": self.field} if self.field else entry


class _FixedStatusError(HttpError):
    status_code: "ClassVar[int]"
    default_message: "ClassVar[str]"

    def __init__(self, message: str | None = None, field: str | None = None, **options: "Any") -> None:
        super().__init__(self.status_code, message or self.default_message, field=field, **options)


class BadRequestError(_FixedStatusError):
    """Answer 400: the request is wrong, in `field` if one is given."""

    status_code = 400
    default_message = "Bad Request"


class InvalidRequestError(BadRequestError):
    """Answer 400 with `entries`, one `{"id", "message", "field"}` for each parameter or field that is wrong."""

    def __init__(self, entries: "list[dict[str, str]]") -> None:
        super().__init__(f"{len(entries)} invalid: {', '.join(entry.get('field', 'body') for entry in entries)}")
        self.entries = entries


class UnauthorizedError(_FixedStatusError):
    """Answer 401: nobody knows who is calling."""

    status_code = 401
    default_message = "Authentication is required"


class ForbiddenError(_FixedStatusError):
    """Answer 403: the caller is known and may not do this."""

    status_code = 403
    default_message = "You shall not pass!"


class NotFoundError(_FixedStatusError):
    """Answer 404."""

    status_code = 404
    default_message = "Resource not found"


class ConflictError(_FixedStatusError):
    """Answer 409: the request doesn't fit the state that the resource is in."""

    status_code = 409
    default_message = "Conflict"


class TooManyRequestsError(_FixedStatusError):
    """Answer 429; `Retry-After` says in how many seconds another request will be let pass."""

    status_code = 429
    default_message = "Too many requests"

    def __init__(self, message: str | None = None, *, retry_after: int | None = None, **options: "Any") -> None:
        super().__init__(message, **options)
        self.retry_after = retry_after
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)


class ServiceUnavailableError(_FixedStatusError):
    """Answer 503: something that is needed for the answer can't be reached."""

    status_code = 503
    default_message = "Service unavailable"


class TimeUpError(ServiceUnavailableError):
    """Answer 503: a coroutine was cancelled, since the invocation's time was nearly over."""

    default_message = "The request took too long"


class AppError(HandlerError):
    """Fail with a code of the application's own; `aws_lambda_handler` puts code and message into the envelope.

    `details` is for the receiver of the error and for `to_dict`; it is never sent to the client.
    """

    def __init__(self, code: str, message: str, details: "Any" = None) -> None:
        super().__init__(code, message)
        import time

        self.code = code
        self.message = message
        self.details = details
        self.timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def __str__(self) -> str:
        return f"AppError[{self.code}]: {self.message}"

    def to_dict(self) -> "dict[str, Any]":
        """Return code, message, timestamp (RFC 3339, UTC) and details."""
        return {"code": self.code, "message": self.message, "timestamp": self.timestamp, "details": self.details}


class ConfigurationError(HandlerError):
    """Name a missing need of the function: an environment variable, a package."""


class InvalidInterceptorError(ConfigurationError, TypeError):
    """Give the reason why `interceptor` can't be used, while the module is being imported."""

    def __init__(self, interceptor: object, reason: str) -> None:
        super().__init__(f"{interceptor!r} can't be an interceptor: {reason}")
        self.interceptor = interceptor


class AnnotationError(ConfigurationError, TypeError):
    """Say why the annotation of a parameter can't be used; `annotation` is None where there is none."""

    def __init__(self, function: str, annotation: object, reason: str) -> None:
        super().__init__(
            f"{function if annotation is None else f'the annotation {annotation!r} of {function}'} {reason}"
        )
        self.function = function
        self.annotation = annotation


class InvalidResponseError(HandlerError):
    """Say that `function` returned `value`, which is not a `Response`."""

    def __init__(self, function: str, value: object) -> None:
        remedy = ": Response.stream makes one of it" if hasattr(value, "gi_frame") or hasattr(value, "ag_frame") else ""
        super().__init__(f"{function} must return a Response, not {type(value).__qualname__!r}{remedy}")
        self.function = function


class ResponseTooLargeError(HandlerError):
    """Say that an answer of `size` bytes is over the `limit` that it has to go through."""

    def __init__(self, *, size: int, limit: int) -> None:
        super().__init__(f"the answer has {size} bytes, and {limit} are let through")
        self.size = size
        self.limit = limit


class StreamInterruptedError(HandlerError):
    """Tell an ASGI server that a streamed answer has broken off, so that it ends the connection; the log says why."""

    def __init__(self, function: str) -> None:
        super().__init__(f"the streamed answer of {function} has broken off")
        self.function = function


class UnhandledSourceError(HandlerError):
    """Say that a handler is not for the event; `keys` are its top-level keys.

    It is raised and not answered: an answer would make a queue delete its messages.
    """

    def __init__(self, keys: "Iterable[object]", *, handler: str = "this route") -> None:
        self.keys = tuple(map(str, keys))
        super().__init__(f"not an event that {handler} can answer; its keys are {sorted(self.keys)!r}")


class PermanentError(HandlerError):
    """Say in a job that the record will never succeed: with a dead letter hook it goes there, and counts as done."""


class TriggerError(HandlerError):
    """Tell the source of a trigger's event that there is no answer; the message may reach its user."""


class DeadlineError(HandlerError):
    """Say that a record was not started: `remaining` seconds were left, under the margin of `margin` seconds."""

    def __init__(self, *, remaining: float, margin: float) -> None:
        super().__init__(f"not started: {remaining:.1f} s left, under the margin of {margin:.1f} s")
        self.remaining = remaining
        self.margin = margin
