"""botocore's exceptions, met here alone and turned into this package's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kit_aws.errors import (
    AccessDeniedError,
    AwsConnectionError,
    AwsError,
    CredentialsError,
    RegionNotSetError,
    ResourceNotFoundError,
    ThrottlingError,
)

_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "ExpiredToken",
        "ExpiredTokenException",
        "Forbidden",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "NotAuthorized",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
_MISSING = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "GoneException",
        "NoSuchBucket",
        "NoSuchKey",
        "NotFound",
        "NotFoundException",
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
# The codes that botocore itself retries as throttling, and those that only some services use.
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KMSThrottlingException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_BY_STATUS = {401: AccessDeniedError, 403: AccessDeniedError, 404: ResourceNotFoundError, 429: ThrottlingError}


@contextmanager
def aws_errors(operation: str | None = None, *, hide: str | None = None) -> Iterator[None]:
    """Turn botocore's exceptions inside the block into `AwsError`s, chained.

    `operation` names the call where botocore does not. `hide` is a secret that was sent: AWS repeats invalid values in
    its messages, so that a message holding it is replaced, and the original, which would show it, is not chained.
    """
    try:
        yield
    except AwsError:
        raise
    except Exception as error:
        from botocore.exceptions import BotoCoreError, ClientError

        if not isinstance(error, BotoCoreError | ClientError):
            raise
        told = _translate(error, operation)
        if hide and _shows(str(error), hide):
            text = f"{told.operation} failed: {told.code} (the message is withheld, it repeats a secret)"
            raise type(told)(text, code=told.code, operation=told.operation, request_id=told.request_id) from None
        raise told from error


def _translate(error: Any, operation: str | None) -> AwsError:
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _from_answer(error.response, error.operation_name)
    code = type(error).__name__
    kind: type[AwsError] = AwsError
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
        kind = AwsConnectionError
    elif isinstance(error, exceptions.NoRegionError):
        kind = RegionNotSetError
    elif "Credential" in code or isinstance(error, exceptions.TokenRetrievalError | exceptions.ProfileNotFound):
        kind = CredentialsError
    return kind(f"{operation or 'The call'} failed: {error}", code=code, operation=operation)


def _from_answer(answer: Any, operation: str) -> AwsError:
    said = answer.get("Error", {})
    metadata = answer.get("ResponseMetadata", {})
    code = said.get("Code") or "Unknown"
    request_id = metadata.get("RequestId")
    kind: type[AwsError] = AwsError
    for codes, named in (
        (_DENIED, AccessDeniedError),
        (_MISSING, ResourceNotFoundError),
        (_THROTTLED, ThrottlingError),
    ):
        if code in codes:
            kind = named
            break
    else:
        kind = _BY_STATUS.get(metadata.get("HTTPStatusCode"), AwsError)
    text = f"{operation} failed: {code}: {said.get('Message') or 'no message'} (request {request_id})"
    return kind(text, code=code, operation=operation, request_id=request_id)


def _shows(text: str, secret: str) -> bool:
    """Say whether a text repeats a secret, or the start of its longest word: messages escape it, or cut it short."""
    word = max(re.findall("[A-Za-z0-9]+", secret), key=len, default=secret)
    return secret in text or word[:8] in text
