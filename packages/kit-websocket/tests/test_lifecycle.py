"""Connections that begin and end out of order, expire, or live too long."""

import asyncio
import time

import pytest
from kit_core import invocation
from kit_websocket import ConnectionManager, Tracking, WebSocketResolver

TABLE = "connections"


@pytest.fixture(params=[None, "_crt"], ids=["plain key", "sort key"])
def connections(aws, request):
    asyncio.run(ConnectionManager(TABLE, sort_key=request.param).init_table())
    return ConnectionManager(TABLE, sort_key=request.param)


@pytest.fixture
def dynamodb(aws):
    return aws.client("dynamodb")


@pytest.fixture
def during(make_event):
    """Return a function that runs a coroutine while an event of a connection that began some seconds ago is handled."""

    def run(coroutine, route_key="m", *, connection_id="a", ago=0):
        event = make_event(route_key, connection_id=connection_id, connectedAt=int((time.time() - ago) * 1000))
        with invocation.enter(event):
            return asyncio.run(coroutine)

    return run


def row(dynamodb):
    (found,) = dynamodb.scan(TableName=TABLE)["Items"]
    return found


def test_a_disconnect_before_the_write_of_connect_leaves_no_ghost(connections, dynamodb, during):
    assert during(connections.disconnect("a"), "$disconnect")["statusCode"] == 404
    assert during(connections.connect("a", user_id="u"), "$connect")["statusCode"] == 410
    assert asyncio.run(connections.get_connection("a")) is None
    assert asyncio.run(connections.get_user_connections("u")) == []
    assert asyncio.run(connections.update_last_seen("a")) is False
    assert asyncio.run(connections.join("a", "general")) is False
    assert int(row(dynamodb)["_ttl"]["N"]) <= time.time() + 301


def test_a_late_disconnect_removes_no_later_connection(connections, during):
    during(connections.connect("a", {"n": 2}), "$connect", ago=10)
    assert during(connections.disconnect("a"), "$disconnect", ago=60)["statusCode"] == 404
    assert asyncio.run(connections.get_connection("a")).client_data == {"n": 2}
    assert during(connections.disconnect("a"), "$disconnect", ago=10)["statusCode"] == 200
    assert asyncio.run(connections.get_connection("a")) is None


def test_a_join_after_the_second_disconnect_leaves_no_membership(connections, during):
    during(connections.connect("a"), "$connect")
    known = asyncio.run(connections.get_connection("a"))
    for _ in range(2):  # a broadcast that found it gone, or `close`, was the first
        during(connections.disconnect("a"), "$disconnect")
    assert asyncio.run(connections.join(known, "general")) is False
    assert asyncio.run(connections.members("general")) == []


def test_disconnecting_twice_is_once(connections, during):
    during(connections.connect("a"), "$connect")
    answers = [during(connections.disconnect("a"), "$disconnect")["statusCode"] for _ in range(3)]
    assert answers == [200, 404, 404]


def test_a_row_never_counts_longer_than_a_connection_can_live(connections, dynamodb, during):
    now = int(time.time())
    during(connections.connect("a"), "$connect", ago=7000)
    assert abs(int(row(dynamodb)["_ttl"]["N"]) - (now - 7000 + 7500)) <= 2
    for see in (
        lambda: during(connections.update_last_seen("a"), ago=7000),
        lambda: asyncio.run(connections.update_last_seen("a")),
    ):
        assert see() is True
        assert abs(int(row(dynamodb)["_ttl"]["N"]) - (now - 7000 + 7500)) <= 2


def test_a_young_connection_counts_from_its_last_message(connections, dynamodb, during):
    short = ConnectionManager(TABLE, connection_ttl=60)
    during(short.connect("a"), "$connect", ago=100)
    for run in (lambda seen: during(seen, ago=100), asyncio.run):
        assert run(short.update_last_seen("a")) is True
        assert abs(int(row(dynamodb)["_ttl"]["N"]) - (time.time() + 60)) <= 3


def test_the_life_of_a_connection_is_two_writes(aws, monkeypatch, make_event):
    import kit_aws

    connections = ConnectionManager(TABLE)
    resolver = WebSocketResolver(connections=connections)
    resolver.middleware(Tracking(connections))
    resolver.on_message("m")(lambda: "done")
    resolver.on_connect()(_connect(connections))
    resolver.on_disconnect()(_disconnect(connections))
    asyncio.run(connections.init_table())
    calls, call = [], kit_aws.call

    def counted(service, operation, *more, **options):
        calls.append(operation)
        return call(service, operation, *more, **options)

    monkeypatch.setattr("kit_aws.call", counted)
    for route in ("$connect", "m", "m", "m", "$disconnect"):
        assert resolver.resolve(make_event(route, connection_id="a"), None)["statusCode"] == 200
    assert calls == ["PutItem", "DeleteItem"]


def _connect(connections):
    async def connect(connection_id):
        return await connections.connect(connection_id)

    return connect


def _disconnect(connections):
    async def disconnect(connection_id):
        return await connections.disconnect(connection_id)

    return disconnect


def expired(item, principal="dynamodb.amazonaws.com", event="REMOVE"):
    return {
        "eventName": event,
        "userIdentity": {"type": "Service", "principalId": principal},
        "dynamodb": {"OldImage": item, "SequenceNumber": "7"},
    }


def test_an_expired_connection_leaves_its_rooms(aws, gateway, dynamodb):
    connections = ConnectionManager(TABLE, presence=True)

    async def begin():
        await connections.init_table()
        for each in ("a", "b"):
            await connections.connect(each, user_id=f"user-{each}")
            await connections.join(each, "general")

    asyncio.run(begin())
    gateway.received.clear()
    item = dynamodb.get_item(TableName=TABLE, Key={"connection_id": {"S": "b"}})["Item"]
    dynamodb.delete_item(TableName=TABLE, Key={"connection_id": {"S": "b"}})
    answer = connections.sync.expire({"Records": [expired(item, "somebody"), expired(item, event="MODIFY")]})
    assert answer == {"batchItemFailures": []}
    assert asyncio.run(connections.counts("general")) == {"general": 2}
    assert connections.sync.expire({"Records": [expired(item)]}) == {"batchItemFailures": []}
    assert asyncio.run(connections.counts("general")) == {"general": 1}
    assert gateway.messages("a") == [
        {
            "type": "presence",
            "event": "leave",
            "room": "general",
            "members": [{"connection_id": "b", "user_id": "user-b"}],
        }
    ]


def test_an_expired_connection_that_cannot_be_removed_is_tried_again(aws, dynamodb, caplog):
    connections = ConnectionManager(TABLE)

    async def begin():
        await connections.init_table()
        await connections.connect("a")
        await connections.join("a", "general")

    asyncio.run(begin())
    item = row(dynamodb)
    dynamodb.delete_table(TableName=f"{TABLE}-rooms")
    assert connections.sync.expire({"Records": [expired(item)]}) == {"batchItemFailures": [{"itemIdentifier": "7"}]}
    assert "ResourceNotFoundException" in caplog.text
