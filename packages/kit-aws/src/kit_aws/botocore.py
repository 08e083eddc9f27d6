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

# Codes in lower case, without an `Exception` at their end, which the services spell now so, now so.
_DENIED = frozenset(
    {
        "accessdenied",
        "authorizationerror",
        "expiredtoken",
        "forbidden",
        "incompletesignature",
        "invalidaccesskeyid",
        "invalidclienttokenid",
        "invalidsecurity",
        "invalidsignature",
        "invalidtoken",
        "kmsaccessdenied",
        "missingauthenticationtoken",
        "notauthorized",
        "requestexpired",
        "signaturedoesnotmatch",
        "tokenrefreshrequired",
        "unauthorizedoperation",
        "unrecognizedclient",
    }
)
_MISSING = frozenset(
    {
        "aws.simplequeueservice.nonexistentqueue",
        "gone",
        "nosuchbucket",
        "nosuchkey",
        "nosuchupload",
        "nosuchversion",
        "notfound",
        "parameternotfound",
        "parameterversionnotfound",
        "queuedoesnotexist",
        "resourcenotfound",
    }
)
# The codes that botocore itself retries as throttling, and codes of single services.
_THROTTLED = frozenset(
    {
        "bandwidthlimitexceeded",
        "ec2throttled",
        "kmsthrottled",
        "kmsthrottling",
        "priorrequestnotcomplete",
        "provisionedthroughputexceeded",
        "requestlimitexceeded",
        "requestthrottled",
        "slowdown",
        "throttled",
        "throttling",
        "toomanyrequests",
    }
)
_BY_STATUS = {401: AccessDeniedError, 403: AccessDeniedError, 404: ResourceNotFoundError, 429: ThrottlingError}


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
        if hide and _shows(str(error), hide):
            raise _translate(error, operation, resource, "the message is withheld, it repeats a secret") from None
        raise _translate(error, operation, resource) from error


def _translate(error: Any, operation: str | None, resource: str | None, said: str | None = None) -> AwsError:
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _from_answer(error.response, error.operation_name, resource, said)
    code = type(error).__name__
    kind: type[AwsError] = AwsError
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError | exceptions.IncompleteReadError):
        kind = AwsConnectionError
    elif isinstance(error, exceptions.NoRegionError):
        kind = RegionNotSetError
    elif "Credential" in code or isinstance(error, exceptions.TokenRetrievalError | exceptions.ProfileNotFound):
        kind = CredentialsError
    text = f"{_call(operation, resource)} failed: {said or error}"
    return kind(text, code=code, operation=operation, resource=resource)


def _from_answer(answer: Any, operation: str, resource: str | None, said: str | None) -> AwsError:
    problem = answer.get("Error", {})
    metadata = answer.get("ResponseMetadata", {})
    code = problem.get("Code") or "Unknown"
    plain = code.removesuffix("Exception").lower()
    request_id = metadata.get("RequestId")
    kind: type[AwsError] = AwsError
    for codes, named in (
        (_DENIED, AccessDeniedError),
        (_MISSING, ResourceNotFoundError),
        (_THROTTLED, ThrottlingError),
    ):
        if plain in codes:
            kind = named
            break
    else:
        kind = _BY_STATUS.get(metadata.get("HTTPStatusCode"), AwsError)
    said = said or problem.get("Message") or "no message"
    text = f"{_call(operation, resource)} failed: {code}: {said} (request {request_id})"
    return kind(text, code=code, operation=operation, resource=resource, request_id=request_id)


def _call(operation: str | None, resource: str | None) -> str:
    return (operation or "The call") + (f" for {resource!r}" if resource else "")


def _shows(text: str, secret: str) -> bool:
    """Say whether a text repeats a secret, or the start of its longest word: messages escape it, or cut it short."""
    word = max(re.findall("[A-Za-z0-9]+", secret), key=len, default=secret)
    return secret in text or word[:8] in text
