"""The events of HTTP requests, in each payload.

Shapes: Amazon API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs" and "Lambda proxy
integrations in API Gateway"; AWS Lambda Developer Guide, "Invoking Lambda function URLs"; "Lambda functions as
targets" (Elastic Load Balancing); "Lambda functions as targets in VPC Lattice".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, urlencode
from uuid import uuid4

from kit_testing.events._values import ACCOUNT, EPOCH_MS, LOG_TIME, REGION, SOURCE_IP, text


@dataclass
class _Sent:
    """A request as the client sends it, and the values that AWS adds."""

    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    path_params: dict[str, str] | None
    body: str | None
    in_base64: bool
    authorizer: Mapping[str, Any] | None
    cookies: list[str]
    source_ip: str
    resource: str

    def fields(self) -> dict[str, str]:
        """Return the header fields by lower-case name, as every source but REST APIs passes them on."""
        return {name.lower(): value for name, value in self.headers.items()}

    def all_fields(self) -> dict[str, str]:
        """Return the header fields with the cookies and the client's address, for sources without a key for them."""
        fields = self.fields()
        if self.cookies:
            fields["cookie"] = "; ".join(self.cookies)
        before = f"{fields['x-forwarded-for']}, " if "x-forwarded-for" in fields else ""
        return {**fields, "x-forwarded-for": f"{before}{self.source_ip}"}


def http_event(
    method: str = "GET",
    path: str = "/",
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str | Sequence[str]] | None = None,
    path_params: Mapping[str, str] | None = None,
    body: Any = None,
    authorizer: Mapping[str, Any] | None = None,
    cookies: Iterable[str] = (),
    source_ip: str = SOURCE_IP,
    resource: str | None = None,
    version: str = "2.0",
) -> dict[str, Any]:
    """Return the event of a request. Path, query and parameters are given unencoded.

    version: the payload: "2.0" (HTTP API), "1.0" (REST API), "url" (Function URL), "alb" and "alb-multi" (load
    balancer without and with multi-value headers), "lattice" and "lattice-v1" (VPC Lattice, V2 and V1)
    body: text; bytes, which are sent in base64; anything else becomes JSON with its Content-Type
    authorizer: the context of a Lambda authorizer; the IAM identity for "url" and "lattice"; load balancers and
    "lattice-v1" have none
    cookies: each `name=value`
    resource: the route or resource of API Gateway that matched (`/users/{id}`)

    Example:
        >>> http_event("POST", "/loans", body={"amount": 5})["body"]
        '{"amount": 5}'
    """
    if version not in PAYLOADS:
        known = ", ".join(map(repr, PAYLOADS))
        raise ValueError(f"version is one of {known}, not {version!r}")
    fields = {"Host": "api.example.com", "User-Agent": "test", **(headers or {})}
    if body is not None and not isinstance(body, (str, bytes)):
        fields = {"Content-Type": "application/json", **fields}
    sent = _Sent(
        method=method,
        path=path,
        headers=fields,
        query={name: [each] if isinstance(each, str) else list(each) for name, each in (query or {}).items()},
        path_params=dict(path_params) if path_params else None,
        body=None if body is None else text(body),
        in_base64=isinstance(body, bytes),
        authorizer=authorizer,
        cookies=list(cookies),
        source_ip=source_ip,
        resource=resource or path,
    )
    return _BUILDERS[version](sent)


def _http_api(sent: _Sent) -> dict[str, Any]:
    event = _version_2(sent, f"{sent.method} {sent.resource}", "api.example.com", sent.path)
    if sent.path_params:
        event["pathParameters"] = sent.path_params
    if sent.authorizer is not None:
        event["requestContext"]["authorizer"] = {"lambda": dict(sent.authorizer)}
    return event


def _function_url(sent: _Sent) -> dict[str, Any]:
    event = _version_2(sent, "$default", f"test.lambda-url.{REGION}.on.aws", quote(sent.path))
    event["requestContext"] |= {"apiId": "test", "accountId": "anonymous"}
    if sent.authorizer is not None:
        event["requestContext"] |= {"accountId": ACCOUNT, "authorizer": {"iam": dict(sent.authorizer)}}
    return event


def _version_2(sent: _Sent, route_key: str, domain: str, path: str) -> dict[str, Any]:
    fields = sent.fields()
    made = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": urlencode(sent.query, doseq=True),
        "headers": fields,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "api",
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": sent.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": sent.source_ip,
                "userAgent": fields["user-agent"],
            },
            "requestId": str(uuid4()),
            "routeKey": route_key,
            "stage": "$default",
            "time": LOG_TIME,
            "timeEpoch": EPOCH_MS,
        },
        "isBase64Encoded": sent.in_base64,
    }
    optional = {
        "queryStringParameters": {name: ",".join(each) for name, each in sent.query.items()},
        "body": sent.body,
        "cookies": sent.cookies,
    }
    made.update({name: value for name, value in optional.items() if value})
    return made


def _rest_api(sent: _Sent) -> dict[str, Any]:
    fields = dict(sent.headers)
    if sent.cookies:
        fields["Cookie"] = "; ".join(sent.cookies)
    path = quote(sent.path)
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": "api",
        "domainName": f"api.execute-api.{REGION}.amazonaws.com",
        "domainPrefix": "api",
        "httpMethod": sent.method,
        "identity": {"sourceIp": sent.source_ip, "userAgent": fields["User-Agent"]},
        "path": f"/test{path}",
        "protocol": "HTTP/1.1",
        "requestId": str(uuid4()),
        "requestTime": LOG_TIME,
        "requestTimeEpoch": EPOCH_MS,
        "resourcePath": sent.resource,
        "stage": "test",
    }
    if sent.authorizer is not None:
        context["authorizer"] = {"principalId": "test", **sent.authorizer}
    params = sent.path_params
    return {
        "resource": sent.resource,
        "path": path,
        "httpMethod": sent.method,
        "headers": fields,
        "multiValueHeaders": {name: [value] for name, value in fields.items()},
        "queryStringParameters": {name: each[-1] for name, each in sent.query.items()} or None,
        "multiValueQueryStringParameters": sent.query or None,
        "pathParameters": {name: _quoted(name, value, sent) for name, value in params.items()} if params else None,
        "stageVariables": None,
        "requestContext": context,
        "body": sent.body,
        "isBase64Encoded": sent.in_base64,
    }


def _quoted(name: str, value: str, sent: _Sent) -> str:
    """Return a path parameter as REST APIs pass it on: encoded, but for the slashes of a greedy `{name+}`."""
    return quote(value, safe="/" if f"{{{name}+}}" in sent.resource else "")


def _load_balancer(sent: _Sent) -> dict[str, Any]:
    query = {quote_plus(name): quote_plus(each[-1]) for name, each in sent.query.items()}
    return _of_load_balancer(sent, {"queryStringParameters": query, "headers": sent.all_fields()})


def _load_balancer_multi(sent: _Sent) -> dict[str, Any]:
    query = {quote_plus(name): [quote_plus(value) for value in each] for name, each in sent.query.items()}
    fields = {name: [value] for name, value in sent.all_fields().items()}
    return _of_load_balancer(sent, {"multiValueQueryStringParameters": query, "multiValueHeaders": fields})


def _of_load_balancer(sent: _Sent, parts: dict[str, Any]) -> dict[str, Any]:
    group = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/test/49e9d65c45c6791a"
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": sent.method,
        "path": quote(sent.path),
        **parts,
        "body": sent.body or "",
        "isBase64Encoded": sent.in_base64,
    }


def _lattice(sent: _Sent) -> dict[str, Any]:
    arn = f"arn:aws:vpc-lattice:{REGION}:{ACCOUNT}"
    identity: dict[str, Any] = {"sourceVpcArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-0b8276c84697e7339"}
    if sent.authorizer is not None:
        principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/test/session"
        identity |= {"type": "AWS_IAM", "principal": principal, **sent.authorizer}
    made = {
        "version": "2.0",
        "path": quote(sent.path),
        "method": sent.method,
        "headers": {name: [value] for name, value in sent.all_fields().items()},
        "queryStringParameters": sent.query,
        "body": sent.body,
        "isBase64Encoded": sent.in_base64,
        "requestContext": {
            "serviceNetworkArn": f"{arn}:servicenetwork/sn-0bf3f2882e9cc805a",
            "serviceArn": f"{arn}:service/svc-0a40eebed65f8d69c",
            "targetGroupArn": f"{arn}:targetgroup/tg-6d0ecf831eec9f09",
            "identity": identity,
            "region": REGION,
            "timeEpoch": str(EPOCH_MS * 1000),
        },
    }
    return {name: value for name, value in made.items() if value or name not in ("body", "queryStringParameters")}


def _lattice_v1(sent: _Sent) -> dict[str, Any]:
    return {
        "raw_path": quote(sent.path),
        "method": sent.method,
        "headers": sent.all_fields(),
        "query_string_parameters": {name: each[-1] for name, each in sent.query.items()},
        "body": sent.body,
        "is_base64_encoded": sent.in_base64,
    }


_BUILDERS: dict[str, Callable[[_Sent], dict[str, Any]]] = {
    "2.0": _http_api,
    "1.0": _rest_api,
    "url": _function_url,
    "alb": _load_balancer,
    "alb-multi": _load_balancer_multi,
    "lattice": _lattice,
    "lattice-v1": _lattice_v1,
}
PAYLOADS = tuple(_BUILDERS)
"""The values of `version`."""
