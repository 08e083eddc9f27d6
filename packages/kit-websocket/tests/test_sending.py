import asyncio
import logging
import threading

import kit_aws
import pytest
from kit_websocket import (
    ConnectionManager,
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
                UpdateExpression="ADD last_seen :ago, connected_at :ago",
                ExpressionAttributeValues={":ago": {"N": "60" if new else "-60"}},
            )

    return write


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
    assert "GetItem on table 'no-such-table' failed: ResourceNotFoundException" in caplog.text


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


def test_connections_of_a_user_that_cannot_be_read_are_an_error(connections, gateway, monkeypatch):
    large, real, queries = "x" * 350_000, kit_aws.call, []  # three of such rows are a page of DynamoDB's

    async def connect_all():
        for name in "abcde":
            await connections.connect(name, large, user_id="u")

    def call(service, operation, parameters, **options):
        if operation == "Query" and "ExclusiveStartKey" in parameters:
            queries.append(parameters)
            raise kit_aws.AwsError("the second page fails", code="InternalServerError")
        return real(service, operation, parameters, **options)

    asyncio.run(connect_all())
    monkeypatch.setattr(kit_aws, "call", call)
    with pytest.raises(SendError, match="all connections") as caught:
        asyncio.run(connections.send_to_user("u", "hello"))
    assert caught.value.reached == len(gateway.received) > 0
    assert queries


def test_messages_to_a_user_are_sent_side_by_side(connections, connect, gateway, caplog):
    connect(*(f"c-{number}" for number in range(30)), user_id="u")
    # None is answered before three are there: one after the other would never end.
    arrived, together = [], threading.Event()

    def hold():
        arrived.append(1)
        if len(arrived) == 3:
            together.set()
        assert together.wait(10)

    gateway.hold = hold
    assert asyncio.run(connections.send_to_user("u", "hello")) == 30
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
