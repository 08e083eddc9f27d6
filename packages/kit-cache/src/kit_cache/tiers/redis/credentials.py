"""User and password of Redis: read anew for every connection, so that a rotated one is found without a restart."""

import json
import os
from typing import Any, NamedTuple

from kit_cache.errors import CacheConfigError
from kit_cache.tiers.redis.address import parse_url

_TOKEN_SECONDS = 900


class Login(NamedTuple):
    """A user (None: the default one) and a password (None: none is asked for)."""

    user: str | None = None
    password: str | None = None


def read_login(*, force: bool = False) -> Login:
    """Return the user and password that the environment names, in this order: a secret, IAM, the URL, the variables.

    force: read a secret anew from Secrets Manager, since the one that is known was refused
    """
    secret = os.environ.get("KIT_CACHE_REDIS_SECRET")
    if secret:
        return _of_secret(secret, force)
    user = os.environ.get("KIT_CACHE_REDIS_USER") or None
    iam_cache = os.environ.get("KIT_CACHE_REDIS_IAM_CACHE")
    if iam_cache:
        if user is None:
            raise CacheConfigError("KIT_CACHE_REDIS_IAM_CACHE needs KIT_CACHE_REDIS_USER, the IAM-enabled user")
        return Login(user, iam_token(iam_cache, user))
    url = os.environ.get("KIT_CACHE_REDIS_URL")
    if url:
        return Login(*parse_url(url)[1:])
    return Login(user, os.environ.get("REDIS_PASSWORD") or None)


def _of_secret(name: str, force: bool) -> Login:
    """Return the login in a secret: JSON with `username` and `password` (or `auth_token`), or the password."""
    text = _aws().get_secret(name, force=force)
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    if not isinstance(found, dict):
        return Login(None, str(text))
    password = found.get("password") or found.get("auth_token") or found.get("authToken")
    if not isinstance(password, str):
        raise CacheConfigError(f"the secret {name!r} has no password")
    user = found.get("username")
    return Login(user if isinstance(user, str) and user else None, password)


def iam_token(cache: str, user: str) -> str:
    """Return a password for an IAM-enabled user of ElastiCache, good for opening connections for fifteen minutes.

    It is a signed URL without its scheme, made without a request ("Authenticating with IAM", Amazon ElastiCache User
    Guide). `cache` is the name of the replication group or of the serverless cache, in lower case.
    """
    from urllib.parse import quote

    url = f"https://{cache.lower()}/?Action=connect&User={quote(user, safe='')}"
    if os.environ.get("KIT_CACHE_REDIS_IAM_SERVERLESS") == "1":
        url += "&ResourceType=ServerlessCache"
    signed: str = _aws().get_signed_auth("elasticache").presign("GET", url, _TOKEN_SECONDS)
    return signed.removeprefix("https://")


def _aws() -> Any:
    try:
        import kit_aws
    except ImportError as error:
        raise CacheConfigError("a secret or IAM for Redis needs kit-aws: install kit-cache[aws]") from error
    return kit_aws
