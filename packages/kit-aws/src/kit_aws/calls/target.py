"""Where the calls of a service go: the endpoint and the region, derived once for an environment."""

import os
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from kit_aws import environment
from kit_aws.calls import endpoints
from kit_aws.calls.model import Service
from kit_aws.environment import Environment
from kit_aws.errors import AwsError, RegionNotSetError


class Target(NamedTuple):
    """Hold an endpoint.

    origin: the URL up to the path
    path: the endpoint's own path, which comes before each request's
    host: the header field
    is_custom: whether it is not AWS's own
    """

    origin: str
    path: str
    host: str
    region: str
    is_custom: bool


_PORTS = {"http": 80, "https": 443}


def target_of(service: Service, region: str | None, endpoint_url: str | None, current: Environment) -> Target | None:
    """Return the endpoint of a service, or None where boto3 has to find the region. Raise `RegionNotSetError`."""
    key = (service.name, region, endpoint_url)
    found = current.kept.get(key)
    if found is None:
        chosen = region or environment.region()
        if chosen is None or _is_special(chosen):
            return None
        if not endpoints.is_region(chosen):
            raise RegionNotSetError(f"{chosen!r} is not the name of a region")
        found = current.kept[key] = _made(service, chosen, endpoint_url)
    return found


def _made(service: Service, region: str, endpoint_url: str | None) -> Target:
    custom = endpoint_url or environment.custom_endpoint(service.variable)
    url = custom or endpoints.url_of(_host_of(service, region), region)
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or not url.isascii() or " " in url:
        raise AwsError(f"The endpoint {url!r} of {service.name!r} is not an HTTP URL", code="InvalidEndpoint")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.port is not None and parts.port != _PORTS[parts.scheme]:
        host = f"{host}:{parts.port}"
    return Target(
        f"{parts.scheme}://{parts.netloc}", quote(parts.path, safe="/%~:@!$&'()*+,;="), host, region, bool(custom)
    )


def _host_of(service: Service, region: str) -> str:
    """Return the beginning of a host; DynamoDB has one for each account ("Account-based endpoints", its guide)."""
    account = os.environ.get("AWS_ACCOUNT_ID")
    mode = os.environ.get("AWS_ACCOUNT_ID_ENDPOINT_MODE", "").lower()
    if service.name == "dynamodb" and account and mode != "disabled" and endpoints.partition_of(region) == "aws":
        return f"{account}.ddb"
    return service.endpoint


def _is_special(region: str) -> bool:
    """Say whether it is one of the names that mean another region, or none, to botocore."""
    return "fips" in region or region.endswith("-global")
