"""HTTP APIs: events and answers of payload format 2.0, and CORS.

After "Create AWS Lambda proxy integrations for HTTP APIs" and "Configure CORS for HTTP APIs".
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict

from kit_local.gateway.incoming import GatewayError, Incoming, all_values, without_none
from kit_local.logs import Outcome
from kit_local.stack import Api, Cors, Route

ANSWERS: dict[str, tuple[int, dict[str, str | None]]] = {
    "missing": (404, {"message": "Not Found"}),
    "malformed": (400, {"message": "Bad Request"}),
    "unauthorized": (401, {"message": "Unauthorized"}),
    "forbidden": (403, {"message": "Forbidden"}),
    "denied": (403, {"message": "Forbidden"}),
    "authorizer": (500, {"message": "Internal Server Error"}),
    "failed": (500, {"message": "Internal Server Error"}),
    "throttled": (503, {"message": "Service Unavailable"}),
    "timeout": (503, {"message": "Service Unavailable"}),
    "too_large": (413, {"message": "Request Entity Too Large"}),
    "event_too_large": (413, {"message": "Request Entity Too Large"}),
}
TIMEOUT = 30.0  # seconds that an integration may take
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_OWN = {"connection", "content-length", "keep-alive", "transfer-encoding"}  # headers that are the server's to set


def event(api: Api, account: str, incoming: Incoming, route: Route, parameters: dict[str, str]) -> dict[str, Any]:
    """Make the event of payload format 2.0."""
    host = incoming.header("host")
    key = route.path if route.path == "$default" else f"{route.method} {route.path}"
    # HTTP APIs hand over the path decoded, unlike every other source; the query string stays as it came.
    path = unquote(incoming.path) or "/"
    lowered = all_values([(name.lower(), value) for name, value in incoming.headers]) or {}
    cookies = [cookie.strip() for line in lowered.pop("cookie", []) for cookie in line.split(";")]
    query = all_values(incoming.query)
    body, encoded = incoming.text_or_base64() if incoming.body else (None, False)
    return without_none(
        {
            "version": "2.0",
            "routeKey": key,
            "rawPath": path,
            "rawQueryString": incoming.query_string,
            "cookies": cookies or None,
            "headers": {name: ",".join(values) for name, values in lowered.items()},
            "queryStringParameters": query and {name: ",".join(values) for name, values in query.items()},
            "requestContext": {
                "accountId": account,
                "apiId": api.api_id,
                "domainName": host,
                "domainPrefix": host.partition(".")[0],
                "http": {
                    "method": incoming.method,
                    "path": path,
                    "protocol": incoming.protocol,
                    "sourceIp": incoming.source_ip,
                    "userAgent": incoming.header("user-agent"),
                },
                "requestId": incoming.request_id,
                "routeKey": key,
                "stage": api.stage,
                "time": incoming.clock,
                "timeEpoch": incoming.epoch,
            },
            "pathParameters": parameters or None,
            "stageVariables": dict(api.stage_variables) or None,
            "body": body,
            "isBase64Encoded": encoded,
        }
    )


def response(value: Any) -> web.Response:
    """Make the HTTP response of what a function returned; GatewayError("failed") where that can't be one."""
    if not isinstance(value, dict) or "statusCode" not in value:
        text = value if isinstance(value, str) else json.dumps(value)
        return web.Response(body=text.encode(), content_type="application/json")
    headers = [("set-cookie", cookie) for cookie in value.get("cookies") or []]
    return build(value, [*mapping(value, "headers").items(), *headers], "text/plain; charset=utf-8")


def outcome(status: int) -> Outcome:
    """Return what the terminal says of an answer with that status."""
    return str(status), "green" if status < 400 else "yellow" if status < 500 else "red"


def mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the mapping under `key`, empty when there is none; GatewayError("failed") for anything else."""
    found = value.get(key) or {}
    if not isinstance(found, dict):
        raise GatewayError("failed")
    return found


def build(value: dict[str, Any], headers: Iterable[tuple[str, Any]], content_type: str) -> web.Response:
    """Make a response of a mapping with `statusCode`, `body` and `isBase64Encoded`."""
    try:
        status, body = int(value["statusCode"]), value.get("body")
        if not 200 <= status <= 599 or not isinstance(body, str | None):
            raise ValueError(f"no HTTP response: {status}")
        content = b64decode(body or "", validate=True) if value.get("isBase64Encoded") else (body or "").encode()
        given = CIMultiDict((_name(name), _header(item)) for name, item in headers if name.lower() not in _OWN)
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise GatewayError("failed") from error
    given.setdefault("content-type", content_type)
    return web.Response(status=status, body=content, headers=given)


def _name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError("no header name")
    return name


def _header(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "\r" in text or "\n" in text or isinstance(value, dict | list):
        raise ValueError("no header value")
    return text


def preflight(cors: Cors, incoming: Incoming) -> web.Response | None:
    """Return the answer to a preflight request, None when this is none."""
    method = incoming.header("access-control-request-method")
    if incoming.method != "OPTIONS" or not method or not incoming.header("origin"):
        return None
    answer = web.Response(status=204)
    if not {"*", method.upper()} & set(cors.allow_methods):
        return answer
    if share(cors, incoming, answer):
        allow(cors, answer)
    return answer


def allow(cors: Cors, answer: web.Response) -> None:
    """Put what only answers to preflight requests tell into the headers."""
    if cors.allow_methods:
        answer.headers["access-control-allow-methods"] = ",".join(cors.allow_methods)
    if cors.allow_headers:
        answer.headers["access-control-allow-headers"] = ",".join(cors.allow_headers)
    if cors.max_age is not None:
        answer.headers["access-control-max-age"] = str(cors.max_age)


def share(cors: Cors, incoming: Incoming, answer: web.Response) -> bool:
    """Put the API's own CORS headers in the place of the function's; tell whether the origin is allowed."""
    for name in [name for name in answer.headers if name.lower().startswith("access-control-")]:
        del answer.headers[name]
    origin = incoming.header("origin")
    scheme = f"{origin.partition('://')[0]}://*"
    if not origin or not {"*", origin, scheme} & set(cors.allow_origins):
        return False
    answer.headers["access-control-allow-origin"] = "*" if "*" in cors.allow_origins else origin
    if cors.allow_credentials:
        answer.headers["access-control-allow-credentials"] = "true"
    if cors.expose_headers:
        answer.headers["access-control-expose-headers"] = ",".join(cors.expose_headers)
    return True
