"""AWS by way of kit-aws: DynamoDB through boto3, the management API through a session that signs."""

import os
import time
from typing import Any
from urllib.parse import quote

from kit_aws import Answer, AwsConnectionError, AwsError, SignedSession
from kit_core.backoff import Backoff

_RETRIED = frozenset({429, 500, 502, 503, 504})
_ATTEMPTS = 3
_BACKOFF = Backoff(0.5, 2.0)  # seconds

_sessions: dict[str | None, SignedSession] = {}


def call(
    service: str, operation: str, *, endpoint_url: str | None = None, region: str | None = None, **parameters: Any
) -> Any:
    """Call one operation (by its method's name) of a service's client. Raise AwsError."""
    from kit_aws import aws_errors, client

    with aws_errors(operation):
        return getattr(client(service, region=region, endpoint_url=endpoint_url), operation)(**parameters)


def wait(service: str, waiter: str, *, delay: int, attempts: int, **parameters: Any) -> None:
    """Wait by one of a service's waiters, with `delay` seconds between two looks. Raise AwsError."""
    from kit_aws import aws_errors, client

    with aws_errors(waiter):
        client(service).get_waiter(waiter).wait(WaiterConfig={"Delay": delay, "MaxAttempts": attempts}, **parameters)


def post_to_connection(connection_id: str, data: bytes, *, endpoint_url: str, region: str | None) -> None:
    """Send a message through the management API at `endpoint_url`. Raise AwsError.

    Throttled and failing requests, and connections that break, are tried three times with backoff. After a timeout
    nothing is sent again: the message may have arrived. boto3 is needed only where the environment names a proxy.
    """
    if _proxy(endpoint_url):
        parameters = {"ConnectionId": connection_id, "Data": data}
        call("apigatewaymanagementapi", "post_to_connection", endpoint_url=endpoint_url, region=region, **parameters)
        return
    url = f"{endpoint_url.rstrip('/')}/@connections/{quote(connection_id, safe='')}"
    headers = {"Content-Type": "application/octet-stream"}
    session = _sessions.get(region) or _sessions.setdefault(region, SignedSession("execute-api", region))
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            # On a kept connection that has died a message is rather sent twice than not at all.
            answer = session.request("POST", url, headers, data, repeatable=True)
        except AwsConnectionError as error:
            if attempt == _ATTEMPTS or error.code == "TimeoutError":
                raise
        else:
            if answer.status < 300:
                return
            if attempt == _ATTEMPTS or answer.status not in _RETRIED:
                raise _refusal(answer)
        time.sleep(_BACKOFF.delay(attempt))


def code_of(error: AwsError) -> str:
    """Return AWS's code for an error, or the name of the error where AWS has not answered."""
    return error.code or type(error).__name__


def _refusal(answer: Answer) -> AwsError:
    # A proxy's answer has no such field: the status stands in for the code.
    code = (answer.headers.get("x-amzn-ErrorType") or "").partition(":")[0] or str(answer.status)
    return AwsError(
        f"PostToConnection failed: {code} (status {answer.status})",
        code=code,
        operation="PostToConnection",
        request_id=answer.headers.get("x-amzn-RequestId"),
    )


def _proxy(url: str) -> str | None:
    name = f"{url.partition(':')[0]}_proxy"
    return os.environ.get(name) or os.environ.get(name.upper())
