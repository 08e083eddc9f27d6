"""Secrets of the Secrets Manager."""

from kit_aws.boto3 import client
from kit_aws.botocore import aws_errors
from kit_aws.cache import ValueCache
from kit_aws.errors import SecretFormatError

values: ValueCache[str | bytes] = ValueCache()


def get_secret(name: str, *, max_age: float = 300, force: bool = False, stage: str = "AWSCURRENT") -> str:
    """Return a secret's text; `name` is its name or ARN, `stage` the version's stage.

    It is read again once it is `max_age` seconds old, or at once with `force`, as after a password that no longer
    works. A binary secret is decoded as UTF-8. Raise `ResourceNotFoundError`, and `SecretFormatError` for bytes that
    are no text.
    """
    value = _read(name, max_age, force, stage)
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise SecretFormatError(f"The secret {name!r} is binary, not text: use get_secret_bytes") from None


def get_secret_bytes(name: str, *, max_age: float = 300, force: bool = False, stage: str = "AWSCURRENT") -> bytes:
    """Return a secret as bytes, a text as UTF-8; everything else is as with `get_secret`."""
    value = _read(name, max_age, force, stage)
    return value.encode() if isinstance(value, str) else value


def _read(name: str, max_age: float, force: bool, stage: str) -> str | bytes:
    def read() -> str | bytes:
        with aws_errors("GetSecretValue", resource=name):
            answer = client("secretsmanager").get_secret_value(SecretId=name, VersionStage=stage)
        value: str | bytes = answer["SecretString"] if "SecretString" in answer else answer["SecretBinary"]
        return value

    return values.get((name, stage), read, max_age=max_age, force=force)
