"""botocore's exceptions, met here alone and turned into this package's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kit_aws.codes import Refusal, error_of, shows, subject
from kit_aws.errors import AwsConnectionError, AwsError, CredentialsError, ParameterError, RegionNotSetError

# Members of every answer, and two spellings of the message.
_NO_DETAILS = frozenset({"Error", "ResponseMetadata", "message", "Message"})


@contextmanager
def aws_errors(operation: str | None = None, *, resource: str | None = None, hide: str | None = None) -> Iterator[None]:
    """Turn botocore's exceptions inside the block into `AwsError`s, chained.

    `operation` names the call where botocore does not, `resource` its subject: AWS seldom names a missing resource.
    `hide` is a secret that was sent: AWS repeats invalid values in its messages, so that a message holding it is
    replaced, and the original, which would show it, is not chained.
    """
    try:
        yield
    except AwsError:
        raise
    except Exception as error:
        from botocore.exceptions import BotoCoreError, ClientError

        if not isinstance(error, BotoCoreError | ClientError):
            raise
        if hide and shows(str(error), hide):
            raise _translate(error, operation, resource, "the message is withheld, it repeats a secret") from None
        raise _translate(error, operation, resource) from error


def _translate(error: Any, operation: str | None, resource: str | None, said: str | None = None) -> AwsError:
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return error_of(_refusal(error.response), error.operation_name, resource, said)
    if isinstance(error, exceptions.ParamValidationError):
        text = f"{subject(operation, resource)} failed: {said or error}"
        return ParameterError(text, operation=operation, resource=resource)
    code = type(error).__name__
    kind: type[AwsError] = AwsError
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError | exceptions.IncompleteReadError):
        kind = AwsConnectionError
    elif isinstance(error, exceptions.NoRegionError):
        kind = RegionNotSetError
    elif "Credential" in code or isinstance(error, exceptions.TokenRetrievalError | exceptions.ProfileNotFound):
        kind = CredentialsError
    text = f"{subject(operation, resource)} failed: {said or error}"
    return kind(text, code=code, operation=operation, resource=resource)


def _refusal(answer: Any) -> Refusal:
    problem, metadata = answer.get("Error", {}), answer.get("ResponseMetadata", {})
    details = {name: value for name, value in answer.items() if name not in _NO_DETAILS}
    message = problem.get("Message") or ""
    return Refusal(
        problem.get("Code") or "", message, metadata.get("HTTPStatusCode"), metadata.get("RequestId"), details
    )


def method_of(operation: str) -> str:
    """Return the name of a client's method, as `get_item`, for an operation's in the API, as `GetItem`."""
    from botocore import xform_name

    return str(xform_name(operation))


def foreign_module(handler: Any) -> str | None:
    """Return the module of an event handler, or None if it belongs to botocore and the libraries around it."""
    module = str(getattr(handler, "__module__", None) or type(handler).__module__)
    return None if module.partition(".")[0] in ("boto3", "botocore", "s3transfer", "kit_aws") else module


def certificates() -> str:
    """Return the root certificates that come with botocore (PEM)."""
    from pathlib import Path

    import botocore

    return Path(botocore.__file__).with_name("cacert.pem").read_text()
