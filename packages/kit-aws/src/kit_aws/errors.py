"""The errors of kit-aws.

AwsError                    the root, and every error without a class of its own
├── AccessDeniedError       the caller may not, or its credentials are wrong or expired
├── AwsConnectionError      no answer: refused, timed out, not resolved
├── BatchError              some messages or secrets of many failed; `failures` names each
├── CredentialsError        there are no credentials to sign with
├── FunctionError           a function that was invoked raised, or was ended; its type, message and trace
├── ParameterError          a parameter of a call is missing, unknown, or of a wrong type; `parameter` names it
├── PayloadTooLargeError    a message or payload is larger than the service takes
├── PayloadTypeError        a value of a type that has no form in JSON (also kit_core's, and a TypeError)
├── PayloadValueError       a value that has no form in JSON, as NaN (also kit_core's, and a ValueError)
├── RegionNotSetError       no region by argument, environment or profile
├── ResourceNotFoundError   the secret, parameter, queue, bucket … does not exist
├── SecretFormatError       a secret is no text, or no JSON
├── SigningError            a request that cannot be signed
└── ThrottlingError         AWS asks to slow down, after the client's own retries

Every error pickles.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from kit_core.errors import UnserialisableTypeError, UnserialisableValueError


class Failure(NamedTuple):
    """Say which one of many failed, by its index from 0 (and its name, if it has one), and why, in AWS's words.

    `unknown` says that no answer came, so that it may have succeeded all the same.
    """

    index: int  # type: ignore[assignment]  # it takes the place of the tuple's method
    code: str
    message: str
    name: str | None = None
    unknown: bool = False


_MOST_SHOWN = 5


class AwsError(Exception):
    """Say that a call to AWS failed.

    `code` is AWS's error code (or botocore's exception name when AWS was not reached), `operation` the API operation,
    `resource` its subject (a parameter, a secret, a queue, a topic …), `request_id` the id that AWS support asks for,
    `status` the answer's HTTP status. Each is None where it does not apply. `details` are the further members of AWS's
    error, as `{"Item": …}` of a failed condition of DynamoDB, or `{"CancellationReasons": […]}` of a transaction.
    """

    code: str | None = None
    operation: str | None = None
    resource: str | None = None
    request_id: str | None = None
    status: int | None = None
    details: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        operation: str | None = None,
        resource: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.operation = operation
        self.resource = resource
        self.request_id = request_id

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without `__init__`, whose parameters differ from `args`."""
        return _restore, (type(self), self.args, dict(self.__dict__))


def _restore(kind: type[AwsError], args: tuple[Any, ...], attributes: dict[str, Any]) -> AwsError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class AccessDeniedError(AwsError):
    """Say that AWS refused the caller: a missing permission, or credentials that are wrong or expired."""


class AwsConnectionError(AwsError):
    """Say that AWS did not answer in time, or could not be reached."""


class BatchError(AwsError):
    """Say which of many messages were not sent, or which of many secrets were not read.

    `failures` has one `Failure` for each failed one; all others have succeeded, and an `unknown` one may have.
    """

    def __init__(self, operation: str, failures: Sequence[Failure], *, resource: str | None = None) -> None:
        first = "; ".join(
            f"{each.index if each.name is None else repr(each.name)}: {each.code}: {each.message}"
            for each in failures[:_MOST_SHOWN]
        )
        more = f"; and {len(failures) - _MOST_SHOWN} more" if len(failures) > _MOST_SHOWN else ""
        target = f" for {resource!r}" if resource else ""
        codes = {each.code for each in failures}
        super().__init__(
            f"{operation}{target} failed for {len(failures)}: {first}{more}",
            code=codes.pop() if len(codes) == 1 else None,
            operation=operation,
            resource=resource,
        )
        self.failures = tuple(failures)


class CredentialsError(AwsError):
    """Say that no credentials were found, or that they could not be refreshed."""


class FunctionError(AwsError):
    """Say that a function that was invoked failed: it raised, ran out of time or memory, or could not start.

    `function` is the invoked function's name or ARN, `error_type` and `error_message` are the exception in the
    function's own words, `trace` the lines of its traceback. All of it comes from the other function, and may hold
    secrets: this error's own text shows the type alone.
    """

    def __init__(
        self,
        function: str,
        error_type: str | None,
        error_message: str,
        trace: Sequence[str] = (),
        *,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            f"{function!r} failed: {error_type or 'for a reason that it did not name'} (request {request_id})",
            code=error_type,
            operation="Invoke",
            resource=function,
            request_id=request_id,
        )
        self.function = function
        self.error_type = error_type
        self.error_message = error_message
        self.trace = list(trace)


class ParameterError(AwsError, ValueError):
    """Say that a parameter of a call is missing, unknown, or not of its type; nothing was sent.

    `parameter` is its place, as `Entries[0].MessageBody`, empty for the parameters as a whole; the message holds no
    value.
    """

    def __init__(
        self, message: str, parameter: str = "", *, operation: str | None = None, resource: str | None = None
    ) -> None:
        super().__init__(message, code="ParamValidationError", operation=operation, resource=resource)
        self.parameter = parameter


class PayloadTooLargeError(AwsError):
    """Say that a message or payload has more bytes (`size`) than the service takes (`limit`); nothing was sent."""

    def __init__(self, subject: str, size: int, limit: int, *, resource: str | None = None) -> None:
        super().__init__(f"{subject} has {size} bytes, at most {limit} can be sent", resource=resource)
        self.size = size
        self.limit = limit


class PayloadTypeError(AwsError, UnserialisableTypeError):
    """Say that the value at `path`, as in `$.loan.documents[0]`, is of a type that has no form in JSON."""

    def __init__(self, path: str, problem: str) -> None:
        UnserialisableTypeError.__init__(self, path, problem)


class PayloadValueError(AwsError, UnserialisableValueError):
    """Say that the value at `path` has no form in JSON: NaN, an infinity, a structure that contains itself."""

    def __init__(self, path: str, problem: str) -> None:
        UnserialisableValueError.__init__(self, path, problem)


class RegionNotSetError(AwsError):
    """Say that neither an argument, the environment nor a profile names the region."""


class ResourceNotFoundError(AwsError):
    """Say that a resource does not exist."""


class SecretFormatError(AwsError):
    """Say that a secret is binary where text was asked for, or no JSON where JSON was."""


class SigningError(AwsError):
    """Say that a request cannot be signed as it is."""


class ThrottlingError(AwsError):
    """Say that AWS still asked to slow down after the client's own retries."""
