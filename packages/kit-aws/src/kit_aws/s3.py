"""URLs and forms that let their bearer read or write one object for a while. boto3 is not needed for them."""

from datetime import UTC, datetime
from typing import Any, TypedDict

from kit_aws import buckets
from kit_aws.auth import SignedAuth, check_expiry, resolved
from kit_aws.sigv4 import Scope, sign_policy

_FILE_NAME = "${filename}"
_MOST_BYTES = 5 * 1024**3  # "POST Object" in the S3 API reference


class PostForm(TypedDict):
    """Hold an HTML form's target and hidden fields; the file comes last, as `file`."""

    url: str
    fields: dict[str, str]


def get_url(bucket_name: str, object: str, expiration_in_seconds: int = 300, *, region: str | None = None) -> str:  # noqa: A002
    """Return a URL to GET an object (its key, not encoded) without credentials.

    It is signed with SigV4 for the bucket's region, which is looked up once per process unless given. It expires after
    `expiration_in_seconds` (at most 604800), and with the credentials that signed it: in a function after some hours.
    """
    return _presigned("GET", bucket_name, object, expiration_in_seconds, region)


def put_url(
    bucket_name: str,
    object: str,  # noqa: A002
    expiration_in_seconds: int = 300,
    *,
    content_type: str | None = None,
    region: str | None = None,
) -> str:
    """Return a URL to PUT an object without credentials; see `get_url`.

    With a `content_type` the upload must send exactly that Content-Type header. How large it may be cannot be said:
    `post_form` can.
    """
    headers = {} if content_type is None else {"Content-Type": content_type}
    return _presigned("PUT", bucket_name, object, expiration_in_seconds, region, headers)


def post_form(
    bucket_name: str,
    object: str,  # noqa: A002
    expiration_in_seconds: int = 300,
    *,
    size: tuple[int, int],
    content_type: str | None = None,
    region: str | None = None,
) -> PostForm:
    """Return the URL and the fields of a form that uploads one object, within limits that S3 itself holds.

    `object` is the exact key; one that ends in `${filename}` lets the form choose the rest of the key.
    `size` is the least and the most bytes of the file, at most 5 GiB. `content_type` is exact, or a kind as `image/*`,
    for which the form adds the field `Content-Type` itself. Region and end are as with `get_url`.
    """
    least, most = size
    if not 0 <= least <= most <= _MOST_BYTES:
        raise ValueError(f"The size goes from 0 to {_MOST_BYTES} bytes, not from {least!r} to {most!r}")
    check_expiry(expiration_in_seconds)
    fields = {"key": object}
    conditions: list[Any] = [{"bucket": bucket_name}, ["content-length-range", least, most]]
    start, mark, end = object.partition(_FILE_NAME)
    if end:
        raise ValueError(f"{_FILE_NAME} can only be the end of a key, not in {object!r}")
    conditions.append(["starts-with", "$key", start] if mark else {"key": object})
    if content_type is not None and content_type.endswith("/*"):
        conditions.append(["starts-with", "$Content-Type", content_type[:-1]])
    elif content_type is not None:
        fields["Content-Type"] = content_type
        conditions.append({"Content-Type": content_type})
    place = region or buckets.region_of(bucket_name)
    scope = Scope(resolved(None), "s3", place, datetime.now(UTC))
    return {
        "url": buckets.url_of(bucket_name, "", place),
        "fields": sign_policy(scope, fields, conditions, expiration_in_seconds),
    }


def _presigned(
    method: str, bucket: str, key: str, expires: int, region: str | None, headers: dict[str, str] | None = None
) -> str:
    check_expiry(expires)
    place = region or buckets.region_of(bucket)
    return SignedAuth("s3", region=place).presign(method, buckets.url_of(bucket, key, place), expires, headers)
