"""AWS's error codes, and the errors of this package that they become."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kit_aws.errors import (
    AccessDeniedError,
    AwsError,
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


class Refusal(NamedTuple):
    """Hold an error as a service has answered it.

    details: the members of the error beside its code, message and request id
    """

    code: str
    message: str
    status: int | None
    request_id: str | None
    details: Mapping[str, Any]


def error_of(refusal: Refusal, operation: str | None, resource: str | None, said: str | None = None) -> AwsError:
    """Return the error of a refused call; `said` takes the place of AWS's message."""
    code = refusal.code or "Unknown"
    plain = code.removesuffix("Exception").lower()
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
        kind = _BY_STATUS.get(refusal.status or 0, AwsError)
    text = f"{subject(operation, resource)} failed: {code}: {said or refusal.message or 'no message'}"
    error = kind(
        f"{text} (request {refusal.request_id})",
        code=code,
        operation=operation,
        resource=resource,
        request_id=refusal.request_id,
    )
    error.status = refusal.status
    if refusal.details and said is None:
        error.details = refusal.details
    return error


def phrase(status: int) -> str:
    """Return HTTP's words for a status, as in "Service Unavailable"."""
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def subject(operation: str | None, resource: str | None) -> str:
    """Return the beginning of a message: the call, and its subject."""
    return (operation or "The call") + (f" for {resource!r}" if resource else "")


def shows(text: str, secret: str) -> bool:
    """Say whether a text repeats a secret, or the start of its longest word: messages escape it, or cut it short."""
    import re

    word = max(re.findall("[A-Za-z0-9]+", secret), key=len, default=secret)
    return secret in text or word[:8] in text
