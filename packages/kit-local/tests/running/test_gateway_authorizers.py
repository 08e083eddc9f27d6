"""Lambda authorizers: what they are asked, what their answers mean, how long they count."""

from typing import Any

import aiohttp
import pytest
from kit_local.gateway.policies import allows
from kit_local.stack import Authorizer, Route

pytestmark = pytest.mark.anyio

# The token says what the authorizer is to answer; every call is counted.
APP = """
import json, pathlib

def authorize(event, context):
    pathlib.Path("asked").open("a").write(json.dumps(event) + "\\n")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    token = event.get("authorizationToken") or headers.get("authorization", "")
    return eval(token, {"event": event, "allow": allow, "policy": policy})

def allow(context=None, effect="Allow", resource="*", **more):
    return {"principalId": "me", "policyDocument": policy(effect, resource), "context": context, **more}

def policy(effect, resource, **more):
    return {"Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource, **more}]}

def echo(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"])}
"""
SIMPLE = Authorizer("a", "authorize", "REQUEST", ("$request.header.Authorization",), "2.0", True)
POLICY = Authorizer("a", "authorize", "REQUEST", ("$request.header.Authorization",), "1.0")
TOKEN = Authorizer("a", "authorize", "TOKEN")


@pytest.fixture
async def serve(lab: Any) -> Any:
    lab.write(APP)
    functions = lab.functions("authorize", "echo", timeout=10.0)

    async def start(authorizer: Authorizer, kind: str = "http", **options: Any) -> str:
        routes = [Route("echo", "GET", path, authorizer="a", **options) for path in ("/a", "/b/{id}")]
        stage = "$default" if kind == "http" else "prod"
        return str(await lab.serve(functions, *routes, kind=kind, stage=stage, authorizers={"a": authorizer}))

    return start


def asked(lab: Any) -> list[dict[str, Any]]:
    import json

    file = lab.folder / "asked"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


async def get(http: aiohttp.ClientSession, url: str, token: str | None = None) -> tuple[int, Any]:
    async with http.get(url, headers={"Authorization": token} if token is not None else {}) as response:
        return response.status, await response.json(content_type=None)


async def test_a_simple_answer_lets_in_with_its_context(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve(SIMPLE)
    token = "{'isAuthorized': True, 'context': {'who': 'me', 'roles': ['A']}}"
    assert await get(http, f"{url}/b/7?x=1", token) == (200, {"lambda": {"who": "me", "roles": ["A"]}})
    [event] = asked(lab)
    assert (event["version"], event["type"], event["identitySource"]) == ("2.0", "REQUEST", [token])
    assert event["routeArn"] == "arn:aws:execute-api:us-east-1:123456789012:api123/$default/GET/b/7"
    assert (event["routeKey"], event["pathParameters"]) == ("GET /b/{id}", {"id": "7"})
    assert event["queryStringParameters"] == {"x": "1"}
    assert event["requestContext"]["http"]["method"] == "GET"
    assert not {"body", "isBase64Encoded"} & event.keys()


@pytest.mark.parametrize(
    ("token", "status", "message"),
    [
        (None, 401, "Unauthorized"),
        ("", 401, "Unauthorized"),
        ("{'isAuthorized': False}", 403, "Forbidden"),
        ("{'isAuthorized': 'yes'}", 500, "Internal Server Error"),
        ("None", 500, "Internal Server Error"),
        ("1/0", 500, "Internal Server Error"),
        ("(_ for _ in ()).throw(Exception('Unauthorized'))", 401, "Unauthorized"),
        ("{'isAuthorized': True, 'context': 'text'}", 500, "Internal Server Error"),
    ],
)
async def test_nobody_else_is_let_in(
    lab: Any, serve: Any, http: aiohttp.ClientSession, token: str | None, status: int, message: str
) -> None:
    assert await get(http, f"{await serve(SIMPLE)}/a?secret=1", token) == (status, {"message": message})
    [line] = [line for line in lab.shown.splitlines() if "GET /a  " in line]
    reasons = {401: "unauthorized", 403: "denied", 500: "no answer of the authorizer's"}
    assert line.endswith(f"GET /a  {status} {reasons[status]}")


async def test_without_its_identity_the_authorizer_is_not_even_asked(
    lab: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    await get(http, f"{await serve(SIMPLE)}/a")
    assert asked(lab) == []


async def test_a_policy_of_payload_1(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve(POLICY)
    status, authorizer = await get(http, f"{url}/a", "allow({'n': 1, 'flag': True})")
    assert (status, authorizer) == (200, {"lambda": {"n": 1, "flag": True}})
    [event] = asked(lab)
    assert (event["version"], event["type"]) == ("1.0", "REQUEST")
    assert event["methodArn"].endswith(":api123/$default/GET/a")
    assert event["identitySource"] == event["authorizationToken"] == "allow({'n': 1, 'flag': True})"
    assert (event["resource"], event["httpMethod"]) == ("/a", "GET")


async def test_the_functions_payload_is_its_own_affair(serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve(SIMPLE, payload="1.0")
    token = "{'isAuthorized': True, 'context': {'n': 1}}"
    assert await get(http, f"{url}/a", token) == (200, {"n": "1", "integrationLatency": 0})


@pytest.mark.parametrize(
    ("token", "status", "answer"),
    [
        ("allow(effect='Deny')", 403, "User is not authorized to access this resource with an explicit deny"),
        ("allow(resource='arn:other')", 403, "User is not authorized to access this resource"),
        ("allow(principalId=None)", 500, None),
        ("{'principalId': 'me'}", 500, None),
        ("allow(policyDocument={'Statement': ['?']})", 500, None),
        ("allow({'nested': {}})", 500, None),
    ],
)
async def test_a_rest_api_says_why(
    serve: Any, http: aiohttp.ClientSession, token: str, status: int, answer: str | None
) -> None:
    url = await serve(TOKEN, "rest")
    key = "Message" if status == 403 else "message"
    assert await get(http, f"{url}/a", token) == (status, {key: answer})


async def test_a_token_authorizer_sees_the_token_alone(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve(TOKEN, "rest")
    token = "allow({'n': 1.5, 'flag': True, 'none': None})"
    expected = {"principalId": "me", "n": "1.5", "flag": "true", "integrationLatency": 0}
    assert await get(http, f"{url}/b/x%20y", token) == (200, expected)
    arn = "arn:aws:execute-api:us-east-1:123456789012:api123/prod/GET/b/x%20y"
    assert asked(lab) == [{"type": "TOKEN", "methodArn": arn, "authorizationToken": token}]


async def test_a_request_authorizer_of_a_rest_api(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    sources = ("method.request.querystring.key", "method.request.header.authorization", "context.httpMethod")
    url = await serve(Authorizer("a", "authorize", "REQUEST", sources), "rest")
    assert (await get(http, f"{url}/a", "allow()"))[0] == 401
    assert (await get(http, f"{url}/a?key=1", "allow()"))[0] == 200
    [event] = asked(lab)
    assert (event["type"], event["multiValueQueryStringParameters"]) == ("REQUEST", {"key": ["1"]})
    assert "identitySource" not in event


async def test_an_answer_counts_for_its_time(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    from dataclasses import replace

    url = await serve(replace(SIMPLE, ttl=300))
    for path in ("/a", "/a", "/b/1"):
        assert (await get(http, url + path, "{'isAuthorized': True}"))[0] == 200
    for _ in range(2):
        assert (await get(http, f"{url}/a", "{'isAuthorized': False}"))[0] == 403
    assert len(asked(lab)) == 2


async def test_a_kept_policy_is_evaluated_for_each_method(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    from dataclasses import replace

    url = await serve(replace(POLICY, ttl=300))
    token = "allow(resource='arn:aws:execute-api:*:*:api123/*/GET/a')"
    assert (await get(http, f"{url}/a", token))[0] == 200
    assert (await get(http, f"{url}/b/1", token))[0] == 403
    assert len(asked(lab)) == 1


async def test_without_a_ttl_every_request_asks(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve(SIMPLE)
    for _ in range(2):
        await get(http, f"{url}/a", "{'isAuthorized': True}")
    assert len(asked(lab)) == 2


ARN = "arn:aws:execute-api:us-east-1:123456789012:abc/live/GET/loans/1"


def statement(effect: str = "Allow", action: Any = "execute-api:Invoke", resource: Any = "*", **more: Any) -> Any:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], None),
        (statement(), True),
        ([statement(resource=ARN)], True),
        ([statement(resource="arn:aws:execute-api:*:*:abc/live/GET/loans/?")], True),
        ([statement(resource="arn:aws:execute-api:*:*:abc/live/POST/*")], None),
        ([statement(resource=["arn:x", "*/loans/*"])], True),
        ([statement(action="execute-api:*")], True),
        ([statement(action=["s3:*", "EXECUTE-API:INVOKE"])], True),
        ([statement(action="execute-api:ManageConnections")], None),
        ([statement(), statement("Deny", resource="*/loans/*")], False),
        ([statement("Deny", resource="*/other/*"), statement()], True),
        ([statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], None),
        ([statement("Deny", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), statement()], False),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], None),
    ],
)
def test_policies(statements: Any, expected: bool | None) -> None:
    assert allows({"Version": "2012-10-17", "Statement": statements}, ARN) is expected
