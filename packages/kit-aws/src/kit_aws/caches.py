"""Everything that this package keeps in the process, forgotten at once."""

from typing import Any

from kit_aws import buckets, queue, secrets, ssm, sts
from kit_aws.boto3 import forget_clients
from kit_aws.cache import ValueCache
from kit_aws.calls import credentials, s3, sending


def clear_caches() -> None:
    """Forget every client, connection, parameter, secret, queue URL and region: for tests, or a restored snapshot."""
    forget_clients()
    sending.forget()
    credentials.forget()
    s3.forget()
    caches: tuple[ValueCache[Any, Any], ...] = (
        ssm.values,
        ssm.trees,
        secrets.values,
        queue.urls,
        buckets.regions,
        sts.identities,
    )
    for cache in caches:
        cache.drop()
