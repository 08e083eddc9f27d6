"""HTTP APIs: events and answers of payload 2.0, routes, errors, CORS."""

import asyncio
import base64
import io
from typing import Any

import aiohttp
import pytest
from kit_local.gateway.routes import Routes
from kit_local.stack import Cors, Route

pytestmark = pytest.mark.anyio


def matched(paths: list[tuple[str, str]], method: str, path: str) -> tuple[str, dict[str, str]] | None:
    found = Routes(Route("f", one, other) for one, other in paths).match(method, path)
    return found and (f"{found[0].method} {found[0].path}".strip(), found[1])


async def test_the_event_is_api_gateways(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "POST", "/loans/{id}"), stage_variables={"tier": "one"})
    headers = [("X-Twice", "a"), ("X-Twice", "b"), ("Cookie", "s=1; t=2"), ("User-Agent", "probe")]
    query = "q=a%20b&q=c&empty="
    async with http.post(f"{url}/loans/a%20b?{query}", headers=headers, json={"n": 1}) as response:
        event = await response.json(content_type=None)
        request_id = response.headers["apigw-requestid"]
    context = event.pop("requestContext")
    sent = event.pop("headers")
    assert event == {
        "version": "2.0",
        "routeKey": "POST /loans/{id}",
        "rawPath": "/loans/a b",
        "rawQueryString": query,
        "cookies": ["s=1", "t=2"],
        "queryStringParameters": {"q": "a b,c", "empty": ""},
        "pathParameters": {"id": "a b"},
        "stageVariables": {"tier": "one"},
        "body": '{"n": 1}',
        "isBase64Encoded": False,
    }
    assert sent["x-twice"] == "a,b"
    assert sent["content-type"] == "application/json"
    assert sent["content-length"] == "8"
    assert sent["x-forwarded-for"] == "127.0.0.1"
    assert sent["x-forwarded-proto"] == "http"
    assert sent["x-amzn-trace-id"].startswith("Root=1-")
    assert all(name == name.lower() for name in sent)
    assert "cookie" not in sent
    assert "connection" not in sent
    assert isinstance(context.pop("timeEpoch"), int)
    assert context.pop("time").endswith(" +0000")
    host = url.removeprefix("http://")
    assert context == {
        "accountId": "123456789012",
        "apiId": "api123",
        "domainName": host,
        "domainPrefix": "127",
        "http": {
            "method": "POST",
            "path": "/loans/a b",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "probe",
        },
        "requestId": request_id,
        "routeKey": "POST /loans/{id}",
        "stage": "$default",
    }


async def test_what_is_not_there_is_left_out(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", path="$default"))
    async with http.get(url) as response:
        event = await response.json(content_type=None)
    assert event["routeKey"] == "$default"
    assert (event["rawPath"], event["rawQueryString"], event["isBase64Encoded"]) == ("/", "", False)
    absent = {"cookies", "queryStringParameters", "pathParameters", "stageVariables", "body"}
    assert not absent & event.keys()


@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [
        ("application/json; charset=utf-8", False),
        ("text/csv", False),
        ("application/xml", False),
        ("application/x-www-form-urlencoded", True),
        ("application/octet-stream", True),
        ("application/vnd.api+json", True),
    ],
)
async def test_the_content_type_decides_about_base64(
    lab: Any, http: aiohttp.ClientSession, content_type: str, encoded: bool
) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "POST", "/"))
    async with http.post(url, data="a=ü".encode(), headers={"Content-Type": content_type}) as response:
        event = await response.json(content_type=None)
    assert event["isBase64Encoded"] is encoded
    assert (base64.b64decode(event["body"]).decode() if encoded else event["body"]) == "a=ü"


async def test_a_compressed_body_stays_so(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "POST", "/"))
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/octet-stream"}
    async with http.post(url, data=b"\x1f\x8bnot really", headers=headers) as response:
        assert base64.b64decode((await response.json(content_type=None))["body"]) == b"\x1f\x8bnot really"


async def test_a_named_stage_is_in_the_path(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "GET", "/loans"), stage="live")
    async with http.get(f"{url}/loans") as response:
        event = await response.json(content_type=None)
    assert (event["rawPath"], event["routeKey"]) == ("/live/loans", "GET /loans")
    async with http.get(f"{url.removesuffix('/live')}/loans") as response:
        assert response.status == 404


def test_the_most_specific_route_wins() -> None:
    paths = [
        ("ANY", "/{proxy+}"),
        ("GET", "/pets/{id}"),
        ("ANY", "/pets/{id}"),
        ("GET", "/pets/dog"),
        ("GET", "/pets/{id}/toys/{rest+}"),
        ("", "$default"),
    ]
    assert matched(paths, "GET", "/pets/dog") == ("GET /pets/dog", {})
    assert matched(paths, "GET", "/pets/7") == ("GET /pets/{id}", {"id": "7"})
    assert matched(paths, "PUT", "/pets/7") == ("ANY /pets/{id}", {"id": "7"})
    assert matched(paths, "GET", "/pets/7/toys/a/b%2Fc") == (
        "GET /pets/{id}/toys/{rest+}",
        {"id": "7", "rest": "a/b/c"},
    )
    assert matched(paths, "GET", "/pets/7/toys") == ("ANY /{proxy+}", {"proxy": "pets/7/toys"})
    assert matched(paths, "GET", "/") == ("$default", {})
    assert matched(paths[1:4], "GET", "/pets/") is None
    assert matched(paths[1:4], "DELETE", "/pets") is None


@pytest.mark.parametrize(
    ("returned", "status", "content_type", "body"),
    [
        ("{'hello': 'ü'}", 200, "application/json", '{"hello": "\\u00fc"}'),
        ("'plain'", 200, "application/json", "plain"),
        ("None", 200, "application/json", "null"),
        ("{'statusCode': 201, 'body': 'made'}", 201, "text/plain; charset=utf-8", "made"),
        ("{'statusCode': '204'}", 204, None, ""),
        ("{'statusCode': 200, 'headers': {'content-type': 'text/html'}, 'body': '<p>'}", 200, "text/html", "<p>"),
        ("{'statusCode': 200, 'body': 'aGk=', 'isBase64Encoded': True}", 200, "text/plain; charset=utf-8", "hi"),
        ("{'statusCode': 200, 'body': {'no': 'text'}}", 500, "application/json", None),
        ("{'statusCode': 'soon', 'body': ''}", 500, "application/json", None),
        ("{'statusCode': 200, 'body': 'a', 'isBase64Encoded': True}", 500, "application/json", None),
        (r"{'statusCode': 200, 'headers': {'x': 'a\r\nset-cookie: b'}}", 500, "application/json", None),
        ("{'statusCode': 200, 'headers': {'a name': 'x'}}", 500, "application/json", None),
        ("{'statusCode': 200, 'headers': ['x']}", 500, "application/json", None),
        ("{'statusCode': 7}", 500, "application/json", None),
    ],
)
async def test_what_a_function_returns_becomes_a_response(
    lab: Any, http: aiohttp.ClientSession, returned: str, status: int, content_type: str | None, body: str | None
) -> None:
    url = await lab.serve(lab.functions("answer"), Route("answer", "POST", "/"))
    async with http.post(url, data=returned, headers={"Content-Type": "text/plain"}) as response:
        assert response.status == status
        if content_type:
            assert response.headers["content-type"].startswith(content_type)
        assert await response.text() == ('{"message": "Internal Server Error"}' if body is None else body)


async def test_cookies_and_headers_are_sent(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("answer"), Route("answer", "POST", "/"))
    returned = """{"statusCode": 200, "cookies": ["a=1; HttpOnly", "b=2"],
                   "headers": {"X-Number": 3, "X-Flag": True, "Content-Length": "999"}, "body": "ok"}"""
    async with http.post(url, data=returned, headers={"Content-Type": "text/plain"}) as response:
        assert response.headers.getall("set-cookie") == ["a=1; HttpOnly", "b=2"]
        assert (response.headers["x-number"], response.headers["x-flag"]) == ("3", "true")
        assert await response.text() == "ok"


@pytest.mark.parametrize(
    ("handler", "options", "status", "message"),
    [
        ("fail", {}, 500, "Internal Server Error"),
        ("leave", {}, 500, "Internal Server Error"),
        ("sleep", {"timeout": 0.2}, 500, "Internal Server Error"),
        ("pid", {"reserved_concurrency": 0}, 503, "Service Unavailable"),
    ],
)
async def test_a_failing_function_is_answered_for(
    lab: Any, http: aiohttp.ClientSession, handler: str, options: dict[str, Any], status: int, message: str
) -> None:
    url = await lab.serve(lab.functions(handler, **options), Route(handler, "GET", "/"))
    async with http.get(url) as response:
        assert (response.status, await response.json()) == (status, {"message": message})


@pytest.mark.parametrize("timeout", [None, 0.2])
async def test_a_function_that_is_too_slow_for_its_caller_runs_on(
    lab: Any, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, timeout: float | None
) -> None:
    if timeout is None:
        monkeypatch.setattr("kit_local.gateway.http.TIMEOUT", 0.2)
    lab.write("""
        import pathlib, time
        def work(event, context):
            while not pathlib.Path("go").exists():
                time.sleep(0.01)
            print("done at last")
    """)
    url = await lab.serve(lab.functions("work", timeout=60.0), Route("work", "GET", "/", timeout=timeout))
    async with http.get(url) as response:
        assert (response.status, await response.json()) == (503, {"message": "Service Unavailable"})
    (lab.folder / "go").touch()
    async with asyncio.timeout(30):
        while "done at last" not in lab.shown:
            await asyncio.sleep(0.01)


async def test_no_route_is_not_found(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "GET", "/loans"))
    for method, path in (("GET", "/"), ("POST", "/loans"), ("GET", "/loans/"), ("GET", "/loans/1")):
        async with http.request(method, url + path) as response:
            assert (response.status, await response.json()) == (404, {"message": "Not Found"})
        assert f"  {method} {path}  404 no route\n" in lab.shown


@pytest.mark.parametrize(
    ("answer", "status", "shown"),
    [
        ("{'statusCode': 302}", 302, "302"),
        ("{'statusCode': 404}", 404, "404"),
        ("{'statusCode': 500}", 500, "500"),
        ("{'statusCode': 999}", 500, "500 not an HTTP response"),
        ("'text'", 200, "200"),
    ],
)
async def test_the_terminal_shows_the_status(
    lab: Any, http: aiohttp.ClientSession, answer: str, status: int, shown: str
) -> None:
    url = await lab.serve(lab.functions("answer"), Route("answer", "POST", "/"))
    headers = {"Content-Type": "text/plain"}
    async with http.post(url, data=answer, headers=headers, allow_redirects=False) as response:
        assert response.status == status
    assert lab.shown.splitlines()[0].rpartition("  ")[2] == shown


async def test_too_large_a_body_is_refused(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "POST", "/"))
    for size in (7 * 1024 * 1024, 11 * 1024 * 1024):  # over what a function takes, and over what API Gateway takes
        async with http.post(url, data=io.BytesIO(b"x" * size), headers={"Content-Type": "text/plain"}) as response:
            assert (response.status, await response.json()) == (413, {"message": "Request Entity Too Large"})
    assert lab.shown.count("  POST /  413 too large\n") == 1
    assert lab.shown.count("RequestTooLargeException") == 1


async def test_a_body_that_waits_for_a_go_ahead_is_read(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "POST", "/"))
    async with http.post(url, json=[1], expect100=True) as response:
        assert (await response.json(content_type=None))["body"] == "[1]"


async def test_a_client_that_leaves_halfway_is_no_error(
    lab: Any, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "POST", "/"))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    async with http.post(url) as response:
        assert response.status == 200
    assert caplog.records == []


async def test_cors_is_the_apis_affair(lab: Any, http: aiohttp.ClientSession) -> None:
    cors = Cors(("https://a.example",), ("GET", "PUT"), ("x-token",), ("x-count",), True, 600)
    url = await lab.serve(lab.functions("answer"), Route("answer", "GET", "/"), cors=cors)
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    async with http.options(url, headers=asked) as response:
        assert response.status == 204
        assert {name.lower(): value for name, value in response.headers.items() if name.lower().startswith("acc")} == {
            "access-control-allow-origin": "https://a.example",
            "access-control-allow-methods": "GET,PUT",
            "access-control-allow-headers": "x-token",
            "access-control-allow-credentials": "true",
            "access-control-expose-headers": "x-count",
            "access-control-max-age": "600",
        }
    for header, value in (("Origin", "https://b.example"), ("Access-Control-Request-Method", "DELETE")):
        async with http.options(url, headers=asked | {header: value}) as response:
            assert response.status == 204
            assert "access-control-allow-origin" not in response.headers
    async with http.get(url, headers={"Origin": "https://a.example"}) as response:
        assert response.headers["access-control-allow-origin"] == "https://a.example"
        assert "access-control-allow-methods" not in response.headers
    async with http.get(f"{url}/nowhere", headers={"Origin": "https://a.example"}) as response:
        assert response.headers["access-control-allow-origin"] == "https://a.example"


async def test_a_functions_own_cors_headers_are_replaced(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("answer"), Route("answer", "POST", "/"), cors=Cors(("*",), ("*",)))
    returned = "{'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'https://mine.example'}}"
    headers = {"Content-Type": "text/plain", "Origin": "https://a.example"}
    async with http.post(url, data=returned, headers=headers) as response:
        assert response.headers.getall("access-control-allow-origin") == ["*"]


async def test_an_odd_host_header_does_no_harm(lab: Any, http: aiohttp.ClientSession) -> None:
    url = await lab.serve(lab.functions("echo"), Route("echo", "GET", "/"))
    async with http.get(url, headers={"Host": "a b:c:d"}) as response:
        event = await response.json(content_type=None)
    assert event["requestContext"]["domainName"] == "a b:c:d"
    assert event["headers"]["x-forwarded-port"] == url.rpartition(":")[2]
