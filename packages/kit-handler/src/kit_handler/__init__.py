"""HTTP routes, jobs and the response envelope for AWS Lambda functions.

Names are loaded when they are first used, so that a job pays nothing for HTTP and a route nothing for the envelope.
"""

__all__ = [
    "Allow",
    "AnnotationError",
    "AppError",
    "AssumeUtc",
    "Backoff",
    "BadRequestError",
    "BaseInterceptor",
    "Body",
    "ConfigurationError",
    "ConflictError",
    "Cookie",
    "Cors",
    "DeadlineError",
    "Dispatcher",
    "ErrorReport",
    "ForbiddenError",
    "HandlerError",
    "Header",
    "Headers",
    "HttpError",
    "InvalidInterceptorError",
    "InvalidRequestError",
    "InvalidResponseError",
    "Jwt",
    "LambdaEvent",
    "LambdaResponse",
    "NotFoundError",
    "PermanentError",
    "Query",
    "RateLimit",
    "RemoteToken",
    "Request",
    "RequestContext",
    "Response",
    "ResponseTooLargeError",
    "Router",
    "ServerSentEvent",
    "ServiceUnavailableError",
    "StreamInterruptedError",
    "TimeUpError",
    "TooManyRequestsError",
    "TriggerError",
    "UnauthorizedError",
    "UnhandledSourceError",
    "add_interceptor",
    "all_of",
    "aws_lambda_handler",
    "get_body",
    "get_headers",
    "get_source_ip",
    "job",
    "register_adapter",
    "route",
    "trigger",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_handler.binding.markers import AssumeUtc, Body, Cookie, Header, Query
    from kit_handler.dispatcher import Dispatcher
    from kit_handler.envelope.envelope import aws_lambda_handler
    from kit_handler.envelope.lambda_event import LambdaEvent, RequestContext, get_body, get_headers, get_source_ip
    from kit_handler.envelope.lambda_response import LambdaResponse
    from kit_handler.envelope.reports import ErrorReport
    from kit_handler.errors import (
        AnnotationError,
        AppError,
        BadRequestError,
        ConfigurationError,
        ConflictError,
        DeadlineError,
        ForbiddenError,
        HandlerError,
        HttpError,
        InvalidInterceptorError,
        InvalidRequestError,
        InvalidResponseError,
        NotFoundError,
        PermanentError,
        ResponseTooLargeError,
        ServiceUnavailableError,
        StreamInterruptedError,
        TimeUpError,
        TooManyRequestsError,
        TriggerError,
        UnauthorizedError,
        UnhandledSourceError,
    )
    from kit_handler.http.headers import Headers
    from kit_handler.http.interceptors.access import all_of
    from kit_handler.http.interceptors.cors import Cors
    from kit_handler.http.interceptors.jwt import Jwt
    from kit_handler.http.interceptors.rate_limit import RateLimit
    from kit_handler.http.interceptors.token import RemoteToken
    from kit_handler.http.options import BaseInterceptor, add_interceptor
    from kit_handler.http.payloads import register_adapter
    from kit_handler.http.request import Request
    from kit_handler.http.response import Response
    from kit_handler.http.router import Router
    from kit_handler.http.routes import route
    from kit_handler.http.streaming import ServerSentEvent
    from kit_handler.jobs.failures import Backoff
    from kit_handler.jobs.jobs import job
    from kit_handler.triggers.authorizers import Allow
    from kit_handler.triggers.triggers import trigger
else:
    _HOMES = {
        "binding.markers": ("AssumeUtc", "Body", "Cookie", "Header", "Query"),
        "dispatcher": ("Dispatcher",),
        "envelope.envelope": ("aws_lambda_handler",),
        "envelope.lambda_event": ("LambdaEvent", "RequestContext", "get_body", "get_headers", "get_source_ip"),
        "envelope.lambda_response": ("LambdaResponse",),
        "envelope.reports": ("ErrorReport",),
        "errors": tuple(name for name in __all__ if name.endswith("Error")),
        "http.payloads": ("register_adapter",),
        "http.headers": ("Headers",),
        "http.interceptors.access": ("all_of",),
        "http.interceptors.cors": ("Cors",),
        "http.interceptors.jwt": ("Jwt",),
        "http.interceptors.rate_limit": ("RateLimit",),
        "http.options": ("BaseInterceptor", "add_interceptor"),
        "http.interceptors.token": ("RemoteToken",),
        "http.request": ("Request",),
        "http.response": ("Response",),
        "http.router": ("Router",),
        "http.routes": ("route",),
        "http.streaming": ("ServerSentEvent",),
        "jobs.failures": ("Backoff",),
        "jobs.jobs": ("job",),
        "triggers.authorizers": ("Allow",),
        "triggers.triggers": ("trigger",),
    }

    def __getattr__(name):
        for module, names in _HOMES.items():
            if name in names:
                value = getattr(__import__(f"kit_handler.{module}", fromlist=[name]), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module 'kit_handler' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})
