"""AWS by way of kit-aws, where it is more than a call: boto3 for tables and behind a proxy."""

from typing import Any
from urllib.parse import quote

import kit_aws
from kit_aws import Answer, AwsConnectionError, AwsError, SignedSession

from kit_websocket.errors import SendError

GONE = "GoneException"

_STATUSES = {
    GONE: 410,
    "ForbiddenException": 403,
    "PayloadTooLargeException": 413,
    "LimitExceededException": 429,
    "InternalServerError": 500,
    "ServiceUnavailable": 503,
}
_sessions: dict[str | None, SignedSession] = {}


def administer(operation: str, **parameters: Any) -> Any:
    """Call an operation of DynamoDB that manages tables, by its method's name. Raise AwsError."""
    with kit_aws.aws_errors(operation):
        return getattr(kit_aws.client("dynamodb"), operation)(**parameters)


def wait(waiter: str, *, delay: int, attempts: int, **parameters: Any) -> None:
    """Wait by one of DynamoDB's waiters, with `delay` seconds between two looks. Raise AwsError."""
    found = kit_aws.client("dynamodb").get_waiter(waiter)
    with kit_aws.aws_errors(waiter):
        found.wait(WaiterConfig={"Delay": delay, "MaxAttempts": attempts}, **parameters)


def manage(operation: str, connection_id: str, *, endpoint_url: str, region: str | None) -> dict[str, Any] | None:
    """Call GetConnection or DeleteConnection of the management API; None for a connection that is gone.

    Raise SendError. Blocks.
    """
    parameters = {"ConnectionId": connection_id}
    try:
        return kit_aws.call("apigatewaymanagementapi", operation, parameters, endpoint_url=endpoint_url, region=region)
    except AwsError as error:
        if error.code in (GONE, "410"):
            return None
        raise SendError({connection_id: code_of(error)}) from error


def post(connection_id: str, body: bytes, *, endpoint_url: str, region: str | None, seconds: float) -> tuple[int, str]:
    """Post a message over a kept connection, and return the answer's status and code. Blocks.

    Raise TimeoutError, or ConnectionError where there was no answer for another reason.
    """
    url = f"{endpoint_url}/@connections/{quote(connection_id, safe='')}"
    headers = {"Content-Type": "application/octet-stream"}
    session = _sessions.get(region) or _sessions.setdefault(region, SignedSession("execute-api", region))
    try:
        answer = session.request("POST", url, headers, body, timeout=seconds)
    except AwsConnectionError as error:
        raise (TimeoutError if error.code == "TimeoutError" else ConnectionError)(str(error)) from error
    return answer.status, _code(answer) if answer.status >= 300 else ""


def post_by_boto3(
    connection_id: str, body: bytes, *, endpoint_url: str, region: str | None, seconds: float
) -> tuple[int, str]:
    """Do as `post`, through boto3, which knows proxies and profiles, and which tests mock."""
    options: dict[str, Any] = {"endpoint_url": endpoint_url, "region": region, "max_attempts": 1}
    try:
        with kit_aws.aws_errors("PostToConnection"):
            api = kit_aws.client("apigatewaymanagementapi", **options)
            api.post_to_connection(ConnectionId=connection_id, Data=body)
    except AwsConnectionError as error:
        raise (TimeoutError if "Timeout" in (error.code or "") else ConnectionError)(str(error)) from error
    except AwsError as error:
        code = code_of(error)
        return _STATUSES.get(code, 400), code
    return 200, ""


def needs_boto3() -> bool:
    """Tell whether requests have to go through boto3: for a proxy or a profile, or since a test mocks AWS."""
    from kit_aws import environment
    from kit_aws.calls import routes

    return routes.reason("apigatewaymanagementapi", environment.fingerprint()) is not None


def code_of(error: AwsError) -> str:
    """Return AWS's code for an error, or the name of the error where AWS has not answered."""
    return error.code or type(error).__name__


def _code(answer: Answer) -> str:
    # A proxy's answer has no such field: the status stands in for the code.
    return (answer.headers.get("x-amzn-ErrorType") or "").partition(":")[0] or str(answer.status)
