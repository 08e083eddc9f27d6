"""Events and a context for tests. Not imported by the package itself."""

import json
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

__all__ = ["LambdaContext", "http_event", "sqs_event"]

_REGION = "eu-central-1"
_ACCOUNT = "123456789012"


class LambdaContext:
    """Stand for the context that Lambda passes, with `timeout` seconds left and a clock that runs."""

    def __init__(
        self, *, timeout: float = 30.0, function_name: str = "test", aws_request_id: str | None = None
    ) -> None:
        self.function_name = function_name
        self.function_version = "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:{_REGION}:{_ACCOUNT}:function:{function_name}"
        self.memory_limit_in_mb = "128"
        self.aws_request_id = aws_request_id or str(uuid4())
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = "2025/01/01/[$LATEST]test"
        self.identity = None
        self.client_context = None
        self._ends = time.monotonic() + timeout

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left, at least 0."""
        return max(0, int((self._ends - time.monotonic()) * 1000))

    def spend(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._ends -= seconds


def http_event(
    method: str = "GET",
    path: str = "/",
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str | Sequence[str]] | None = None,
    path_params: Mapping[str, str] | None = None,
    body: Any = None,
    authorizer: Mapping[str, Any] | None = None,
    cookies: Sequence[str] = (),
    source_ip: str = "203.0.113.7",
    version: str = "2.0",
) -> dict[str, Any]:
    """Return the event of a request through API Gateway: version "2.0" (HTTP API) or "1.0" (REST API).

    body: text; bytes, which are sent in base64; anything else as JSON with its Content-Type. authorizer: what a
    Lambda authorizer has put into its context. cookies: each `name=value`.
    """
    fields = {"Host": "api.example.com", "User-Agent": "test", **(headers or {})}
    if body is not None and not isinstance(body, (str, bytes)):
        fields = {"Content-Type": "application/json", **fields}
        body = json.dumps(body)
    encoded = isinstance(body, bytes)
    values = {name: [each] if isinstance(each, str) else list(each) for name, each in (query or {}).items()}
    event = {
        "path_params": dict(path_params) if path_params else None,
        "body": b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": encoded,
    }
    if version == "2.0":
        return _version_2(method, path, fields, values, event, authorizer, cookies, source_ip)
    if version == "1.0":
        return _version_1(method, path, fields, values, event, authorizer, cookies, source_ip)
    raise ValueError(f"version is '1.0' or '2.0', not {version!r}")


def _version_2(
    method: str,
    path: str,
    fields: dict[str, str],
    values: dict[str, list[str]],
    event: dict[str, Any],
    authorizer: Mapping[str, Any] | None,
    cookies: Sequence[str],
    source_ip: str,
) -> dict[str, Any]:
    made = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": urlencode(values, doseq=True),
        "headers": {name.lower(): value for name, value in fields.items()},
        "requestContext": {
            "accountId": _ACCOUNT,
            "apiId": "api",
            "domainName": "api.example.com",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": fields["User-Agent"],
            },
            "requestId": str(uuid4()),
            "routeKey": f"{method} {path}",
            "stage": "$default",
        },
        "isBase64Encoded": event["isBase64Encoded"],
    }
    optional = {
        "queryStringParameters": {name: ",".join(each) for name, each in values.items()},
        "pathParameters": event["path_params"],
        "body": event["body"],
        "cookies": list(cookies),
    }
    made.update({name: value for name, value in optional.items() if value})
    if authorizer is not None:
        made["requestContext"]["authorizer"] = {"lambda": dict(authorizer)}
    return made


def _version_1(
    method: str,
    path: str,
    fields: dict[str, str],
    values: dict[str, list[str]],
    event: dict[str, Any],
    authorizer: Mapping[str, Any] | None,
    cookies: Sequence[str],
    source_ip: str,
) -> dict[str, Any]:
    if cookies:
        fields = {**fields, "Cookie": "; ".join(cookies)}
    context: dict[str, Any] = {
        "accountId": _ACCOUNT,
        "apiId": "api",
        "httpMethod": method,
        "identity": {"sourceIp": source_ip, "userAgent": fields["User-Agent"]},
        "path": f"/test{path}",
        "requestId": str(uuid4()),
        "resourcePath": path,
        "stage": "test",
    }
    if authorizer is not None:
        context["authorizer"] = {"principalId": "test", **authorizer}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": fields,
        "multiValueHeaders": {name: [value] for name, value in fields.items()},
        "queryStringParameters": {name: each[-1] for name, each in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "pathParameters": event["path_params"],
        "stageVariables": None,
        "requestContext": context,
        "body": event["body"],
        "isBase64Encoded": event["isBase64Encoded"],
    }


def sqs_event(bodies: Iterable[Any], *, queue: str = "queue", groups: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the event of a batch of messages, named message-1, message-2, …; a body that is no text goes as JSON.

    groups: the message group of each, which makes it a FIFO queue.
    """
    name = f"{queue}.fifo" if groups is not None and not queue.endswith(".fifo") else queue
    records = []
    for number, body in enumerate(bodies, 1):
        attributes = {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1735689600000",
            "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": "1735689600001",
        }
        if groups is not None:
            attributes |= {"MessageGroupId": groups[number - 1], "SequenceNumber": str(number)}
        records.append(
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"receipt-{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": attributes,
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{name}",
                "awsRegion": _REGION,
            }
        )
    return {"Records": records}
