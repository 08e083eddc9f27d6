"""Many connections: throttling, time that is over, and what is sent later."""

import asyncio
import json
import threading

import pytest
from kit_core import invocation
from kit_websocket import ConnectionManager, DynamoDBError

TABLE = "connections"


@pytest.fixture
def connections(aws, gateway):
    manager = ConnectionManager(TABLE)
    asyncio.run(manager.init_table())
    return manager


def members(connections, number, room="general"):
    async def join():
        for each in range(number):
            await connections.connect(f"c{each}", user_id="u")
            await connections.join(f"c{each}", room)

    asyncio.run(join())
    return [f"c{each}" for each in range(number)]


def receivers(gateway):
    return sorted(receiver for receiver, _ in gateway.received)


def test_a_throttled_broadcast_slows_down_and_loses_nothing(connections, gateway, monkeypatch):
    monkeypatch.setattr("kit_core.backoff.Backoff.delay", lambda *_: 0.001)
    ids = [f"c{each}" for each in range(200)]
    for each in ids[::4]:
        gateway.answers[each] = [429, 503]
    delivery = asyncio.run(connections.send_many(ids, "hello"))
    assert (delivery.reached, delivery.failures) == (200, {})
    assert receivers(gateway) == sorted(ids)


def test_the_budget_of_retries_ends(connections, gateway, monkeypatch):
    monkeypatch.setattr("kit_core.backoff.Backoff.delay", lambda *_: 0.001)
    ids = [f"c{each}" for each in range(100)]
    for each in ids:
        gateway.answers[each] = [429] * 100
    delivery = asyncio.run(connections.send_many(ids, "hello"))
    assert (delivery.reached, len(delivery.failures)) == (0, 100)
    assert len(gateway.requests) == 100 + 60  # ten, and one for every two messages


def test_failures_are_named_and_logged(connections, gateway, caplog):
    gateway.answers["a"] = [403]
    delivery = asyncio.run(connections.send_many(["a", "b"], "hello"))
    assert (delivery.reached, delivery.failures) == (1, {"a": "ForbiddenException"})
    assert delivery.dump() == {"reached": 1, "gone": 0, "failed": 1, "cursor": None}
    assert delivery.done
    assert "1 of 2 connections could not be sent to" in caplog.text


@pytest.mark.parametrize("target", ["room", "users", "everyone", "ids"])
def test_what_the_time_does_not_allow_is_sent_later(connections, gateway, target):
    ids = members(connections, 30)
    begun = threading.Event()

    def hold():
        if not begun.is_set():
            begun.wait(10)

    gateway.hold = hold
    handed = []
    with invocation.enter(remaining_ms=3_000):
        if target == "ids":
            first = asyncio.run(connections.send_many(ids, {"n": 1}, continue_with=handed.append))
        else:
            options = {"room": {"room": "general"}, "users": {"users": ["u"]}, "everyone": {}}[target]
            first = asyncio.run(connections.broadcast({"n": 1}, **options, except_="c7", continue_with=handed.append))
    begun.set()
    assert not first.done
    assert handed == [first.cursor]
    cursor = json.loads(json.dumps(first.cursor))
    rest = asyncio.run(connections.resume(cursor))
    assert rest.done
    expected = len(ids) - (target != "ids")
    # A message that was on its way when the time was over has failed, and may have arrived.
    assert first.reached + len(first.failures) + rest.reached == expected
    assert len(set(receivers(gateway))) == expected


def test_a_cursor_may_be_handed_on_by_a_coroutine_and_carries_bytes(connections, gateway):
    handed = []

    async def hand_on(cursor):
        handed.append(cursor)

    with invocation.enter(remaining_ms=0):
        first = asyncio.run(connections.send_many(["a", "b"], b"\x00\xff", continue_with=hand_on))
    assert (first.reached, handed) == (0, [first.cursor])
    assert asyncio.run(connections.resume(json.loads(json.dumps(first.cursor)))).reached == 2
    assert {data for _, data in gateway.received} == {b"\x00\xff"}


@pytest.mark.parametrize(
    "cursor", [{}, None, "x", {"cursor": "kit-websocket/1"}, {"cursor": "kit-websocket/1", "ids": []}]
)
def test_anything_else_is_no_cursor(connections, cursor):
    with pytest.raises(ValueError, match="cursor of a broadcast"):
        asyncio.run(connections.resume(cursor))


def test_a_room_is_read_page_by_page(connections, gateway, monkeypatch):
    monkeypatch.setattr("kit_websocket.broadcasts.sources._PAGE", 7)
    ids = members(connections, 20)
    delivery = asyncio.run(connections.broadcast("x", room="general"))
    assert delivery.reached == 20
    assert receivers(gateway) == sorted(ids)


def test_a_room_broadcast_is_one_query(connections, gateway, monkeypatch):
    import kit_aws

    members(connections, 20)
    calls, call = [], kit_aws.call

    def counted(service, operation, *more, **options):
        calls.append(operation)
        return call(service, operation, *more, **options)

    monkeypatch.setattr("kit_aws.call", counted)
    assert asyncio.run(connections.broadcast("x", room="general")).reached == 20
    assert calls == ["Query"]


def test_a_table_that_fails_in_the_middle_costs_no_place(connections, gateway, monkeypatch, caplog):
    from kit_websocket.broadcasts.sources import Source

    monkeypatch.setattr("kit_websocket.broadcasts.sources._PAGE", 5)
    members(connections, 12)
    read, places = Source.page, []

    def fail_once(self, place):
        places.append(place)
        if len(places) == 2:
            raise DynamoDBError("Query", "InternalServerError", "connections-rooms")
        return read(self, place)

    monkeypatch.setattr(Source, "page", fail_once)
    first = asyncio.run(connections.broadcast("x", room="general"))
    assert first.reached == 5
    assert "goes on by its cursor" in caplog.text
    assert asyncio.run(connections.resume(first.cursor)).reached == 7
    assert len(set(receivers(gateway))) == 12


def test_both_a_room_and_users_are_refused(connections):
    with pytest.raises(TypeError, match="not to both"):
        asyncio.run(connections.broadcast("x", room="a", users=["u"]))


def test_nobody_is_reached_by_nothing(connections, gateway):
    assert asyncio.run(connections.send_many([], "x")).reached == 0
    assert asyncio.run(connections.broadcast("x", room="empty")).reached == 0
    assert asyncio.run(connections.broadcast("x", users=[])).reached == 0
    assert gateway.requests == []


def test_one_loop_after_another_uses_the_same_connections(connections, gateway):
    for _ in range(3):
        asyncio.run(connections.send_many([f"c{each}" for each in range(16)], "x"))
    assert gateway.connections <= 2


def test_an_api_that_goes_down_in_the_middle_costs_no_account(connections, gateway, monkeypatch):
    monkeypatch.setattr("kit_core.backoff.Backoff.delay", lambda *_: 0.001)
    ids = [f"c{each}" for each in range(100)]
    lock, down = threading.Lock(), threading.Event()

    def go_down():
        gateway.stop()
        gateway.hang_up()

    ending = threading.Thread(target=go_down)

    def hold():
        with lock:
            if len(gateway.requests) >= 40 and not down.is_set():
                down.set()
                ending.start()
        if down.is_set():
            ending.join(10)

    gateway.hold = hold
    delivery = asyncio.run(connections.send_many(ids, "x"))
    assert down.is_set()
    assert delivery.reached + len(delivery.failures) == 100
    assert delivery.failures
    assert set(delivery.failures.values()) <= {"ConnectionRefusedError", "ConnectionResetError", "TimeoutError"}
    assert delivery.reached < 100


def test_threads_may_send_at_the_same_time(connections, gateway):
    def send(number):
        ids = [f"{number}-{each}" for each in range(40)]
        assert connections.sync.send_many(ids, "x").reached == 40

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(gateway.received) == 160
