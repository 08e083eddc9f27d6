"""Objects of S3: the bucket's name in the host, and the checksums of bodies."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from kit_aws.calls.endpoints import is_region
from kit_aws.calls.model import Operation
from kit_aws.calls.prepared import Prepared
from kit_aws.calls.target import Target
from kit_aws.calls.writing import problem

_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
# "Directory bucket naming rules" and "Access point aliases" in the S3 user guide.
SPECIAL = {
    "--x-s3": "a directory bucket",
    "--xa-s3": "an access point of a directory bucket",
    "--op-s3": "an access point on Outposts",
    ".mrap": "a multi-region access point",
}
_HEADER = "x-amz-checksum-"
_MOVED = (301, 307, 400)  # 400 where the signature names another region
_MOST_KEPT = 1000

_regions: dict[str, str] = {}  # of buckets in another region than the calls'


def is_special(bucket: Any) -> bool:
    """Say whether it is the ARN of an access point, or a name with an endpoint or a signature of its own."""
    return isinstance(bucket, str) and (bucket.startswith("arn:") or bucket.endswith(tuple(SPECIAL)))


def addressed(prepared: Prepared, target: Target, parameters: Mapping[str, Any]) -> tuple[Prepared, Target]:
    """Return the request and the endpoint of a bucket.

    The name stays in the path for a custom endpoint, where it seldom resolves as a host, and where it does not fit a
    certificate ("Virtual hosting of buckets", S3 user guide).
    """
    bucket = parameters["Bucket"]
    if target.is_custom:
        return prepared, target
    target = _in_region(target, _regions.get(bucket, target.region))
    if not set(bucket) <= _LABEL:
        return prepared, target
    host = f"{bucket}.{target.host}"
    path = prepared.path.removeprefix(f"/{bucket}") or "/"
    return prepared._replace(path=path), target._replace(origin=target.origin.replace(target.host, host), host=host)


def moved(target: Target, bucket: str, status: int | None, headers: Mapping[str, str]) -> Target | None:
    """Return the endpoint in the region that S3 names as the bucket's, which is remembered; None if it names none."""
    region = headers.get("x-amz-bucket-region")
    if status not in _MOVED or not region or region == target.region or target.is_custom or not is_region(region):
        return None
    if len(_regions) < _MOST_KEPT:
        _regions[bucket] = region
    return _in_region(target, region)


def _in_region(target: Target, region: str) -> Target:
    if region == target.region:
        return target
    before, after = f"s3.{target.region}.", f"s3.{region}."
    host = target.host.replace(before, after)
    return target._replace(origin=target.origin.replace(before, after), host=host, region=region)


def with_checksum(operation: Operation, prepared: Prepared, parameters: Mapping[str, Any]) -> Prepared:
    """Return the request with its body's checksum, or asking for one ("Checking object integrity", its guide)."""
    headers = prepared.headers
    if operation.name == "GetObject":
        return prepared._replace(headers={**headers, "x-amz-checksum-mode": "ENABLED"})
    if operation.name != "PutObject" or any(name.startswith(_HEADER) for name in headers):
        return prepared
    algorithm = parameters.get("ChecksumAlgorithm", "CRC32")
    value = _checksum(algorithm.lower(), prepared.body)
    if value is None:
        raise problem("ChecksumAlgorithm", f"is one of CRC32, SHA1 and SHA256 here, not {algorithm!r}")
    added = {f"{_HEADER}{algorithm.lower()}": value, "x-amz-sdk-checksum-algorithm": algorithm}
    return prepared._replace(headers={**headers, **added})


def check(headers: Mapping[str, str], body: bytes) -> None:
    """Raise ValueError for a body that does not have the checksum in its headers; one over parts is not compared."""
    for name in ("crc32", "sha1", "sha256"):
        wanted = headers.get(f"{_HEADER}{name}", "-")
        if "-" not in wanted and wanted != _checksum(name, body):
            raise ValueError(f"the body does not have the {name} in its headers")


def _checksum(algorithm: str, body: bytes) -> str | None:
    if algorithm == "crc32":
        from binascii import crc32

        return b64encode(crc32(body).to_bytes(4, "big")).decode()
    if algorithm in ("sha1", "sha256"):
        import hashlib

        return b64encode(hashlib.new(algorithm, body, usedforsecurity=False).digest()).decode()
    return None
