"""The secret with the database's credentials; the one place that knows kit-aws."""

import json
from typing import Any

from kit_db.errors import DatabaseCredentialError


def read_secret(arn: str, *, force: bool = False, stage: str = "AWSCURRENT") -> dict[str, Any]:
    """Return the JSON object in a secret; `force` reads it anew, `stage` names the version.

    Raises DatabaseCredentialError if it can't be read, never with anything that is in it.
    """
    try:
        from kit_aws import AwsError, get_secret
    except ImportError as error:
        raise DatabaseCredentialError(
            "reading the database's secret needs kit-aws: install kit-db[aws]", names=("secret_arn",)
        ) from error
    try:
        text = get_secret(arn, force=force, stage=stage)
    except AwsError as error:
        raise DatabaseCredentialError(f"the secret {arn!r} can't be read", names=("secret_arn",)) from error
    try:
        secret = json.loads(text)
    except ValueError:
        secret = None
    if not isinstance(secret, dict):
        # Not chained: the JSON error holds the whole text.
        raise DatabaseCredentialError(f"the secret {arn!r} is no JSON object", names=("secret_arn",)) from None
    return secret
