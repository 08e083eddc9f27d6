"""Where an object of S3 is: the bucket's name is a part of the host, where it can be one."""

from collections.abc import Mapping
from typing import Any

from kit_aws.calls.prepared import Prepared
from kit_aws.calls.target import Target

_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def addressed(prepared: Prepared, target: Target, parameters: Mapping[str, Any]) -> tuple[Prepared, Target]:
    """Return the request and the endpoint of a bucket.

    The name stays in the path for a custom endpoint, where it seldom resolves as a host, and where it does not fit a
    certificate ("Virtual hosting of buckets", S3 user guide).
    """
    bucket = parameters["Bucket"]
    if target.is_custom or not set(bucket) <= _LABEL:
        return prepared, target
    host = f"{bucket}.{target.host}"
    path = prepared.path.removeprefix(f"/{bucket}") or "/"
    return prepared._replace(path=path), target._replace(origin=target.origin.replace(target.host, host), host=host)
