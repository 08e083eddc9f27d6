"""The event of a request to `kit_handler.asgi`, in the shape of payload 1.0, and its Lambda context."""

import os
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, quote
from uuid import uuid4

from kit_core.json import loads

from kit_handler.errors import HttpError
from kit_handler.http import payloads

_REQUEST_CONTEXT, _LAMBDA_CONTEXT = "x-amzn-request-context", "x-amzn-lambda-context"


async def read_body(receive: Callable[[], Awaitable[MutableMapping[str, Any]]], most_bytes: int) -> bytes | None:
    """Return the body of a request, None if the client has gone; raise HttpError (413) over `most_bytes`."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise HttpError(413, f"The request body is over {most_bytes} bytes")
        if not message.get("more_body", False):
            return bytes(body)


def event_of(
    scope: Mapping[str, Any], body: bytes, *, timeout: float | None, believe_adapter: bool
) -> tuple[dict[str, Any], "Context"]:
    """Return the event and the Lambda context of a request.

    believe_adapter: take caller, time limit and ids from the header fields that the Lambda Web Adapter writes; where
    it doesn't stand in front, a client could write them, and they are left out
    """
    fields: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        fields.setdefault(_text(name).lower(), []).append(_text(value))
    told, called = (_json(fields, _REQUEST_CONTEXT), _json(fields, _LAMBDA_CONTEXT)) if believe_adapter else ({}, {})
    if not believe_adapter:
        fields.pop(_REQUEST_CONTEXT, None)
        fields.pop(_LAMBDA_CONTEXT, None)
    headers = {name: values[-1] for name, values in fields.items()}
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    path = _path(scope)
    text, in_base64 = _body(body)
    context = (
        Context(called, timeout) if timeout is None and "deadline" not in called else LimitedContext(called, timeout)
    )
    version = scope.get("http_version", "1.1")
    client = scope.get("client") or (None,)
    request_context: dict[str, Any] = {
        "asgi": {**scope.get("asgi", {}), "scheme": scope.get("scheme", "http")},
        "domainName": headers.get("host"),
        "httpMethod": scope["method"],
        "path": path,
        "protocol": f"HTTP/{version}",
        "requestId": told.get("requestId") or context.aws_request_id,
        "identity": {"sourceIp": client[0], "userAgent": headers.get("user-agent")},
    }
    if told:
        request_context |= _caller(told, headers)
    event = {
        "httpMethod": scope["method"],
        "path": path,
        "headers": headers,
        "multiValueHeaders": fields,
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "requestContext": request_context,
        "body": text,
        "isBase64Encoded": in_base64,
    }
    return event, context


class Context:
    """Be the Lambda context of a request; where there is no time limit, it has no `get_remaining_time_in_millis`."""

    client_context = None
    identity = None

    def __init__(self, called: Mapping[str, Any], timeout: float | None) -> None:
        config = called.get("env_config")
        told = config if isinstance(config, dict) else {}
        self.aws_request_id = str(called.get("request_id") or uuid4())
        self.function_name = str(told.get("function_name") or os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "asgi"))
        self.function_version = str(told.get("version") or os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"))
        self.memory_limit_in_mb = told.get("memory") or int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0"))
        self.invoked_function_arn = str(called.get("invoked_function_arn") or "")
        self.log_group_name = str(told.get("log_group") or os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", ""))
        self.log_stream_name = str(told.get("log_stream") or os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", ""))
        self.tenant_id = called.get("tenant_id")


class LimitedContext(Context):
    """Be the same with a time limit: that of the invocation, or the server's own."""

    def __init__(self, called: Mapping[str, Any], timeout: float | None) -> None:
        super().__init__(called, timeout)
        deadline = called.get("deadline")
        seconds = [] if timeout is None else [timeout]
        if isinstance(deadline, (int, float)):
            seconds.append(deadline / 1000 - time.time())
        self._end = time.monotonic() + min(seconds, default=0.0)

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that the request has left."""
        return max(0, int((self._end - time.monotonic()) * 1000))


def _caller(told: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    """Return who has called, as the payload that the Lambda Web Adapter was invoked with says it."""
    event = {"requestContext": told, "headers": headers}
    adapter = payloads.find(event)
    if adapter is None:
        return {}
    authorizer = adapter.authorizer(event)
    identity = {"identity": adapter.identity(event)}
    return identity if authorizer is None else {**identity, "authorizer": authorizer}


def _json(fields: dict[str, list[str]], name: str) -> dict[str, Any]:
    try:
        told = loads(fields[name][-1]) if name in fields else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _path(scope: Mapping[str, Any]) -> str:
    """Return the path as it came, encoded, without the `root_path` that a server or an outer application has."""
    raw = scope.get("raw_path")
    path = raw.partition(b"?")[0].decode("latin-1") if raw else quote(scope["path"], safe="/:@!$&'()*+,;=~")
    root = scope.get("root_path", "").rstrip("/")
    if root and (scope["path"] == root or scope["path"].startswith(f"{root}/")):
        path = "/" + "/".join(path.split("/")[root.count("/") + 1 :])
    return path or "/"


def _body(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        from binascii import b2a_base64

        return b2a_base64(body, newline=False).decode(), True


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
