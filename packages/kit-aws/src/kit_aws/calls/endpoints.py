"""The hosts of the services, by region and partition ("Service endpoints", AWS general reference)."""

# All other regions are in amazonaws.com.
DOMAINS = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}
_PARTITIONS = {
    "cn-": "aws-cn",
    "eusc-": "aws-eusc",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
}
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


def domain_of(region: str) -> str:
    """Return the domain of a region's services."""
    return next((domain for start, domain in DOMAINS.items() if region.startswith(start)), "amazonaws.com")


def partition_of(region: str) -> str:
    """Return the partition of a region, as ARNs name it."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def url_of(endpoint: str, region: str) -> str:
    """Return the URL of a service in a region; `endpoint` is the beginning of its host."""
    return f"https://{endpoint}.{region}.{domain_of(region)}"


def is_region(name: str) -> bool:
    """Say whether a text can be the name of a region, so that it is a part of a host and nothing else."""
    return 0 < len(name) < 64 and set(name) <= _NAME and not name.startswith("-") and not name.endswith("-")
