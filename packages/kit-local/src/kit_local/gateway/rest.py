"""REST APIs, and HTTP APIs that ask for it: events and answers of payload format 1.0.

After "Input format of a Lambda function for proxy integration" and "Output format of a Lambda function …".
"""

from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from aiohttp import web

from kit_local.gateway import http
from kit_local.gateway.incoming import GatewayError, Incoming, all_values, last_values
from kit_local.stack import Api, Cors, Route

ANSWERS: dict[str, tuple[int, dict[str, str | None]]] = {
    "missing": (403, {"message": "Missing Authentication Token"}),
    "malformed": (400, {"message": "Bad Request"}),
    "unauthorized": (401, {"message": "Unauthorized"}),
    "forbidden": (403, {"Message": "User is not authorized to access this resource"}),
    "denied": (403, {"Message": "User is not authorized to access this resource with an explicit deny"}),
    "authorizer": (500, {"message": None}),
    "failed": (502, {"message": "Internal server error"}),
    "throttled": (500, {"message": "Internal server error"}),
    "timeout": (504, {"message": "Endpoint request timed out"}),
    "too_large": (413, {"message": "Request Too Long"}),
    "event_too_large": (413, {"message": "Request Too Long"}),
}
TIMEOUT = 29.0  # seconds that an integration may take
_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
_COGNITO = [
    f"cognito{part}" for part in ("AuthenticationProvider", "AuthenticationType", "IdentityId", "IdentityPoolId")
]
_NOBODY: dict[str, str | None] = dict.fromkeys(
    ["accessKey", "accountId", "caller", *_COGNITO, "principalOrgId", "user", "userArn"]
)


def event(api: Api, account: str, incoming: Incoming, route: Route, parameters: dict[str, str]) -> dict[str, Any]:
    """Make the event of payload format 1.0."""
    of_http = api.kind == "http"
    host = incoming.header("host")
    if of_http:
        body, encoded = incoming.text_or_base64() if incoming.body else (None, False)
    else:
        body, encoded = incoming.body.decode(errors="replace") or None, False
    return {
        **({"version": "1.0"} if of_http else {}),
        "resource": route.path,
        "path": unquote(incoming.path) if of_http else incoming.inner,
        "httpMethod": incoming.method,
        "headers": last_values(incoming.headers),
        "multiValueHeaders": all_values(incoming.headers),
        "queryStringParameters": last_values(incoming.query),
        "multiValueQueryStringParameters": all_values(incoming.query),
        "requestContext": {
            "accountId": account,
            "apiId": api.api_id,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "extendedRequestId": incoming.request_id,
            "httpMethod": incoming.method,
            "identity": {
                **_NOBODY,
                "sourceIp": incoming.source_ip,
                "userAgent": incoming.header("user-agent"),
            },
            "path": incoming.path,
            "protocol": incoming.protocol,
            "requestId": str(uuid4()),
            "requestTime": incoming.clock,
            "requestTimeEpoch": incoming.epoch,
            "resourceId": f"{incoming.method} {route.path}",
            "resourcePath": route.path,
            "stage": api.stage,
        },
        "pathParameters": parameters or None,
        "stageVariables": dict(api.stage_variables) or None,
        "body": body,
        "isBase64Encoded": encoded,
    }


def response(value: Any, *, strict: bool = True) -> web.Response:
    """Make the HTTP response; GatewayError("failed") for anything else than a proxy response.

    `strict` is the REST API's way: a key that it doesn't know makes the whole answer malformed.
    """
    if not isinstance(value, dict) or "statusCode" not in value or (strict and not value.keys() <= _KEYS):
        raise GatewayError("failed")
    single, multiple = http.mapping(value, "headers"), http.mapping(value, "multiValueHeaders")
    if not all(isinstance(items, list) for items in multiple.values()):
        raise GatewayError("failed")
    repeated = {name.lower() for name in multiple}
    headers = [(name, item) for name, item in single.items() if name.lower() not in repeated]
    headers += [(name, item) for name, items in multiple.items() for item in items]
    return http.build(value, headers, "application/json" if strict else "text/plain; charset=utf-8")


def preflight(cors: Cors, incoming: Incoming) -> web.Response | None:
    """Return the answer of the mock integration that stands behind `OPTIONS`, None for other methods."""
    if incoming.method != "OPTIONS":
        return None
    answer = web.Response()
    answer.headers["access-control-allow-origin"] = ",".join(cors.allow_origins)
    http.allow(cors, answer)
    if cors.allow_credentials:
        answer.headers["access-control-allow-credentials"] = "true"
    return answer
