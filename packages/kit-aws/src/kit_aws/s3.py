"""URLs that let their bearer read or write one object for a while."""

import logging
from typing import Any

from kit_aws.boto3 import client, resolved_region
from kit_aws.botocore import aws_errors
from kit_aws.cache import ValueCache
from kit_aws.errors import AwsError

regions: ValueCache[str] = ValueCache()

_log = logging.getLogger("kit.aws")


def get_url(bucket_name: str, object: str, expiration_in_seconds: int = 300, *, region: str | None = None) -> str:  # noqa: A002
    """Return a URL to GET an object (its key, not encoded) without credentials.

    It is signed with SigV4 for the bucket's region, which is looked up once per process unless given. It ends with the
    credentials that signed it, which in a function is hours, whatever `expiration_in_seconds` (at most 604800) says.
    """
    return _presign("get_object", {"Bucket": bucket_name, "Key": object}, expiration_in_seconds, region)


def put_url(
    bucket_name: str,
    object: str,  # noqa: A002
    expiration_in_seconds: int = 300,
    *,
    content_type: str | None = None,
    region: str | None = None,
) -> str:
    """Return a URL to PUT an object without credentials; see `get_url`.

    With a `content_type` the upload must send exactly that Content-Type header.
    """
    parameters = {"Bucket": bucket_name, "Key": object}
    if content_type is not None:
        parameters["ContentType"] = content_type
    return _presign("put_object", parameters, expiration_in_seconds, region)


def _presign(operation: str, parameters: dict[str, Any], expires: int, region: str | None) -> str:
    if not 1 <= expires <= 604800:
        raise ValueError(f"A URL can last from 1 to 604800 seconds, not {expires!r}")
    with aws_errors("presign"):
        url: str = _client(region or _region_of(parameters["Bucket"])).generate_presigned_url(
            operation, Params=parameters, ExpiresIn=expires
        )
    return url


def _client(region: str, **options: Any) -> Any:
    # The checksum that boto3 adds to uploads by default would have to be sent by the bearer too.
    return client(
        "s3", region=region, signature_version="s3v4", request_checksum_calculation="when_required", **options
    )


def _region_of(bucket: str) -> str:
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
    """Ask S3 where the bucket is: HeadBucket says so in a header, also to those who may not read the bucket."""
    try:
        with aws_errors("HeadBucket"):
            answer = _client(own, max_attempts=1).head_bucket(Bucket=bucket)
    except AwsError as error:
        # botocore's errors of the connection have a response too, which is None.
        answer = getattr(error.__cause__, "response", None) or {}
    region: str = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
    if not region:
        _log.warning("S3 does not say where bucket %r is; %s is assumed", bucket, own)
    return region
