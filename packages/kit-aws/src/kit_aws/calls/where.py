"""The endpoint of a service, for code that makes names or URLs from it."""

from typing import NamedTuple

from kit_aws import environment
from kit_aws.calls import endpoints, routes
from kit_aws.calls.model import service_of


class Endpoint(NamedTuple):
    """Hold where a service is: its URL, the region, and the region's partition as ARNs name it."""

    url: str
    region: str
    partition: str


def get_endpoint(service: str, region: str | None = None) -> Endpoint:
    """Return where the calls of a service go, without asking AWS. Raise `RegionNotSetError`.

    service: its name as `call` takes it
    region: instead of the environment's

    Example:
        >>> get_endpoint("sqs", "cn-north-1")
        Endpoint(url='https://sqs.cn-north-1.amazonaws.com.cn', region='cn-north-1', partition='aws-cn')
    """
    described, current = service_of(service), environment.fingerprint()
    if routes.reason(service, current) is None:
        from kit_aws.calls.target import target_of

        found = target_of(described, region, None, current)
        if found is not None:
            return Endpoint(found.origin + found.path, found.region, endpoints.partition_of(found.region))
    from kit_aws.boto3 import client

    meta = client(service, region=region).meta
    return Endpoint(meta.endpoint_url, meta.region_name, meta.partition)
