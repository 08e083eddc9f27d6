"""WebSocket APIs, from handshake to goodbye, and @connections."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from kit_local.gateway import connections
from kit_local.gateway.frames import FRAME_LIMIT, FrameLimit
from kit_local.gateway.rules import WebSocketRules
from kit_local.stack import Authorizer, Route
from kit_testing.servers.aws.boto import client
from kit_testing.servers.connections import MESSAGE_LIMIT

pytestmark = pytest.mark.anyio

APP = """
import json, pathlib, time

def note(event):
    with pathlib.Path("events").open("a") as file:
        file.write(json.dumps(event) + "\\n")

def connect(event, context):
    note(event)
    query = event.get("queryStringParameters") or {}
    return eval(query.get("answer", "{'statusCode': 200}"))

def echo(event, context):
    note(event)
    return {"statusCode": 200, "body": "heard " + event["body"]}

def odd(event, context):
    return {"no": "proxy answer"}

def fail(event, context):
    raise ValueError("the reason")

def disconnect(event, context):
    note(event)

def authorize(event, context):
    note(event)
    effect = event["queryStringParameters"]["effect"]
    if effect == "Fail":
        raise ValueError("the reason")
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": {"n": 1}}
"""
ROUTES = (
    Route("connect", key="$connect"),
    Route("disconnect", key="$disconnect"),
    Route("echo", key="echo", replies=True),
    Route("echo", key="quiet"),
    Route("odd", key="odd", replies=True),
    Route("fail", key="fail"),
)


@pytest.fixture
async def serve(lab: Any) -> Any:
    lab.write(APP)
    functions = lab.functions("connect", "echo", "odd", "fail", "disconnect", "authorize", timeout=10.0)

    async def start(*routes: Route, **options: Any) -> str:
        return str(await lab.serve(functions, *(routes or ROUTES), kind="websocket", stage="live", **options))

    return start


def events(lab: Any) -> list[dict[str, Any]]:
    file = lab.folder / "events"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


async def event_of(lab: Any, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            for event in events(lab):
                if event["requestContext"]["eventType"] == kind:
                    return event
            await asyncio.sleep(0.01)


def commands(url: str) -> Any:
    options = {"endpoint_url": url.replace("ws://", "http://"), "region_name": "us-east-1"}
    return client("apigatewaymanagementapi", pool=5, key_id="test", secret_key="test", **options)


async def test_the_events_are_api_gateways(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve()
    async with http.ws_connect(f"{url}?a=1&a=2", headers={"User-Agent": "probe"}) as ws:
        await ws.send_json({"action": "echo"})
        assert await ws.receive_str() == 'heard {"action": "echo"}'
        await ws.close(code=4001, message=b"enough")
    connect, message = await event_of(lab, "CONNECT"), await event_of(lab, "MESSAGE")
    disconnect = await event_of(lab, "DISCONNECT")
    assert connect["queryStringParameters"] == {"a": "2"}
    assert connect["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert connect["headers"]["Sec-WebSocket-Version"] == "13"
    assert connect["multiValueHeaders"]["User-Agent"] == ["probe"]
    assert (message["body"], message["isBase64Encoded"]) == ('{"action": "echo"}', False)
    assert not {"headers", "queryStringParameters"} & message.keys()
    assert message["requestContext"]["messageId"]
    assert disconnect["requestContext"]["disconnectStatusCode"] == 4001
    assert disconnect["requestContext"]["disconnectReason"] == "enough"
    assert {event["requestContext"]["routeKey"] for event in (connect, message, disconnect)} == {
        "$connect",
        "echo",
        "$disconnect",
    }
    for event in (connect, message, disconnect):
        context = event["requestContext"]
        assert context["connectionId"] == connect["requestContext"]["connectionId"]
        assert (context["stage"], context["apiId"], context["messageDirection"]) == ("live", "api123", "IN")
        assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "probe"}
        assert context["connectedAt"] <= context["requestTimeEpoch"]
        assert url == f"ws://{context['domainName']}/live"


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ('{"action": "echo"}', 'heard {"action": "echo"}'),
        ('{"action": "unknown"}', "Forbidden"),
        ('{"action": "$disconnect"}', "Forbidden"),
        ("no json", "Forbidden"),
        ('{"action": {}}', "Forbidden"),
        ('{"action": "fail"}', "Internal server error"),
        ('{"action": "odd"}', "Internal server error"),
    ],
)
async def test_a_message_takes_its_route(
    lab: Any, serve: Any, http: aiohttp.ClientSession, message: str, answer: str
) -> None:
    async with http.ws_connect(await serve()) as ws:
        await ws.send_str(message)
        received = await ws.receive_str()
    if answer.startswith("heard"):
        assert received == answer
        return
    told = json.loads(received)
    assert told.keys() == {"message", "connectionId", "requestId"}
    assert told["message"] == answer
    assert ("Forbidden: no route\n" in lab.shown) == (answer == "Forbidden")


async def test_what_no_route_takes_goes_to_the_default(serve: Any, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(await serve(Route("echo", key="$default", replies=True))) as ws:
        for message in ("no json", '{"action": "unknown"}', '{"action": "$connect"}'):
            await ws.send_str(message)
            assert await ws.receive_str() == f"heard {message}"


async def test_another_selection_expression(serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve(Route("echo", key="7", replies=True), selection="${request.body.kind.id}")
    async with http.ws_connect(url) as ws:
        await ws.send_json({"kind": {"id": 7}})
        assert (await ws.receive_str()).startswith("heard")


async def test_only_routes_with_a_response_answer(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(await serve()) as ws:
        await ws.send_json({"action": "quiet"})
        await event_of(lab, "MESSAGE")
        await ws.send_json({"action": "echo"})
        assert "echo" in await ws.receive_str()


@pytest.mark.parametrize(
    ("answer", "status"),
    [("{'statusCode': 403, 'body': 'no'}", 403), ("None", 502), ("{}", 502), ("1/0", 502)],
)
async def test_connect_can_refuse(lab: Any, serve: Any, http: aiohttp.ClientSession, answer: str, status: int) -> None:
    url = await serve()
    with pytest.raises(WSServerHandshakeError) as refusal:
        await http.ws_connect(url, params={"answer": answer})
    assert refusal.value.status == status
    assert [event["requestContext"]["eventType"] for event in events(lab)] == ["CONNECT"]


async def test_the_subprotocol_is_the_functions_choice(serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve()
    answer = "{'statusCode': 200, 'headers': {'Sec-WebSocket-Protocol': 'b'}}"
    async with http.ws_connect(url, params={"answer": answer}, protocols=("a", "b")) as ws:
        assert ws.protocol == "b"
    async with http.ws_connect(url, protocols=("a", "b")) as ws:
        assert ws.protocol is None


AUTHORIZER = Authorizer("token", "authorize", "REQUEST", ("route.request.querystring.effect",))


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?effect=Deny", 403), ("?effect=Fail", 500)])
async def test_the_authorizer_refuses_before_the_upgrade(
    lab: Any, serve: Any, http: aiohttp.ClientSession, query: str, status: int
) -> None:
    url = await serve(Route("connect", key="$connect", authorizer="token"), authorizers={"token": AUTHORIZER})
    with pytest.raises(WSServerHandshakeError) as refusal:
        await http.ws_connect(url + query)
    assert refusal.value.status == status


async def test_the_authorizers_context_is_in_every_event(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    routes = (Route("connect", key="$connect", authorizer="token"), *ROUTES[1:])
    async with http.ws_connect(f"{await serve(*routes, authorizers={'token': AUTHORIZER})}?effect=Allow") as ws:
        await ws.send_json({"action": "echo"})
        await ws.receive_str()
    await event_of(lab, "DISCONNECT")
    asked, *others = events(lab)
    assert (asked["type"], asked["methodArn"].rpartition(":")[2]) == ("REQUEST", "api123/live/$connect")
    assert asked["requestContext"]["routeKey"] == "$connect"
    assert len(others) == 3
    for event in others:
        assert event["requestContext"]["authorizer"] == {"principalId": "me", "n": "1", "integrationLatency": 0}


async def test_an_idle_connection_is_closed(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(await serve(rules=WebSocketRules(speed=3000))) as ws:
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
    assert (await event_of(lab, "DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1001


async def test_other_requests_are_forbidden(serve: Any, http: aiohttp.ClientSession) -> None:
    url = (await serve()).replace("ws://", "http://")
    for address in (url, url.removesuffix("/live"), f"{url}/elsewhere"):
        async with http.get(address) as response:
            assert (response.status, await response.json()) == (403, {"message": "Forbidden"})


async def test_half_a_handshake_runs_no_function(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve()
    async with http.get(url.replace("ws://", "http://"), headers={"Upgrade": "websocket"}) as response:
        assert (response.status, await response.json()) == (400, {"message": "Bad Request"})
    assert events(lab) == []


async def test_a_connection_is_written_to_looked_at_and_closed(
    lab: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    url = await serve()
    api = commands(url)
    async with http.ws_connect(url) as ws:
        connection = (await event_of(lab, "CONNECT"))["requestContext"]["connectionId"]
        await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data="grüß dich".encode())
        assert await ws.receive_str() == "grüß dich"
        await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data=b"\xff\x00")
        assert await ws.receive_bytes() == b"\xff\x00"
        found = await asyncio.to_thread(api.get_connection, ConnectionId=connection)
        assert found["Identity"]["SourceIp"] == "127.0.0.1"
        assert found["ConnectedAt"] <= found["LastActiveAt"]
        with pytest.raises(api.exceptions.PayloadTooLargeException):
            await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data=b"x" * (128 * 1024 + 1))
        await asyncio.to_thread(api.delete_connection, ConnectionId=connection)
        assert (await ws.receive()).type is WSMsgType.CLOSE
    await event_of(lab, "DISCONNECT")
    for call in (api.get_connection, api.delete_connection):
        with pytest.raises(api.exceptions.GoneException):
            await asyncio.to_thread(call, ConnectionId=connection)
    with pytest.raises(api.exceptions.GoneException):
        await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data=b"x")


async def test_a_connection_is_gone_until_connect_has_let_it_in(
    lab: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    url = await serve()
    answer = "[time.sleep(0.01) for _ in iter(lambda: pathlib.Path('go').exists(), True)] and {'statusCode': 200}"
    opening = asyncio.ensure_future(http.ws_connect(url, params={"answer": answer}))
    connection = (await event_of(lab, "CONNECT"))["requestContext"]["connectionId"]
    api = commands(url)
    with pytest.raises(api.exceptions.GoneException):
        await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data=b"early")
    (lab.folder / "go").touch()
    async with await opening as ws:
        await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data=b"now")
        assert await ws.receive_str() == "now"


async def test_messages_of_one_connection_run_at_once(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    lab.write("""
        import pathlib, time
        def meet(event, context):
            pathlib.Path("here-" + event["body"]).touch()
            while len(list(pathlib.Path().glob("here-*"))) < 2:
                time.sleep(0.01)
            return {"statusCode": 200, "body": "met"}
    """)
    functions = lab.functions("meet", timeout=30.0)
    url = await lab.serve(functions, Route("meet", key="$default", replies=True), kind="websocket", stage="live")
    async with http.ws_connect(url) as ws:
        await ws.send_str("one")
        await ws.send_str("two")
        assert [await ws.receive_str(), await ws.receive_str()] == ["met", "met"]


async def test_a_client_that_vanishes_is_disconnected(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    ws = await http.ws_connect(await serve())
    transport(ws).abort()
    assert (await event_of(lab, "DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1006
    await ws.close()


async def test_stopping_closes_every_connection(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve()
    async with http.ws_connect(url) as ws, http.ws_connect(url) as other:
        await lab.close()
        for message in (await ws.receive(), await other.receive()):
            assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
    assert {event["requestContext"]["eventType"] for event in events(lab)} == {"CONNECT"}


async def test_too_long_a_frame_closes_the_connection(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve()
    async with http.ws_connect(url) as ws:
        await ws.send_str("x" * FRAME_LIMIT)
        assert json.loads(await ws.receive_str())["message"] == "Forbidden"
    async with http.ws_connect(url) as ws:
        await ws.send_str("x" * (FRAME_LIMIT + 1))
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1009)
    assert (await event_of(lab, "DISCONNECT"))["requestContext"]["disconnectStatusCode"] in (1000, 1009)


@pytest.mark.parametrize(("size", "closed"), [(MESSAGE_LIMIT, False), (MESSAGE_LIMIT + 1, True)])
async def test_a_message_of_several_frames_has_the_messages_limit(
    serve: Any, http: aiohttp.ClientSession, size: int, closed: bool
) -> None:
    async with http.ws_connect(await serve()) as ws:
        send_in_frames(ws, "x" * size)
        message = await ws.receive()
        assert (message.type is WSMsgType.CLOSE and message.data == 1009) is closed
        assert closed or json.loads(message.data)["message"] == "Forbidden"


async def test_a_binary_frame_closes_the_connection(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(await serve()) as ws:
        await ws.send_bytes(b'{"action": "echo"}')
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1003)
    assert (await event_of(lab, "DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1003
    assert {event["requestContext"]["eventType"] for event in events(lab)} == {"CONNECT", "DISCONNECT"}


@pytest.mark.parametrize("message", ["[" * 100_000, '{"action":' * 13_000, "9" * 10_000, "\x00", '{"action": NaN}'])
async def test_odd_messages_get_their_error_reply(
    lab: Any, serve: Any, http: aiohttp.ClientSession, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with http.ws_connect(await serve()) as ws:
        send_in_frames(ws, message)
        assert json.loads(await ws.receive_str())["message"] == "Forbidden"
        await ws.send_json({"action": "echo"})
        assert (await ws.receive_str()).startswith("heard")
    assert caplog.records == []


async def test_a_connection_has_its_longest_time(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    rules = WebSocketRules(speed=1200)
    assert (rules.idle_seconds, rules.longest_seconds) == (0.5, 6.0)
    async with http.ws_connect(await serve(rules=rules)) as ws:
        answers = 0
        while (message := await _ask(ws)).type is WSMsgType.TEXT:
            answers += 1
        assert message.data == 1001
    assert answers > 1
    assert (await event_of(lab, "DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1001


async def test_disconnect_is_lost_when_asked(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(await serve(rules=WebSocketRules(lost_disconnects=1.0))) as ws:
        await ws.send_json({"action": "echo"})
        await ws.receive_str()
    async with asyncio.timeout(30):
        while "websocket $disconnect  lost" not in lab.shown:
            await asyncio.sleep(0.01)
    assert "DISCONNECT" not in {event["requestContext"]["eventType"] for event in events(lab)}


async def test_commands_are_throttled_when_asked(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    url = await serve(rules=WebSocketRules(throttled=1))
    api = commands(url)
    async with http.ws_connect(url) as ws:
        connection = (await event_of(lab, "CONNECT"))["requestContext"]["connectionId"]
        with pytest.raises(api.exceptions.LimitExceededException):
            await asyncio.to_thread(api.post_to_connection, ConnectionId=connection, Data=b"lost")
        await ws.send_json({"action": "echo"})
        assert (await ws.receive_str()).startswith("heard")


async def test_an_answer_that_nobody_gets_is_shown(lab: Any, serve: Any, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(await serve()) as ws:
        await ws.send_json({"action": "quiet"})
        async with asyncio.timeout(30):
            while "200, body not sent: no route response" not in lab.shown:
                await asyncio.sleep(0.01)


async def test_a_client_that_does_not_read_is_gone(
    lab: Any, serve: Any, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SEND_SECONDS", 0.2)
    url = await serve()
    api = commands(url)
    async with http.ws_connect(url, max_msg_size=0) as ws:
        connection = (await event_of(lab, "CONNECT"))["requestContext"]["connectionId"]
        transport(ws).pause_reading()

        def post_until_it_fails() -> None:
            for _ in range(1000):
                api.post_to_connection(ConnectionId=connection, Data=b"x" * MESSAGE_LIMIT)

        with pytest.raises(api.exceptions.GoneException):
            await asyncio.to_thread(post_until_it_fails)
        assert (await event_of(lab, "DISCONNECT"))["requestContext"]["disconnectStatusCode"] == 1006


async def _ask(ws: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage:
    if not ws.closed:
        await ws.send_str("no route takes this, and no function runs")
    return await ws.receive(timeout=30)


def send_in_frames(ws: aiohttp.ClientWebSocketResponse, message: str) -> None:
    """Send a text message in frames of the most that API Gateway takes; aiohttp's client sends one."""
    parts = [message[start : start + FRAME_LIMIT].encode() for start in range(0, len(message), FRAME_LIMIT)]
    for number, part in enumerate(parts):
        first, last = number == 0, number == len(parts) - 1
        transport(ws).write(frame(part, opcode=1 if first else 0, final=last))


def frame(payload: bytes, *, opcode: int = 1, final: bool = True, masked: bool = True) -> bytes:
    """Return a frame (RFC 6455, 5.2), masked with zeros."""
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65536 else b"\x7f" + size.to_bytes(8)
    second = bytes([length[0] | (0x80 if masked else 0)]) + length[1:]
    return bytes([opcode | (0x80 if final else 0)]) + second + (bytes(4) if masked else b"") + payload


def transport(ws: aiohttp.ClientWebSocketResponse) -> asyncio.Transport:
    """Return the connection below a client."""
    found = ws._response.connection.transport  # type: ignore[union-attr]
    assert isinstance(found, asyncio.Transport)
    return found


async def test_an_unmasked_frame_closes_the_connection(serve: Any, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(await serve()) as ws:
        transport(ws).write(frame(b'{"action": "echo"}', masked=False))
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1002)


@pytest.mark.parametrize("step", [1, 3, 7, 1000, 1_000_000])
def test_frames_are_followed_however_they_are_cut(step: int) -> None:
    short, long, longest = frame(b"a" * 125), frame(b"b" * FRAME_LIMIT), frame(b"c" * 70_000)
    empty, unmasked = frame(b""), frame(b"d" * 200, masked=False)
    codes: list[int] = []
    limit = FrameLimit(codes.append)
    data = short + longest + empty + long + unmasked + short
    passed = b"".join(limit.feed(data[at : at + step]) for at in range(0, len(data), step))
    assert passed == short + empty + long + short
    assert codes == [1009, 1002]
