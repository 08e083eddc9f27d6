"""What can go wrong between a function and AWS.

AwsError                    anything below, and what has no name of its own
├── AccessDeniedError       the caller may not, or its credentials are wrong or expired
├── AwsConnectionError      no answer: refused, timed out, not resolved
├── CredentialsError        there are no credentials to sign with
├── RegionNotSetError       no region by argument, environment or profile
├── ResourceNotFoundError   the secret, parameter, queue, bucket … does not exist
├── SecretFormatError       a binary secret was asked for as text
├── SigningError            a request that cannot be signed
└── ThrottlingError         AWS asks to slow down, after the client's own retries
"""


class AwsError(Exception):
    """Say that a call to AWS failed.

    `code` is AWS's error code (or botocore's exception name when AWS was not reached), `operation` the API operation,
    `resource` what it was called for (a parameter, a secret, a queue, a topic …), `request_id` what AWS support asks
    for. Each is None where it does not apply.
    """

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


class AccessDeniedError(AwsError):
    """Say that AWS refused the caller: a missing permission, or credentials that are wrong or expired."""


class AwsConnectionError(AwsError):
    """Say that AWS did not answer in time, or could not be reached."""


class CredentialsError(AwsError):
    """Say that no credentials were found, or that they could not be refreshed."""


class RegionNotSetError(AwsError):
    """Say that neither an argument, the environment nor a profile names the region."""


class ResourceNotFoundError(AwsError):
    """Say that what was asked for does not exist."""


class SecretFormatError(AwsError):
    """Say that a binary secret was asked for as text."""


class SigningError(AwsError):
    """Say that a request cannot be signed as it is."""


class ThrottlingError(AwsError):
    """Say that AWS still asked to slow down after the client's own retries."""
