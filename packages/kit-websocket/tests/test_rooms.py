"""Rooms: membership, presence, and broadcasts to them."""

import asyncio
import time

import kit_aws
import pytest
from kit_core import invocation
from kit_websocket import ConnectionManager, Delivery, DynamoDBError, Member, Presence

TABLE = "chat"


@pytest.fixture(params=[None, "_crt"], ids=["plain key", "sort key"])
def connections(aws, gateway, request):
    asyncio.run(ConnectionManager(TABLE, sort_key=request.param).init_table())
    return ConnectionManager(TABLE)


@pytest.fixture
def dynamodb(aws):
    return aws.client("dynamodb")


def count(dynamodb, table):
    return dynamodb.scan(TableName=table)["Count"]


async def connect(connections, *ids, room=None):
    for each in ids:
        await connections.connect(each, user_id=f"user-{each}")
        if room:
            await connections.join(each, room)


def test_members_of_a_room_get_its_messages(connections, gateway):
    async def talk():
        await connect(connections, "a", "b", room="general")
        await connect(connections, "c", room="other")
        return await connections.broadcast({"n": 1}, room="general")

    delivery = asyncio.run(talk())
    assert isinstance(delivery, Delivery)
    assert (delivery.reached, delivery.gone, delivery.failures, delivery.cursor) == (2, [], {}, None)
    assert sorted(receiver for receiver, _ in gateway.received) == ["a", "b"]


def test_the_sender_can_be_left_out(connections, gateway):
    async def talk():
        await connect(connections, "a", "b", "c", room="general")
        await connections.broadcast("x", room="general", except_="a")
        await connections.broadcast("y", room="general", except_=["a", "b"])

    asyncio.run(talk())
    assert sorted(gateway.received) == [("b", b"x"), ("c", b"x"), ("c", b"y")]


def test_members_and_counts(connections):
    async def ask():
        await connect(connections, "a", "b")
        await connections.join("a", "one", "two", data={"name": "Ada"})
        await connections.join(await connections.get_connection("b"), "two")
        return (
            await connections.members("two"),
            await connections.counts("one", "two", "none"),
            await connections.rooms("a"),
        )

    members, counts, rooms = asyncio.run(ask())
    assert {(each.connection_id, each.user_id, str(each.data)) for each in members} == {
        ("a", "user-a", "{'name': 'Ada'}"),
        ("b", "user-b", "None"),
    }
    assert all(isinstance(each, Member) for each in members)
    assert counts == {"one": 1, "two": 2, "none": 0}
    assert rooms == ["one", "two"]


def test_leaving_ends_a_membership(connections, gateway):
    async def leave():
        await connect(connections, "a", "b", room="general")
        left = [await connections.leave("a", "general"), await connections.leave("a", "general")]
        await connections.broadcast("x", room="general")
        return left, await connections.rooms("a")

    assert asyncio.run(leave()) == ([True, False], [])
    assert gateway.received == [("b", b"x")]


def test_disconnecting_leaves_every_room(connections, dynamodb):
    async def end():
        await connect(connections, "a")
        await connections.join("a", *(f"room {number}" for number in range(30)))
        assert count(dynamodb, f"{TABLE}-rooms") == 30
        await connections.disconnect("a")

    asyncio.run(end())
    assert count(dynamodb, f"{TABLE}-rooms") == 0


def test_a_connection_that_is_written_again_stays_in_its_rooms(connections, gateway, dynamodb, make_event):
    async def talk():
        await connections.connect("a")
        await connections.join("a", "one", "two")
        await connections.send("a", {}, ordered=True)
        await connections.connect("a", user_id="u")  # a message that logs in
        await connections.send("a", {}, ordered=True)
        found = await connections.get_connection("a")
        return found.user_id, await connections.rooms("a"), await connections.disconnect("a")

    with invocation.enter(make_event("login", connection_id="a", connectedAt=int(time.time() * 1000) - 5000)):
        user, rooms, _ = asyncio.run(talk())
    assert (user, rooms) == ("u", ["one", "two"])
    assert [message["seq"] for message in gateway.messages("a")] == [1, 2]
    assert count(dynamodb, f"{TABLE}-rooms") == count(dynamodb, TABLE) == 0


def test_only_a_known_connection_can_join(connections, dynamodb):
    assert asyncio.run(connections.join("nobody", "general")) is False
    assert count(dynamodb, f"{TABLE}-rooms") == count(dynamodb, TABLE) == 0


def test_a_connection_that_ends_while_it_joins_leaves_no_membership(connections, dynamodb):
    async def race():
        await connect(connections, "a")
        known = await connections.get_connection("a")
        await connections.disconnect("a")
        return await connections.join(known, "general")

    assert asyncio.run(race()) is False
    assert count(dynamodb, f"{TABLE}-rooms") == count(dynamodb, TABLE) == 0


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_a_join_that_dynamodb_throttles_is_tried_again(connections, monkeypatch, reason):
    asyncio.run(connect(connections, "a"))
    text = "Transaction cancelled, please refer cancellation reasons for specific reasons "
    refusals, real = [f"{text}[None, {reason}]", f"{text}[None, {reason}]"], kit_aws.call

    def call(service, operation, parameters, **options):
        if operation == "TransactWriteItems" and refusals:
            raise kit_aws.AwsError(refusals.pop(), code="TransactionCanceledException")
        return real(service, operation, parameters, **options)

    monkeypatch.setattr(kit_aws, "call", call)
    assert asyncio.run(connections.join("a", "general")) is True
    assert [member.connection_id for member in asyncio.run(connections.members("general"))] == ["a"]


@pytest.mark.parametrize(("last", "expected"), [("ConditionalCheckFailed", False), ("ThrottlingError", DynamoDBError)])
def test_a_join_that_is_throttled_too_often_fails(connections, monkeypatch, last, expected):
    asyncio.run(connect(connections, "a"))
    reasons, real = ["ThrottlingError"] * 4 + [last], kit_aws.call

    def call(service, operation, parameters, **options):
        if operation == "TransactWriteItems":
            text = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{reasons.pop(0)}]"
            raise kit_aws.AwsError(text, code="TransactionCanceledException")
        return real(service, operation, parameters, **options)

    monkeypatch.setattr(kit_aws, "call", call)
    if expected is False:
        assert asyncio.run(connections.join("a", "general")) is False
    else:
        with pytest.raises(DynamoDBError):
            asyncio.run(connections.join("a", "general"))
    assert reasons == []


def test_gone_members_are_removed_in_the_same_call(connections, gateway, dynamodb):
    async def talk():
        ids = [f"c{number}" for number in range(40)]
        await connect(connections, *ids, room="general")
        for each in ids[:30]:
            gateway.answers[each] = [410] * 2
        await connections.join(ids[0], "other")
        return await connections.broadcast("x", room="general")

    delivery = asyncio.run(talk())
    assert delivery.reached == 10
    assert sorted(delivery.gone) == sorted(f"c{number}" for number in range(30))
    assert count(dynamodb, TABLE) == count(dynamodb, f"{TABLE}-rooms") == 10


def test_shards_are_read_together(aws, gateway):
    connections = ConnectionManager(TABLE, room_shards=8)

    async def talk():
        await connections.init_table()
        await connect(connections, *(f"c{number}" for number in range(20)), room="hot")
        return (await connections.broadcast("x", room="hot")).reached, await connections.counts("hot")

    assert asyncio.run(talk()) == (20, {"hot": 20})
    keys = {item["room"]["S"] for item in aws.client("dynamodb").scan(TableName=f"{TABLE}-rooms")["Items"]}
    assert len(keys) > 1


def test_a_member_of_two_rooms_gets_a_message_once(connections, gateway):
    async def talk():
        await connect(connections, "a")
        await connections.join("a", "one", "two")
        return (await connections.broadcast("x", room=["one", "two"])).reached

    assert asyncio.run(talk()) == 1


def test_users_and_everyone(connections, gateway):
    async def talk():
        await connect(connections, "a", "b", "c")
        users = await connections.broadcast("x", users=["user-a", "user-b", "user-a"])
        everyone = await connections.broadcast("y")
        return users.reached, everyone.reached

    assert asyncio.run(talk()) == (2, 3)


def test_presence_is_told_to_the_others(aws, gateway):
    connections = ConnectionManager(TABLE, presence=True)

    async def come_and_go():
        await connections.init_table()
        await connect(connections, "a", "b")
        await connections.join("a", "general")
        await connections.join("b", "general", data={"name": "Bob"})
        await connections.disconnect("b")

    asyncio.run(come_and_go())
    member = {"connection_id": "b", "user_id": "user-b"}
    assert gateway.messages("a") == [
        {"type": "presence", "event": "join", "room": "general", "members": [{**member, "data": {"name": "Bob"}}]},
        {"type": "presence", "event": "leave", "room": "general", "members": [member]},
    ]
    assert gateway.messages("b") == []


def test_presence_may_be_a_callable(aws, gateway):
    events = []
    connections = ConnectionManager(TABLE, presence=events.append)

    async def come_and_go():
        await connections.init_table()
        await connect(connections, "a", room="general")
        await connections.leave("a", "general")

    asyncio.run(come_and_go())
    member = {"connection_id": "a", "user_id": "user-a"}
    assert events == [Presence("join", "general", [member]), Presence("leave", "general", [member])]
    assert gateway.received == []


def test_a_broadcast_that_finds_members_gone_tells_the_others(aws, gateway):
    connections = ConnectionManager(TABLE, presence=True)

    async def talk():
        await connections.init_table()
        await connect(connections, "a", "b", room="general")
        gateway.received.clear()
        gateway.answers["b"] = [410, 410]
        await connections.broadcast({"n": 1}, room="general")

    asyncio.run(talk())
    assert gateway.messages("a")[1] == {
        "type": "presence",
        "event": "leave",
        "room": "general",
        "members": [{"connection_id": "b", "user_id": "user-b"}],
    }


def test_ordered_messages_are_numbered_by_room_and_by_connection(connections, gateway):
    async def talk():
        await connect(connections, "a", room="general")
        for text in ("one", "two"):
            await connections.broadcast({"text": text}, room="general", ordered=True)
        await connections.send("a", {"text": "three"}, ordered=True)
        return await connections.send("unknown", {"text": "four"}, ordered=True)

    assert asyncio.run(talk()) is False
    assert gateway.messages("a") == [
        {"text": "one", "room": "general", "seq": 1},
        {"text": "two", "room": "general", "seq": 2},
        {"text": "three", "seq": 1},
    ]


@pytest.mark.parametrize(("message", "error"), [("text", TypeError), ([1], TypeError), ({"seq": 4}, ValueError)])
def test_only_objects_can_be_numbered(connections, gateway, message, error):
    with pytest.raises(error, match=r"seq|ordered"):
        asyncio.run(connections.broadcast(message, room="general", ordered=True))
    assert gateway.requests == []


def test_messages_of_one_process_keep_their_order(connections, gateway):
    async def talk():
        await connect(connections, "a")
        await asyncio.gather(*(connections.send("a", {"n": number}) for number in range(20)))

    asyncio.run(talk())
    assert [message["n"] for message in gateway.messages("a")] == list(range(20))


@pytest.mark.parametrize("room", ["", "x" * 513, None, 7])
def test_a_room_has_a_name(connections, room):
    with pytest.raises(ValueError, match="a room has a name"):
        asyncio.run(connections.leave("a", room) if room is None else connections.members(room))
