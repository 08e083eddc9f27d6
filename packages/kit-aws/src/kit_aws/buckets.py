"""The region of a bucket, and the URL of an object."""

import logging
from urllib.parse import quote

from kit_core import guards

from kit_aws import environment
from kit_aws.boto3 import resolved_region
from kit_aws.cache import ValueCache
from kit_aws.calls.endpoints import domain_of
from kit_aws.calls.s3 import SPECIAL
from kit_aws.errors import AwsError
from kit_aws.session import SignedSession

regions: ValueCache[str, str] = ValueCache()

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")


def url_of(bucket: str, key: str, region: str) -> str:
    """Return the URL of an object (its key, not encoded) at the bucket's own region.

    The bucket's name goes in front of the host, except where that would not resolve (`AWS_ENDPOINT_URL`) or fit a
    certificate (a name with dots). `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT` are heeded.
    """
    if not bucket or not set(bucket) <= _NAME:
        raise ValueError(f"{bucket!r} is not a bucket's name; for an access point, give its alias")
    for end, kind in SPECIAL.items():
        if bucket.endswith(end):
            raise ValueError(
                f"{bucket!r} is {kind}, which is signed in another way: use kit_aws.client('s3').generate_presigned_url"
            )
    path = quote(key, safe="/~")
    if endpoint := environment.custom_endpoint("s3"):
        return f"{endpoint.rstrip('/')}/{bucket}/{path}"
    host = "s3-fips" if environment.is_on("AWS_USE_FIPS_ENDPOINT") else "s3"
    host += ".dualstack" if environment.is_on("AWS_USE_DUALSTACK_ENDPOINT") else ""
    domain = domain_of(region)
    if "." in bucket:
        return f"https://{host}.{region}.{domain}/{bucket}/{path}"
    return f"https://{bucket}.{host}.{region}.{domain}/{path}"


def region_of(bucket: str) -> str:
    """Return the bucket's region, or the function's own while S3 does not say.

    A URL that works nearly always is better than none. Asking again only after a minute spares a network without a
    way to S3 a time-out for each URL.
    """
    own = resolved_region()
    for max_age in (float("inf"), 60):
        if found := regions.get(bucket, lambda: _looked_up(bucket, own), max_age=max_age):
            return found
    return own


def _looked_up(bucket: str, own: str) -> str:
    """Ask S3 for the bucket's region: HeadBucket answers with it in a header, also without permission to read."""
    region = ""
    try:
        with SignedSession("s3") as session:
            answer = session.request("HEAD", url_of(bucket, "", own))
        region = answer.headers.get("x-amz-bucket-region", "")
    except AwsError as error:
        guards.log("kit.aws", logging.DEBUG, "HeadBucket for %r failed: %s", bucket, error)
    if not region:
        guards.log("kit.aws", logging.WARNING, "S3 does not say where bucket %r is; %s is assumed", bucket, own)
    return region
