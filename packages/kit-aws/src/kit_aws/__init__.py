"""AWS helpers for Lambda functions: clients, parameters, secrets, queues, functions, notices, signed requests and URLs.

`kit_aws.aio` has the functions that talk to AWS once more, to be awaited.
"""

from kit_core.connections import Answer

from kit_aws.auth import SignedAuth, get_signed_auth, presign
from kit_aws.boto3 import client
from kit_aws.botocore import aws_errors
from kit_aws.caches import clear_caches
from kit_aws.calls.call import call
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

__all__ = [
    "AccessDeniedError",
    "Answer",
    "AwsConnectionError",
    "AwsError",
    "BatchError",
    "Credentials",
    "CredentialsError",
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
