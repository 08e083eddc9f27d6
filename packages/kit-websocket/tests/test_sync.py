"""The manager for code without an event loop."""

import asyncio
import inspect

import pytest
from kit_websocket import ConnectionManager, SyncConnectionManager


def test_every_method_has_its_twin():
    def methods(kind):
        return {
            name: inspect.signature(value)
            for name, value in vars(kind).items()
            if inspect.isfunction(value) and not name.startswith("_")
        }

    asynchronous, blocking = methods(ConnectionManager), methods(SyncConnectionManager)
    assert set(asynchronous) - set(blocking) == {"forget_rooms"}
    assert set(blocking) <= set(asynchronous)
    for name, signature in blocking.items():
        assert list(signature.parameters) == list(asynchronous[name].parameters), name
        assert inspect.iscoroutinefunction(getattr(ConnectionManager, name)), name


def test_everything_works_without_a_loop(aws, gateway):
    connections = ConnectionManager("connections").sync
    assert isinstance(connections, SyncConnectionManager)
    connections.init_table()
    connections.connect("a", {"n": 1}, user_id="u", endpoint_id="e", area="x")
    assert connections.get_connection("a").client_data == {"n": 1}
    assert connections.update_last_seen("a") is True
    assert connections.join("a", "general") is True
    assert (connections.rooms("a"), connections.counts("general")) == (["general"], {"general": 1})
    assert [each.connection_id for each in connections.members("general")] == ["a"]
    for found in (
        connections.get_user_connections("u"),
        connections.get_endpoint_connections("e", "x"),
        connections.get_area_connections("x"),
    ):
        assert [each.connection_id for each in found] == ["a"]
    assert connections.send("a", {"n": 1}) is True
    assert connections.send_to_user("u", "x") == 1
    assert connections.send_many(["a"], "y").reached == 1
    assert connections.broadcast("z", room="general").reached == 1
    assert connections.status("a").source_ip == "203.0.113.7"
    assert connections.leave("a", "general") is True
    assert connections.expire({"Records": []}) == {"batchItemFailures": []}
    assert connections.close("a") is True
    assert connections.disconnect("a")["statusCode"] == 404


def test_a_running_loop_says_what_to_do(aws):
    connections = ConnectionManager("connections")

    async def inside():
        connections.sync.get_connection("a")

    with pytest.raises(RuntimeError, match="await"):
        asyncio.run(inside())
