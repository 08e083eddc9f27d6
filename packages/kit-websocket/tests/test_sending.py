import asyncio
import json
import logging
import threading
from decimal import Decimal

import pytest
from kit_websocket import (
    ConnectionManager,
    EndpointNotSetError,
    MessageTooLargeError,
    SendError,
    WebSocketResolver,
    send,
)

TABLE = "websocket-connections"


@pytest.fixture
def connections(aws, gateway):
    manager = ConnectionManager(TABLE)
    asyncio.run(manager.init_table())
    return manager


@pytest.fixture
def dynamodb(aws):
    return aws.client("dynamodb")


@pytest.fixture
def connect(connections, dynamodb):
    """Return a function that connects: each row is a minute old, or new for a minute to come."""

    def write(*connection_ids, user_id=None, new=False):
        for connection_id in connection_ids:
            asyncio.run(connections.connect(connection_id, user_id=user_id))
            dynamodb.update_item(
                TableName=TABLE,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression="ADD #crt :ago",
                ExpressionAttributeNames={"#crt": "_crt"},
                ExpressionAttributeValues={":ago": {"N": "60" if new else "-60"}},
            )

    return write


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("text as it is", b"text as it is"),
        ("{", b"{"),
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"ab"), b"ab"),
        ({"action": "loan", "name": "Škoda"}, '{"action":"loan","name":"Škoda"}'.encode()),
        ([Decimal("1.50")], b'["1.50"]'),
        (None, b"null"),
    ],
)
def test_text_and_bytes_are_sent_as_they_are_and_the_rest_as_json(gateway, message, sent):
    assert asyncio.run(send("a=", message)) is True
    assert gateway.received == [("a=", sent)]


def test_a_message_is_posted_signed_below_the_stage(gateway):
    asyncio.run(send("a=", "hello"))
    assert gateway.requests == ["/live/@connections"]
    assert "/us-east-1/execute-api/aws4_request" in gateway.signed[0]


def test_an_api_elsewhere_is_signed_for_in_its_own_region(gateway, monkeypatch):
    # The fake stands in as a proxy, so that the endpoint can have the name that it has on AWS.
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", gateway.url.removesuffix("/live"))
    url = "http://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/live"
    assert asyncio.run(send("a", "hello", endpoint_url=url)) is True
    assert "/eu-west-1/execute-api/aws4_request" in gateway.signed[0]


@pytest.mark.parametrize("names_errors", [True, False])
def test_a_gone_connection_is_false(gateway, names_errors):
    gateway.names_errors = names_errors
    gateway.answers["a"] = [410]
    assert asyncio.run(send("a", "hello")) is False


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "BadRequestException"), (403, "ForbiddenException"), (413, "PayloadTooLargeException")],
)
def test_any_other_refusal_is_an_error_that_names_the_connection(gateway, status, code):
    gateway.answers["a"] = [status]
    with pytest.raises(SendError, match=rf"could not send to 1 connection\(s\): 'a' \({code}\)") as caught:
        asyncio.run(send("a", "hello"))
    assert caught.value.failures == {"a": code}
    assert caught.value.__cause__ is not None


def test_being_throttled_once_is_survived(gateway):
    gateway.answers["a"] = [429]
    assert asyncio.run(send("a", "hello")) is True
    assert gateway.received == [("a", b"hello")]


def test_being_throttled_to_the_end_is_an_error(gateway):
    gateway.answers["a"] = [429] * 10
    with pytest.raises(SendError, match="LimitExceededException"):
        asyncio.run(send("a", "hello"))


def test_a_gateway_that_is_down_is_an_error(gateway):
    gateway.stop()
    with pytest.raises(SendError, match="EndpointConnectionError"):
        asyncio.run(send("a", "hello"))


@pytest.mark.parametrize("message", ["x" * 131_073, b"x" * 131_073, "ü" * 65_537, ["x" * 131_070]])
def test_a_message_over_the_limit_is_refused_before_it_is_sent(gateway, message):
    with pytest.raises(MessageTooLargeError) as caught:
        asyncio.run(send("a", message))
    assert caught.value.size > caught.value.limit == 131_072
    assert gateway.requests == []


def test_a_message_at_the_limit_is_sent(gateway):
    assert asyncio.run(send("a", "x" * 131_072)) is True


def test_the_endpoint_is_the_argument_before_the_environment(gateway, monkeypatch):
    monkeypatch.setenv("KIT_WEBSOCKET_ENDPOINT", "http://127.0.0.1:9/wrong")
    assert asyncio.run(send("a", "hello", endpoint_url=gateway.url)) is True


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "AWS_ENDPOINT_URL"])
def test_the_endpoint_may_be_set_as_for_any_client_of_aws(gateway, monkeypatch, variable):
    monkeypatch.delenv("KIT_WEBSOCKET_ENDPOINT")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv(variable, gateway.url)
    assert asyncio.run(send("a", "hello")) is True


def test_without_an_endpoint_nothing_is_sent(gateway, monkeypatch):
    monkeypatch.delenv("KIT_WEBSOCKET_ENDPOINT")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(EndpointNotSetError, match="KIT_WEBSOCKET_ENDPOINT"):
        asyncio.run(send("a", "hello"))


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (
            "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/live",
        ),
        ("ws.example.com", "https://ws.example.com"),
    ],
)
def test_the_endpoint_is_that_of_the_event_being_handled(monkeypatch, make_event, domain, expected):
    from kit_websocket.management import endpoint

    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    resolver = WebSocketResolver()

    @resolver.on_message("where")
    async def where():
        return await asyncio.to_thread(endpoint)

    response = resolver.resolve(make_event("where", domainName=domain, stage="live"), None)
    assert json.loads(response["body"]) == expected
    with pytest.raises(EndpointNotSetError):
        endpoint()


def test_a_message_reaches_its_connection(connections, connect, gateway):
    connect("a", "b")
    assert asyncio.run(connections.send("a", {"n": 1})) is True
    assert gateway.messages("a") == [{"n": 1}]
    assert gateway.messages("b") == []


def test_a_manager_has_an_endpoint_of_its_own(aws, gateway, monkeypatch):
    monkeypatch.delenv("KIT_WEBSOCKET_ENDPOINT")
    manager = ConnectionManager(TABLE, endpoint_url=gateway.url)
    asyncio.run(manager.init_table())
    assert asyncio.run(manager.send("a", "hello")) is True


@pytest.mark.parametrize("sort_key", [None, "_crt"])
def test_the_row_of_a_gone_connection_is_removed(aws, gateway, dynamodb, sort_key):
    manager = ConnectionManager(TABLE, sort_key=sort_key)
    asyncio.run(manager.init_table())
    asyncio.run(manager.connect("a"))
    gateway.answers["a"] = [410, 410]
    assert asyncio.run(manager.send("a", "hello")) is False
    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def test_an_older_connection_that_is_gone_is_not_tried_twice(connections, connect, gateway):
    connect("a")
    gateway.answers["a"] = [410]
    assert asyncio.run(connections.send("a", "hello")) is False
    assert asyncio.run(connections.get_connection("a")) is None
    assert gateway.received == []


def test_a_connection_that_is_just_opening_gets_its_message(connections, connect, gateway):
    connect("a", new=True)
    gateway.answers["a"] = [410]
    assert asyncio.run(connections.send("a", "hello")) is True
    assert gateway.received == [("a", b"hello")]
    assert asyncio.run(connections.get_connection("a")) is not None


def test_a_new_connection_that_is_gone_twice_is_gone(connections, connect, gateway):
    connect("a", new=True)
    gateway.answers["a"] = [410, 410]
    assert asyncio.run(connections.send("a", "hello")) is False
    assert asyncio.run(connections.get_connection("a")) is None
    assert len(gateway.requests) == 2


def test_a_gone_connection_without_a_row_is_gone(connections, gateway):
    gateway.answers["a"] = [410]
    assert asyncio.run(connections.send("a", "hello")) is False
    assert gateway.requests == ["/live/@connections"]


def test_a_row_that_cannot_be_removed_is_logged_and_the_answer_stands(aws, gateway, caplog):
    gateway.answers["a"] = [410]
    with caplog.at_level(logging.WARNING, "kit.websocket"):
        assert asyncio.run(ConnectionManager("no-such-table").send("a", "hello")) is False
    assert "DeleteItem on table 'no-such-table' failed: ResourceNotFoundException" in caplog.text


def test_all_connections_of_a_user_are_reached(connections, connect, gateway):
    connect("a", "b", "c", user_id="u")
    connect("d", user_id="v")
    assert asyncio.run(connections.send_to_user("u", {"n": 1})) == 3
    assert sorted(receiver for receiver, _ in gateway.received) == ["a", "b", "c"]


def test_a_user_without_connections_is_reached_by_nothing(connections):
    assert asyncio.run(connections.send_to_user("nobody", "hello")) == 0


def test_gone_connections_are_not_counted_and_their_rows_go(connections, connect, gateway):
    connect("a", "b", "c", user_id="u")
    gateway.answers["b"] = [410]
    assert asyncio.run(connections.send_to_user("u", "hello")) == 2
    left = asyncio.run(connections.get_user_connections("u"))
    assert {connection.connection_id for connection in left} == {"a", "c"}


def test_a_failed_send_does_not_keep_the_others_from_being_sent(connections, connect, gateway):
    connect("a", "b", "c", "d", user_id="u")
    gateway.answers["a"] = [403]
    gateway.answers["b"] = [410]
    gateway.answers["c"] = [400]
    with pytest.raises(SendError) as caught:
        asyncio.run(connections.send_to_user("u", "hello"))
    assert caught.value.failures == {"a": "ForbiddenException", "c": "BadRequestException"}
    assert caught.value.reached == 1
    assert gateway.received == [("d", b"hello")]


def test_messages_to_a_user_are_sent_side_by_side(connections, connect, gateway, caplog):
    connect(*(f"c-{number}" for number in range(30)), user_id="u")
    # Nobody is answered before three are there: one after the other would never end.
    together = threading.Barrier(3, timeout=10)
    gateway.hold = together.wait
    assert asyncio.run(connections.send_to_user("u", "hello")) == 30
    assert not together.broken
    assert "Connection pool is full" not in caplog.text


def test_the_loop_goes_on_while_a_message_is_sent(connections, gateway):
    sending, ticked = threading.Event(), threading.Event()

    def hold():
        sending.set()
        assert ticked.wait(10)

    gateway.hold = hold

    async def tick():
        await asyncio.to_thread(sending.wait, 10)
        ticked.set()

    async def both():
        return await asyncio.gather(connections.send("a", "hello"), tick())

    assert asyncio.run(both()) == [True, None]


def test_a_connection_cannot_be_sent_to_before_it_has_been_accepted(connections, gateway, make_event):
    resolver = WebSocketResolver()
    refused = []

    @resolver.on_connect()
    async def connect(connection_id):
        response = await connections.connect(connection_id, user_id="u")
        for sender in (connections.send, send):
            with pytest.raises(SendError) as caught:
                await sender(connection_id, "welcome")
            refused.append(caught.value.failures)
        assert await connections.send_to_user("u", "somebody else has come") == 1
        return response

    asyncio.run(connections.connect("first", user_id="u"))
    assert resolver.resolve(make_event("$connect", connection_id="new"), None)["statusCode"] == 200
    assert refused == [{"new": "NotOpenYet"}] * 2
    assert gateway.received == [("first", b"somebody else has come")]


def test_a_handler_sends_through_the_api_that_called_it(aws, gateway, make_event, monkeypatch):
    monkeypatch.delenv("KIT_WEBSOCKET_ENDPOINT")
    monkeypatch.setenv("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", gateway.url)
    resolver = WebSocketResolver()

    @resolver.on_message("echo")
    async def echo(connection_id, body):
        return {"sent": await send(connection_id, body)}

    response = resolver.resolve(make_event("echo", {"n": 1}, connection_id="a"), None)
    assert response["body"] == '{"sent":true}'
    assert gateway.messages("a") == [{"n": 1}]
