"""AWS by way of kit-aws: DynamoDB, and the calls of the management API that are no messages."""

import os
from typing import Any
from urllib.parse import quote

from kit_aws import Answer, AwsConnectionError, AwsError, SignedSession

from kit_websocket.errors import SendError

_STATUSES = {
    "GoneException": 410,
    "ForbiddenException": 403,
    "PayloadTooLargeException": 413,
    "LimitExceededException": 429,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
}

_sessions: dict[str | None, SignedSession] = {}


def call(service: str, operation: str, **parameters: Any) -> Any:
    """Call one operation (by its method's name) of a service's client. Raise AwsError."""
    from kit_aws import aws_errors, client

    with aws_errors(operation):
        return getattr(client(service), operation)(**parameters)


def wait(service: str, waiter: str, *, delay: int, attempts: int, **parameters: Any) -> None:
    """Wait by one of a service's waiters, with `delay` seconds between two looks. Raise AwsError."""
    from kit_aws import aws_errors, client

    with aws_errors(waiter):
        client(service).get_waiter(waiter).wait(WaiterConfig={"Delay": delay, "MaxAttempts": attempts}, **parameters)


def manage(method: str, connection_id: str, *, endpoint_url: str, region: str | None) -> bytes | None:
    """Send a GET or DELETE to a connection of the management API; None for a connection that is gone, else the body.

    Raise SendError. Blocks.
    """
    try:
        answer = _session(region).request(method, f"{endpoint_url}/@connections/{quote(connection_id, safe='')}")
    except AwsError as error:
        raise SendError({connection_id: code_of(error)}) from error
    if answer.status == 410:
        return None
    if answer.status >= 300:
        raise SendError({connection_id: _code(answer)})
    return answer.body


def post(connection_id: str, body: bytes, *, endpoint_url: str, region: str | None, seconds: float) -> tuple[int, str]:
    """Post a message over a kept connection, and return the answer's status and code. Blocks.

    Raise TimeoutError, or ConnectionError where there was no answer for another reason.
    """
    url = f"{endpoint_url}/@connections/{quote(connection_id, safe='')}"
    headers = {"Content-Type": "application/octet-stream"}
    try:
        answer = _session(region).request("POST", url, headers, body, timeout=seconds)
    except AwsConnectionError as error:
        raise (TimeoutError if error.code == "TimeoutError" else ConnectionError)(str(error)) from error
    return answer.status, _code(answer) if answer.status >= 300 else ""


def post_by_boto3(
    connection_id: str, body: bytes, *, endpoint_url: str, region: str | None, seconds: float
) -> tuple[int, str]:
    """Do as `post`, through boto3, which sends by way of the environment's proxies."""
    from kit_aws import aws_errors, client

    options: dict[str, Any] = {"endpoint_url": endpoint_url, "region": region, "max_attempts": 1}
    try:
        with aws_errors("PostToConnection"):
            client("apigatewaymanagementapi", **options).post_to_connection(ConnectionId=connection_id, Data=body)
    except AwsConnectionError as error:
        raise (TimeoutError if "Timeout" in (error.code or "") else ConnectionError)(str(error)) from error
    except AwsError as error:
        code = code_of(error)
        return _STATUSES.get(code, 400), code
    return 200, ""


def has_proxy(url: str) -> bool:
    """Tell whether the environment names a proxy for a URL."""
    name = f"{url.partition(':')[0]}_proxy"
    if not (os.environ.get(name) or os.environ.get(name.upper())):
        return False
    from urllib.request import proxy_bypass

    return not proxy_bypass(url.partition("://")[2].partition("/")[0])


def code_of(error: AwsError) -> str:
    """Return AWS's code for an error, or the name of the error where AWS has not answered."""
    return error.code or type(error).__name__


def _code(answer: Answer) -> str:
    # A proxy's answer has no such field: the status stands in for the code.
    return (answer.headers.get("x-amzn-ErrorType") or "").partition(":")[0] or str(answer.status)


def _session(region: str | None) -> SignedSession:
    return _sessions.get(region) or _sessions.setdefault(region, SignedSession("execute-api", region))
