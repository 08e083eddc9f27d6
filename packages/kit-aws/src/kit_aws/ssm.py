"""Parameters of the Systems Manager parameter store."""

from typing import Any, Literal

from kit_aws.boto3 import client
from kit_aws.botocore import aws_errors
from kit_aws.cache import ValueCache

ParameterType = Literal["String", "StringList", "SecureString"]

values: ValueCache[str] = ValueCache()


def get_ssm_parameter(name: str, encrypted: bool = False, *, max_age: float = 300, force: bool = False) -> str:
    """Return a parameter's value; `encrypted` decrypts a SecureString.

    It is read again once it is `max_age` seconds old, or at once with `force`. Raise `ResourceNotFoundError`.
    """

    def read() -> str:
        with aws_errors("GetParameter", resource=name):
            answer = client("ssm").get_parameter(Name=name, WithDecryption=encrypted)
        value: str = answer["Parameter"]["Value"]
        return value

    return values.get((name, encrypted), read, max_age=max_age, force=force)


def put_ssm_parameter(name: str, value: str, param_type: ParameterType = "String", overwrite: bool = True) -> int:
    """Create or change a parameter and return its new version.

    With `overwrite=False` an existing one is left alone and raises `AwsError` with code `ParameterAlreadyExists`.
    """
    # botocore would name the value in its complaint.
    if not isinstance(value, str):
        raise TypeError(f"The value of parameter {name!r} must be a str, not {type(value).__name__}")
    try:
        with aws_errors("PutParameter", resource=name, hide=value):
            answer = client("ssm").put_parameter(Name=name, Value=value, Type=param_type, Overwrite=overwrite)
    finally:
        # Also after an error: a call that timed out may have been carried out.
        values.drop(lambda key: _name(key) == name)
    version: int = answer["Version"]
    return version


def _name(key: Any) -> Any:
    return key[0]
