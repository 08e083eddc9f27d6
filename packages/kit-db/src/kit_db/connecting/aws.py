"""Credentials from AWS, a secret or a token; the one place that knows kit-aws."""

from __future__ import annotations

import re
from typing import Any

from kit_db.errors import DatabaseCredentialError

# <name>.<id>.<region>.rds.amazonaws.com, of instances and clusters; proxies have more names in front.
_ENDPOINT = r"(?:[^.]+\.){2,}([a-z]{2}(?:-[a-z]+)+-\d)\.rds\.amazonaws\.com(?:\.cn)?"
_DSQL_ENDPOINT = r"[^.]+\.dsql(?:-[^.]+)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.on\.aws"
_TOKEN_SECONDS = 900


def load() -> None:
    """Load what `read_secret` uses; ImportError if kit-aws is not there."""
    from kit_aws import get_secret  # noqa: F401


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
    import json

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


def iam_token(host: str, port: int, user: str) -> str:
    """Return a password for a user, good for opening connections for fifteen minutes.

    It is a signed URL without its scheme, made without a request: for RDS and a user with `rds_iam` ("Connecting to
    your DB instance using IAM authentication", Amazon RDS User Guide), or for Aurora DSQL, where the user `admin` has
    an action of its own ("Generating an authentication token", Amazon Aurora DSQL User Guide). The region is the one
    in AWS's own host names, else the environment's.
    """
    try:
        from kit_aws import AwsError, get_signed_auth
    except ImportError as error:
        raise DatabaseCredentialError(
            "logging in with IAM needs kit-aws: install kit-db[aws]", names=("auth",)
        ) from error
    from urllib.parse import quote

    dsql = re.fullmatch(_DSQL_ENDPOINT, host, re.IGNORECASE)
    found = dsql or re.fullmatch(_ENDPOINT, host, re.IGNORECASE)
    if dsql:
        service, url = "dsql", f"https://{host}/?Action=DbConnect{'Admin' if user == 'admin' else ''}"
    else:
        service, url = "rds-db", f"https://{host}:{port}/?Action=connect&DBUser={quote(user, safe='')}"
    try:
        signed = get_signed_auth(service, found[1].lower() if found else None).presign("GET", url, _TOKEN_SECONDS)
    except AwsError as error:
        raise DatabaseCredentialError(f"no token can be signed for {user!r}: {error}", names=("auth",)) from error
    return signed.removeprefix("https://")
