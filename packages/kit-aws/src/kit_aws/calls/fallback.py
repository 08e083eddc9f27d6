"""The same calls through boto3, with the same answers and errors."""

from collections.abc import Mapping
from typing import Any

from kit_aws import boto3
from kit_aws.botocore import aws_errors, method_of
from kit_aws.calls.model import ONCE

# A client's timeout is fixed, so that timeouts taken from the remaining time share some thirty clients.
_TIMEOUTS = (
    *(0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 60),
    *(80, 100, 120, 150, 180, 240, 300, 400, 500, 600, 750, 900),
)


def send(
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    *,
    region: str | None,
    endpoint_url: str | None,
    timeout: float | None,
    most: int | None,
    resource: str | None,
    hide: str | None,
) -> dict[str, Any]:
    """Return boto3's answer, its streams read. Raise `AwsError`."""
    options: dict[str, Any] = {}
    if timeout is not None:
        options["read_timeout"] = max((each for each in _TIMEOUTS if each <= timeout), default=_TIMEOUTS[0])
    if most is None and operation in ONCE:
        most = 1  # boto3 repeats them also after a timeout
    if most is not None:
        options["max_attempts"] = most
    chosen = boto3.client(service, region=region, endpoint_url=endpoint_url, **options)
    with aws_errors(operation, resource=resource, hide=hide):
        answer: dict[str, Any] = getattr(chosen, method_of(operation))(**parameters)
        for name, value in answer.items():
            if hasattr(value, "read"):
                answer[name] = value.read()
    return answer
