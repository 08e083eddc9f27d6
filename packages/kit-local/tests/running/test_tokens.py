"""Tokens of clients: no log and no line in the terminal holds one."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import WSServerHandshakeError, web_protocol
from aiohttp.http_parser import HttpRequestParserPy
from kit_local.stack import Authorizer, Route

pytestmark = pytest.mark.anyio

TOKEN = "opaque-5f2c9e"
APP = """
def connect(event, context):
    query = event.get("queryStringParameters") or {}
    headers = {"Sec-WebSocket-Protocol": query["choose"]} if "choose" in query else {}
    return {"statusCode": 200, "headers": headers}

def authorize(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}}
"""
HANDSHAKE = (
    "GET /live HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
)
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.fixture
def written(lab: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Return all that has been written; at the end, no token may be in it."""
    caplog.set_level(logging.DEBUG)

    def everything() -> str:
        out, err = capfd.readouterr()
        return "\n".join((lab.shown, caplog.text, out, err))

    yield everything
    assert TOKEN not in everything()


@pytest.fixture
async def socket_url(lab: Any) -> str:
    lab.write(APP)
    functions = lab.functions("connect", "authorize", timeout=20.0)
    return str(await lab.serve(functions, Route("connect", key="$connect"), kind="websocket", stage="live"))


@pytest.fixture
async def http_url(lab: Any) -> str:
    return str(await lab.serve(lab.functions("echo", timeout=20.0), Route("echo", "ANY", "/echo")))


async def say(url: str, *texts: str) -> bytes:
    """Send each text once the one before has had an answer; return the head of the last answer."""
    parts, head = urlsplit(url), b""
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        async with asyncio.timeout(30):
            for text in texts:
                writer.write(text.encode("latin-1"))
                head = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
    return head


@pytest.mark.parametrize("choose", [None, "chat", "another"])
async def test_an_offered_subprotocol_is_not_written(
    lab: Any, socket_url: str, http: aiohttp.ClientSession, written: Any, choose: str | None
) -> None:
    params = {"choose": choose} if choose else {}
    async with http.ws_connect(socket_url, params=params, protocols=("chat", TOKEN)) as ws:
        assert ws.protocol == (choose if choose == "chat" else None)
    assert "websocket $connect" in written()


async def test_a_subprotocol_of_a_second_line_can_be_chosen(socket_url: str, written: Any) -> None:
    offers = f"Sec-WebSocket-Protocol: {TOKEN}\r\nSec-WebSocket-Protocol: a, chat\r\n"
    handshake = HANDSHAKE.replace("/live", "/live?choose=chat")
    answer = await say(socket_url, f"{handshake}{KEY}{offers}\r\n")
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nSec-WebSocket-Protocol: chat\r\n" in answer


@pytest.mark.parametrize("key", ["", f"Sec-WebSocket-Key: {TOKEN}\r\n", "Sec-WebSocket-Key: d\xfc==\r\n"])
async def test_half_a_handshake_is_a_bad_request(socket_url: str, written: Any, key: str) -> None:
    answer = await say(socket_url, f"{HANDSHAKE}{key}Sec-WebSocket-Protocol: {TOKEN}\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "GET /live  400 no WebSocket handshake" in written()


async def test_an_authorizer_that_denies_writes_no_token(lab: Any, http: aiohttp.ClientSession, written: Any) -> None:
    lab.write(APP)
    functions = lab.functions("connect", "authorize", timeout=20.0)
    authorizer = Authorizer("token", "authorize", "REQUEST", ("route.request.header.Sec-WebSocket-Protocol",))
    route = Route("connect", key="$connect", authorizer="token")
    url = await lab.serve(functions, route, kind="websocket", stage="live", authorizers={"token": authorizer})
    with pytest.raises(WSServerHandshakeError) as refusal:
        await http.ws_connect(f"{url}?token={TOKEN}", protocols=("chat", TOKEN))
    assert refusal.value.status == 403
    assert "GET /live  403 denied" in written()


@pytest.mark.parametrize(
    "request_of",
    [
        f"GET /echo HTTP/1.1\r\nHost: h\r\nCookie: session={TOKEN}{'x' * 9000}\r\n\r\n",
        f"GET /echo?token={TOKEN}{'x' * 9000} HTTP/1.1\r\nHost: h\r\n\r\n",
        f"GET /echo HTTP/1.1\r\nHost: h\r\nAuthorization Bearer {TOKEN}\r\n\r\n",
        f"GET /echo HTTP/1.1\r\nHost: h\r\nAuthorization : Bearer {TOKEN}\r\n\r\n",
        f"GET /echo?token={TOKEN} HTTP/9.9.9\r\nHost: h\r\n\r\n",
        f"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {TOKEN}\r\n\r\n",
        f"{TOKEN}\r\n\r\n",
    ],
    ids=["cookie", "query", "no-colon", "space", "version", "length", "text"],
)
async def test_a_request_that_cannot_be_read_is_not_quoted(http_url: str, written: Any, request_of: str) -> None:
    answer = await say(http_url, request_of)
    assert answer.split()[1] == b"400"
    assert b"\r\nContent-Type: application/json" in answer
    assert TOKEN.encode() not in answer
    shown = written()
    assert shown.count("a request that is not valid HTTP  400 bad request") == 1
    assert "Traceback" not in shown


BAD_BODY = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"


async def test_a_body_that_cannot_be_read_is_not_quoted(http_url: str, written: Any) -> None:
    answer = await say(http_url, f"{BAD_BODY}\r\n5\r\nabcde\r\n{TOKEN}\r\n")
    assert answer.split()[1] == b"400"
    assert "400 bad request" in written()


async def test_the_rest_of_a_body_is_not_quoted(lab: Any, monkeypatch: pytest.MonkeyPatch, written: Any) -> None:
    monkeypatch.setattr(web_protocol, "HttpRequestParser", HttpRequestParserPy)  # as where aiohttp has no wheel
    url = await lab.serve(lab.functions("echo", timeout=20.0), Route("echo", "ANY", "/echo"))
    answer = await say(url, f"{BAD_BODY}Expect: 100-continue\r\n\r\n", f"5\r\nabcde\r\n{TOKEN}\r\n")
    assert answer.split()[1] == b"400"
    shown = written()
    assert "POST /echo  400 bad request" in shown
    assert "Traceback" not in shown


async def test_a_query_is_not_written(http_url: str, http: aiohttp.ClientSession, written: Any) -> None:
    for path in ("/echo", "/nowhere"):
        async with http.get(f"{http_url}{path}?token={TOKEN}") as response:
            await response.read()
    assert "GET /nowhere  404 no route" in written()
