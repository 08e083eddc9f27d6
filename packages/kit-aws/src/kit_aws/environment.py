"""The region, the endpoints and the credentials that the environment names."""

import os

Environment = tuple[tuple[str, str], ...]


def fingerprint() -> Environment:
    """Return the `AWS_…` variables, as the part of a cache's key that keeps accounts, endpoints and tests apart."""
    return tuple((name, os.environ.get(name, "")) for name in os.environ if name.startswith("AWS_"))


def region() -> str | None:
    """Return the region that the environment names; boto3 itself reads only the second of the two."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


def custom_endpoint(service: str) -> str | None:
    """Return the endpoint that the environment sets for a service named by one word, or None for AWS itself."""
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL") or None
