"""AWS helpers for Lambda functions: clients, parameters, secrets, queues, functions, notices, signed requests and URLs.

Each name is loaded when it is first asked for: to read a secret, a function imports nothing of queues and URLs.
`kit_aws.aio` has the functions that talk to AWS once more, to be awaited.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit_core.connections import Answer

    from kit_aws.auth import SignedAuth, get_signed_auth, presign
    from kit_aws.boto3 import client
    from kit_aws.botocore import aws_errors
    from kit_aws.caches import clear_caches
    from kit_aws.calls.call import call
    from kit_aws.calls.where import Endpoint, get_endpoint
    from kit_aws.errors import (
        AccessDeniedError,
        AwsConnectionError,
        AwsError,
        BatchError,
        CredentialsError,
        Failure,
        FunctionError,
        ParameterError,
        PayloadTooLargeError,
        PayloadTypeError,
        PayloadValueError,
        RegionNotSetError,
        ResourceNotFoundError,
        SecretFormatError,
        SigningError,
        ThrottlingError,
    )
    from kit_aws.functions import invoke
    from kit_aws.s3 import PostForm, get_url, post_form, put_url
    from kit_aws.secrets import get_secret, get_secret_bytes, get_secret_json, get_secrets
    from kit_aws.session import SignedSession
    from kit_aws.signature import Credentials
    from kit_aws.sns import notify
    from kit_aws.sqs import enqueue, enqueue_many
    from kit_aws.ssm import get_ssm_parameter, get_ssm_parameters, put_ssm_parameter
    from kit_aws.sts import get_account_id
else:
    _HOMES = {
        "AccessDeniedError": "kit_aws.errors",
        "Answer": "kit_core.connections",
        "AwsConnectionError": "kit_aws.errors",
        "AwsError": "kit_aws.errors",
        "BatchError": "kit_aws.errors",
        "Credentials": "kit_aws.signature",
        "CredentialsError": "kit_aws.errors",
        "Endpoint": "kit_aws.calls.where",
        "Failure": "kit_aws.errors",
        "FunctionError": "kit_aws.errors",
        "ParameterError": "kit_aws.errors",
        "PayloadTooLargeError": "kit_aws.errors",
        "PayloadTypeError": "kit_aws.errors",
        "PayloadValueError": "kit_aws.errors",
        "PostForm": "kit_aws.s3",
        "RegionNotSetError": "kit_aws.errors",
        "ResourceNotFoundError": "kit_aws.errors",
        "SecretFormatError": "kit_aws.errors",
        "SignedAuth": "kit_aws.auth",
        "SignedSession": "kit_aws.session",
        "SigningError": "kit_aws.errors",
        "ThrottlingError": "kit_aws.errors",
        "aws_errors": "kit_aws.botocore",
        "call": "kit_aws.calls.call",
        "clear_caches": "kit_aws.caches",
        "client": "kit_aws.boto3",
        "enqueue": "kit_aws.sqs",
        "enqueue_many": "kit_aws.sqs",
        "get_account_id": "kit_aws.sts",
        "get_endpoint": "kit_aws.calls.where",
        "get_secret": "kit_aws.secrets",
        "get_secret_bytes": "kit_aws.secrets",
        "get_secret_json": "kit_aws.secrets",
        "get_secrets": "kit_aws.secrets",
        "get_signed_auth": "kit_aws.auth",
        "get_ssm_parameter": "kit_aws.ssm",
        "get_ssm_parameters": "kit_aws.ssm",
        "get_url": "kit_aws.s3",
        "invoke": "kit_aws.functions",
        "notify": "kit_aws.sns",
        "post_form": "kit_aws.s3",
        "presign": "kit_aws.auth",
        "put_ssm_parameter": "kit_aws.ssm",
        "put_url": "kit_aws.s3",
    }

    def __getattr__(name):
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(home), name)
        return value

    def __dir__():
        return [*globals(), *_HOMES]


__all__ = [
    "AccessDeniedError",
    "Answer",
    "AwsConnectionError",
    "AwsError",
    "BatchError",
    "Credentials",
    "CredentialsError",
    "Endpoint",
    "Failure",
    "FunctionError",
    "ParameterError",
    "PayloadTooLargeError",
    "PayloadTypeError",
    "PayloadValueError",
    "PostForm",
    "RegionNotSetError",
    "ResourceNotFoundError",
    "SecretFormatError",
    "SignedAuth",
    "SignedSession",
    "SigningError",
    "ThrottlingError",
    "aws_errors",
    "call",
    "clear_caches",
    "client",
    "enqueue",
    "enqueue_many",
    "get_account_id",
    "get_endpoint",
    "get_secret",
    "get_secret_bytes",
    "get_secret_json",
    "get_secrets",
    "get_signed_auth",
    "get_ssm_parameter",
    "get_ssm_parameters",
    "get_url",
    "invoke",
    "notify",
    "post_form",
    "presign",
    "put_ssm_parameter",
    "put_url",
]
