"""One call: its request signed and sent, repeated where that may help, and its answer read."""

import os
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from kit_core import invocation
from kit_core.connections import Answer, Connections, Request
from kit_core.errors import HttpConnectionError
from kit_core.http import Fields
from kit_core.loading import renew_with_snapshot

from kit_aws import forks
from kit_aws.calls import retries, roots
from kit_aws.calls.model import ONCE, Operation, Service
from kit_aws.calls.prepared import Prepared
from kit_aws.calls.target import Target
from kit_aws.codes import Refusal, error_of, shows, subject
from kit_aws.errors import AwsConnectionError, AwsError
from kit_aws.signature import Credentials, authorization, hash_of, normalised
from kit_aws.version import user_agent

_RESERVE = 0.5  # seconds of the invocation that are kept for answering
_BUDGET = 3  # as many times the timeout may pass until the last attempt begins
# These only read, so that a connection that seems to have died is replaced after a quarter of the timeout.
_READS = ("BatchGet", "Get", "Head", "Query", "Scan", "TransactGet")

_connections = Connections(connect_timeout=1, most_idle=10, ca_file=roots.ca_file)
_quotas: dict[str, retries.Quota] = {}
_clock_offset = 0.0  # seconds


class Call(NamedTuple):
    """Hold a call on its way.

    timeout: seconds for the answer to one attempt
    resource: the subject, for the text of errors
    hide: a secret that was sent, which AWS may repeat in its message
    most: attempts
    bucket: of an object of S3
    """

    service: Service
    operation: Operation
    prepared: Prepared
    target: Target
    credentials: Credentials
    timeout: float
    resource: str | None
    hide: str | None
    most: int
    bucket: str = ""


class _Failed(NamedTuple):
    """Hold why an attempt failed, and how it may go on."""

    error: AwsError
    is_repeatable: bool
    is_throttling: bool
    headers: Mapping[str, str]


def send(call: Call) -> dict[str, Any]:
    """Return the parsed answer. Raise `AwsError`."""
    begun = time.monotonic()
    invocation_id = random_id()
    quota = _quotas.setdefault(call.target.host, retries.Quota())
    corrected = False
    attempt = 1
    while True:
        offset = _clock_offset
        answered = _attempt(call, f"attempt={attempt}; max={call.most}", invocation_id, offset)
        if not isinstance(answered, _Failed):
            if attempt > 1:
                quota.give_back()
            answered["ResponseMetadata"]["RetryAttempts"] = attempt - 1
            return answered
        if not corrected and (again := _corrected(call, answered, offset)):
            call, corrected = again, True
            continue
        if not answered.is_repeatable or attempt >= call.most or not quota.take():
            raise answered.error
        seconds = retries.pause(attempt, throttled=answered.is_throttling, headers=answered.headers)
        if seconds > _seconds_left(begun, call.timeout):
            raise answered.error
        time.sleep(seconds)
        attempt += 1


def _seconds_left(begun: float, timeout: float) -> float:
    """Return the seconds within which another attempt may begin."""
    left = begun + timeout * _BUDGET - time.monotonic()
    remaining = invocation.remaining_ms()
    return left if remaining is None else min(left, remaining / 1000 - _RESERVE)


def _attempt(call: Call, counted: str, invocation_id: str, offset: float) -> "dict[str, Any] | _Failed":
    headers = signed(call.prepared, call.target, call.service, call.credentials, time.time() + offset)
    headers["amz-sdk-invocation-id"] = invocation_id
    headers["amz-sdk-request"] = counted
    once = call.operation.name in ONCE
    reads = call.operation.name.startswith(_READS)
    url = url_of(call.prepared, call.target)
    request = Request(call.prepared.method, url, headers, call.prepared.body, call.timeout, reads)
    try:
        answer = _connections.send(request)
    except HttpConnectionError as error:
        failed = _connection_error(call, error.cause, error.problem)
        failed.__cause__ = error
        return _Failed(failed, not once or _was_not_sent(error), is_throttling=False, headers={})
    return _understood(call, answer, once=once)


def _understood(call: Call, answer: Answer, *, once: bool) -> "dict[str, Any] | _Failed":
    """Return the parsed answer, or the failure that it tells of."""
    fields = answer.headers
    headers = fields.lowered() if isinstance(fields, Fields) else {name.lower(): fields[name] for name in fields}
    if answer.status >= 300:
        refusal = _refusal(call, answer.status, headers, answer.body)
        withheld = "the message is withheld, it repeats a secret" if _repeats(call, refusal) else None
        error = error_of(refusal, call.operation.name, call.resource, withheld)
        throttling = retries.is_throttling(refusal, call.operation)
        again = throttling or retries.is_transient(refusal, call.service, call.operation)
        return _Failed(error, again, throttling, headers)
    try:
        parsed, request_id = _parsed(call, answer.status, headers, answer.body)
    except (UnicodeDecodeError, ValueError) as problem:
        error = _connection_error(call, "MalformedAnswer", str(problem))
        error.__cause__ = problem
        return _Failed(error, not once, is_throttling=False, headers=headers)
    metadata: dict[str, Any] = {"HTTPStatusCode": answer.status, "HTTPHeaders": headers}
    if request_id:
        metadata["RequestId"] = request_id
    parsed["ResponseMetadata"] = metadata
    return parsed


def _parsed(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> tuple[dict[str, Any], str | None]:
    request_id = headers.get("x-amzn-requestid")
    if call.service.protocol == "json":
        from kit_aws.calls import json

        return json.answer(call.service, call.operation, body), request_id
    if call.service.protocol == "query":
        from kit_aws.calls import query

        found, own_id = query.answer(call.service, call.operation, body)
        return found, own_id or request_id
    if call.operation.name == "GetObject":
        from kit_aws.calls import s3

        s3.check(headers, body)
    from kit_aws.calls import rest

    found = rest.answer(call.service, call.operation, status, headers, body)
    return found, request_id or headers.get("x-amz-request-id")


def _refusal(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    if call.service.protocol in ("json", "rest-json"):
        from kit_aws.calls import json

        return json.refusal(call.service, status, headers, body)
    from kit_aws.calls import query

    return query.refusal(status, headers, body)


def _connection_error(call: Call, code: str, problem: str) -> AwsConnectionError:
    text = f"{subject(call.operation.name, call.resource)} failed: {code}: {problem}"
    return AwsConnectionError(text, code=code, operation=call.operation.name, resource=call.resource)


def _was_not_sent(error: HttpConnectionError) -> bool:
    return error.cause in ("ConnectTimeoutError", "ConnectionRefusedError", "gaierror")


def _repeats(call: Call, refusal: Refusal) -> bool:
    return call.hide is not None and shows(refusal.message, call.hide)


def _corrected(call: Call, failed: _Failed, offset: float) -> Call | None:
    """Return the call as it is to be sent at once: by another clock, or to another region of S3; None for neither."""
    if _correct_clock(failed, offset):
        return call
    if call.service.name != "s3":
        return None
    from kit_aws.calls import s3

    target = s3.moved(call.target, call.bucket, failed.error.status, failed.headers)
    return None if target is None else call._replace(target=target)


def _correct_clock(failed: _Failed, used: float) -> bool:
    """Learn the service's time from an answer, if the offset that its call used is wrong; say whether it is.

    Another thread may have learnt it since.
    """
    global _clock_offset
    error = failed.error
    refusal = Refusal(error.code or "", "", error.status, None, {})
    offset = retries.clock_offset(refusal, failed.headers, time.time(), used)
    if offset is None:
        return False
    _clock_offset = offset
    return True


def signed(
    prepared: Prepared, target: Target, service: Service, credentials: Credentials, now: float
) -> dict[str, str]:
    """Return the headers of a request, those that sign it among them."""
    timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    headers = {**prepared.headers, "host": target.host, "x-amz-date": timestamp}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    body_hash = hash_of(prepared.body)
    path = _path_of(prepared, target)
    if service.name == "s3":
        headers["x-amz-content-sha256"] = body_hash
        canonical = path
    else:
        canonical = quote(normalised(path), safe="/~") if path != "/" else path
    query = "&".join(sorted(prepared.query.split("&"))) if prepared.query else ""
    scope = f"{timestamp[:8]}/{target.region}/{service.signing_name}/aws4_request"
    request = (prepared.method, canonical, query)
    headers["authorization"] = authorization(credentials, timestamp, scope, request, headers, body_hash)
    headers["user-agent"] = user_agent()
    if trace := _trace():
        headers["x-amzn-trace-id"] = trace
    return headers


def url_of(prepared: Prepared, target: Target) -> str:
    """Return the URL of a request."""
    return f"{target.origin}{_path_of(prepared, target)}" + (f"?{prepared.query}" if prepared.query else "")


def _path_of(prepared: Prepared, target: Target) -> str:
    if prepared.path == "/":
        return target.path or "/"
    return (target.path[:-1] if target.path.endswith("/") else target.path) + prepared.path


def _trace() -> str | None:
    """Return the X-Ray trace of the invocation, as Lambda has it in the environment."""
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    if not trace or "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
        return None
    return quote(trace, safe="-=;:+&[]{}\"',")


def random_id() -> str:
    """Return a random UUID of version 4; the module of that name takes 2 ms to import."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def forget() -> None:
    """Close the connections, and forget the clock's offset and the quotas."""
    global _clock_offset
    _connections.close()
    _quotas.clear()
    _clock_offset = 0.0


forks.in_child(_quotas.clear)
renew_with_snapshot(forget)
