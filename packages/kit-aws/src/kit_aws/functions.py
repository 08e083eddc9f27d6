"""Other Lambda functions, invoked."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Literal

from kit_core import invocation
from kit_core.errors import InvalidJsonError
from kit_core.json import dumps, loads

from kit_aws.calls.call import perform
from kit_aws.calls.early import load_early_model
from kit_aws.errors import AwsError, FunctionError, PayloadTooLargeError
from kit_aws.message import body_of

InvocationType = Literal["RequestResponse", "Event", "DryRun"]

# "Lambda quotas" in the Lambda developer guide: 6 MB for an answer that is waited for, 1 MB else.
_MOST_BYTES = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024, "DryRun": 6 * 1024 * 1024}
_RESERVE = 1.0  # seconds of the invocation that are kept, for connecting and for an answer
_LEAST = 0.1  # seconds that an answer is waited for


def invoke(arn: str, payload: Any, invocation_type: InvocationType = "RequestResponse", *, timeout: float = 60) -> Any:
    """Invoke a function given by ARN or name, optionally with a version or alias, and return its parsed answer.

    `RequestResponse` waits for the answer, at most `timeout` seconds and a second less than the current invocation has
    left, and calls exactly once: nothing is retried, since the function may have done its work when the connection
    breaks. `Event` returns None as soon as Lambda has taken the payload, `DryRun` None when the caller may invoke the
    function.

    The payload is sent as JSON (`kit_core.json.dumps`). With `RequestResponse` the correlation id goes along in the
    client context, which Lambda passes on in synchronous invocations only. Raise `FunctionError` when the function
    itself fails, which only `RequestResponse` learns of; `ResourceNotFoundError`, `ThrottlingError`;
    `PayloadTooLargeError` above 6 MiB (1 MiB for `Event`), `PayloadTypeError`, `PayloadValueError`;
    `AwsConnectionError` when no answer came in time, though the function may run on.
    """
    if invocation_type not in _MOST_BYTES:
        raise ValueError(f"invocation_type is one of {', '.join(_MOST_BYTES)}, not {invocation_type!r}")
    body = body_of(payload).encode()
    if len(body) > _MOST_BYTES[invocation_type]:
        raise PayloadTooLargeError("The payload", len(body), _MOST_BYTES[invocation_type], resource=arn)
    region = arn.split(":")[3] if arn.startswith("arn:") else None
    parameters = {"FunctionName": arn, "InvocationType": invocation_type, "Payload": body}
    if invocation_type == "RequestResponse":
        parameters |= _client_context()
        answer = perform("lambda", "Invoke", parameters, region=region, timeout=_bounded(timeout), most=1)
    else:
        answer = perform("lambda", "Invoke", parameters, region=region)
    content = answer["Payload"]
    request_id = answer["ResponseMetadata"].get("RequestId")
    if answer.get("FunctionError"):
        raise _error(arn, content, request_id)
    if not content or invocation_type != "RequestResponse":
        return None
    try:
        return loads(content)
    except InvalidJsonError as error:
        raise AwsError(
            f"The answer of {arn!r} is not JSON: {error}", operation="Invoke", resource=arn, request_id=request_id
        ) from error


def _client_context() -> dict[str, str]:
    """Return the parameter that carries the correlation id; `context.client_context.custom` is its other end."""
    found = invocation.correlation_id()
    if found is None:
        return {}
    return {"ClientContext": b64encode(dumps({"custom": {"correlation_id": found}}).encode()).decode()}


def _bounded(timeout: float) -> float:
    """Return the timeout, or less if the current invocation has less time."""
    if timeout < _LEAST:
        raise ValueError(f"timeout is at least {_LEAST} seconds, not {timeout!r}")
    remaining = invocation.remaining_ms()
    return timeout if remaining is None else min(timeout, max(_LEAST, remaining / 1000 - _RESERVE))


def _error(arn: str, content: bytes, request_id: str | None) -> FunctionError:
    """Read a runtime's error document; Python's has a `stackTrace`, Node's a `trace`."""
    try:
        said = loads(content)
    except ValueError:
        said = content.decode(errors="replace")
    if not isinstance(said, Mapping):
        return FunctionError(arn, None, str(said), request_id=request_id)
    trace = said.get("stackTrace") or said.get("trace") or []
    lines = [line for each in trace for line in str(each).splitlines()] if isinstance(trace, list) else [str(trace)]
    message = said.get("errorMessage")
    return FunctionError(
        arn, said.get("errorType"), "" if message is None else str(message), lines, request_id=request_id
    )


load_early_model("lambda")
