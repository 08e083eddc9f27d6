"""Everything that this package keeps in the process, forgotten at once."""

from kit_aws import s3, secrets, sqs, ssm, sts
from kit_aws.boto3 import forget_clients


def clear_caches() -> None:
    """Forget every client, parameter, secret, queue URL and region: for tests, and after a fork."""
    forget_clients()
    for cache in (ssm.values, secrets.values, sqs.urls, s3.regions, sts.identities):
        cache.drop()
