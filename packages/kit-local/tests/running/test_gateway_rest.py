"""REST APIs, and HTTP APIs with payload 1.0."""

from typing import Any

import aiohttp
import pytest
from kit_local.stack import Cors, Route

pytestmark = pytest.mark.anyio


async def test_the_event_is_api_gateways(lab: Any, http: aiohttp.ClientSession) -> None:
    functions = lab.functions("echo")
    url = await lab.serve(functions, Route("echo", "ANY", "/loans/{proxy+}"), kind="rest", stage="prod")
    headers = [("X-Twice", "a"), ("X-Twice", "b"), ("Content-Type", "text/plain"), ("User-Agent", "probe")]
    async with http.put(f"{url}/loans/1/a%20b?q=1&q=2", headers=headers, data="ü") as response:
        event = await response.json()
    context = event.pop("requestContext")
    single, multiple = event.pop("headers"), event.pop("multiValueHeaders")
    assert event == {
        "resource": "/loans/{proxy+}",
        "path": "/loans/1/a%20b",
        "httpMethod": "PUT",
        "queryStringParameters": {"q": "2"},
        "multiValueQueryStringParameters": {"q": ["1", "2"]},
        "pathParameters": {"proxy": "1/a b"},
        "stageVariables": None,
        "body": "ü",
        "isBase64Encoded": False,
    }
    assert (single["X-Twice"], multiple["X-Twice"]) == ("b", ["a", "b"])
    assert context["path"] == "/prod/loans/1/a%20b"
    assert (context["resourcePath"], context["httpMethod"], context["stage"]) == ("/loans/{proxy+}", "PUT", "prod")
    assert (context["apiId"], context["accountId"]) == ("api123", "123456789012")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "probe"
    assert context["identity"]["cognitoIdentityId"] is None


async def test_what_is_not_there_is_null(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "GET", "/"), kind="rest", stage="prod")
    async with http.get(url) as response:
        event = await response.json()
    empty = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body")
    assert all(event[name] is None for name in empty)


@pytest.mark.parametrize(
    "returned",
    [
        "None",
        "'text'",
        "{'hello': 'you'}",
        "{'statusCode': 200, 'cookies': []}",
        "{'statusCode': 200, 'body': {}}",
        "{'statusCode': 200, 'headers': ['x']}",
        "{'statusCode': 200, 'multiValueHeaders': {'a': 1}}",
        "{'body': ''}",
    ],
)
async def test_a_malformed_answer_is_a_bad_gateway(lab: Any, http: aiohttp.ClientSession, returned: str) -> None:
    url = await lab.serve(lab.functions("answer"), Route("answer", "POST", "/"), kind="rest", stage="prod")
    async with http.post(url, data=returned) as response:
        assert (response.status, await response.json()) == (502, {"message": "Internal server error"})


async def test_headers_may_have_many_values(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("answer"), Route("answer", "POST", "/"), kind="rest", stage="prod")
    returned = """{"statusCode": 200, "headers": {"X-One": "1", "Set-Cookie": "lost"},
                   "multiValueHeaders": {"set-cookie": ["a=1", "b=2"]}, "body": "{}"}"""
    async with http.post(url, data=returned) as response:
        assert response.headers.getall("set-cookie") == ["a=1", "b=2"]
        assert response.headers["x-one"] == "1"
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("handler", "options", "status", "message"),
    [
        ("fail", {}, 502, "Internal server error"),
        ("leave", {}, 502, "Internal server error"),
        ("pid", {"reserved_concurrency": 0}, 500, "Internal server error"),
    ],
)
async def test_a_failing_function_is_answered_for(
    lab: Any, http: aiohttp.ClientSession, handler: str, options: dict[str, Any], status: int, message: str
) -> None:
    url = await lab.serve(lab.functions(handler, **options), Route(handler, "GET", "/"), kind="rest", stage="prod")
    async with http.get(url) as response:
        assert (response.status, await response.json()) == (status, {"message": message})


async def test_a_function_that_is_too_slow_is_a_gateway_timeout(
    lab: Any, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit_local.gateway.rest.TIMEOUT", 0.2)
    functions = lab.functions("sleep", timeout=60.0)
    url = await lab.serve(functions, Route("sleep", "GET", "/"), kind="rest", stage="prod")
    async with http.get(url) as response:
        assert (response.status, await response.json()) == (504, {"message": "Endpoint request timed out"})


async def test_no_resource_is_a_missing_token(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "GET", "/loans"), kind="rest", stage="prod")
    for address in (f"{url}/nowhere", url.removesuffix("/prod")):
        async with http.get(address) as response:
            assert (response.status, await response.json()) == (403, {"message": "Missing Authentication Token"})


async def test_cors_is_a_mock_behind_options(lab: Any, http: aiohttp.ClientSession) -> None:
    cors = Cors(allow_origins=("*",), allow_methods=("GET", "OPTIONS"), allow_headers=("x-token",))
    url = await lab.serve(lab.functions("answer"), Route("answer", "POST", "/"), kind="rest", stage="prod", cors=cors)
    async with http.options(f"{url}/") as response:
        assert response.status == 200
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["access-control-allow-methods"] == "GET,OPTIONS"
    returned = "{'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'https://mine.example'}}"
    async with http.post(url, data=returned, headers={"Origin": "https://a.example"}) as response:
        assert response.headers["access-control-allow-origin"] == "https://mine.example"


async def test_an_http_api_speaks_payload_1_where_the_route_says_so(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "POST", "/a", payload="1.0"), stage="live")
    async with http.post(f"{url}/a", data=b"x=1", headers={"Content-Type": "application/octet-stream"}) as response:
        event = await response.json(content_type=None)
    assert (event["version"], event["path"], event["resource"]) == ("1.0", "/live/a", "/a")
    assert (event["body"], event["isBase64Encoded"]) == ("eD0x", True)


async def test_an_http_api_takes_only_proxy_answers_of_payload_1(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("answer"), Route("answer", "POST", "/", payload="1.0"))
    headers = {"Content-Type": "text/plain"}
    async with http.post(url, data="{'hello': 'you'}", headers=headers) as response:
        assert (response.status, await response.json()) == (500, {"message": "Internal Server Error"})
    async with http.post(url, data="{'statusCode': 200, 'more': 1}", headers=headers) as response:
        assert response.status == 200
