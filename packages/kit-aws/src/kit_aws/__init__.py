"""AWS helpers for Lambda functions: cached clients, parameters, secrets, queues, signed requests and URLs."""

from kit_aws.auth import SignedAuth, get_signed_auth
from kit_aws.boto3 import client
from kit_aws.botocore import aws_errors
from kit_aws.caches import clear_caches
from kit_aws.errors import (
    AccessDeniedError,
    AwsConnectionError,
    AwsError,
    CredentialsError,
    RegionNotSetError,
    ResourceNotFoundError,
    SecretFormatError,
    SigningError,
    ThrottlingError,
)
from kit_aws.payload import to_json
from kit_aws.s3 import get_url, put_url
from kit_aws.secrets import get_secret, get_secret_bytes
from kit_aws.sigv4 import Credentials
from kit_aws.sqs import enqueue
from kit_aws.ssm import get_ssm_parameter, put_ssm_parameter
from kit_aws.sts import get_account_id

__all__ = [
    "AccessDeniedError",
    "AwsConnectionError",
    "AwsError",
    "Credentials",
    "CredentialsError",
    "RegionNotSetError",
    "ResourceNotFoundError",
    "SecretFormatError",
    "SignedAuth",
    "SigningError",
    "ThrottlingError",
    "aws_errors",
    "clear_caches",
    "client",
    "enqueue",
    "get_account_id",
    "get_secret",
    "get_secret_bytes",
    "get_signed_auth",
    "get_ssm_parameter",
    "get_url",
    "put_ssm_parameter",
    "put_url",
    "to_json",
]
