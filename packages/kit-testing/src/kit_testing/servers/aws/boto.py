"""boto3 clients that read nothing of the user's own AWS configuration."""

import os
from functools import cache
from typing import Any


def client(service: str, *, pool: int, key_id: str, secret_key: str, **options: Any) -> Any:
    """Return a boto3 client with dummy credentials and room for `pool` connections at once.

    A `config` among the `options` comes on top of that.
    """
    from botocore.config import Config

    # No proxy: the endpoint is on this machine. No retries: an error here is an answer.
    config = Config(max_pool_connections=pool, proxies={}, retries={"total_max_attempts": 1})
    own = options.pop("config", None)
    credentials = {"aws_access_key_id": key_id, "aws_secret_access_key": secret_key}
    merged = config if own is None else config.merge(own)
    return _session().client(service, config=merged, **{**credentials, **options})


@cache
def _session() -> Any:
    import boto3
    import botocore.session

    nowhere: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=nowhere))
