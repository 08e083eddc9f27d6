"""Messages that name a function, as SilvaEngine's clients send them."""

import asyncio
import json

import pytest
from kit_websocket import Connection, ConnectionManager, Context, FunctionRouter, WebSocketResolver


@pytest.fixture
def functions():
    router = FunctionRouter()

    @router.function("processData")
    def process(key: str, count: int = 1):
        return {"key": key, "count": count}

    @router.function()
    async def whole(payload, connection_id, context: Context):
        return [payload, connection_id, context.route_key]

    return router


def message(name, payload=None, **more):
    return {"funct": name, **({} if payload is None else {"payload": payload}), **more}


def body_of(response):
    return json.loads(response["body"])


@pytest.mark.parametrize("route", ["stream", "$default"])
@pytest.mark.parametrize("payload", ['{"key": "value"}', {"key": "value"}])
def test_a_message_runs_the_function_that_it_names(functions, make_event, route, payload):
    answer = functions.resolve(make_event(route, message("processData", payload)), None)
    assert body_of(answer) == {"key": "value", "count": 1}


def test_a_function_gets_what_it_names(functions, make_event):
    event = make_event("stream", message("whole", '{"a": [1]}', id=7), connection_id="c")
    assert body_of(functions.resolve(event, None)) == {"type": "ack", "id": 7, "result": [{"a": [1]}, "c", "stream"]}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "funct"),
        ({"funct": 7}, 400, "funct"),
        ([1], 400, "funct"),
        (message("unknown"), 404, None),
        (message("processData"), 400, "key"),
        (message("processData", "{"), 400, "payload"),
        (message("processData", "[1]"), 400, "payload"),
        (message("processData", '{"key": 1}'), 400, "key"),
        (message("_run", "{}"), 404, None),
    ],
)
def test_a_message_that_fits_no_function_is_answered(functions, make_event, body, status, field):
    answer = functions.resolve(make_event("stream", body), None)
    assert answer["statusCode"] == status
    assert [each.get("field") for each in body_of(answer).get("errors", [])] == ([field] if field else [])


def test_the_connection_gives_the_endpoint_and_the_area(aws, make_event):
    manager = ConnectionManager("connections")
    router = FunctionRouter(connections=manager)

    @router.function()
    def where(endpoint_id: str, area: str, connection: Connection):
        return [endpoint_id, area, connection.user_id]

    async def connect():
        await manager.init_table()
        await manager.connect("a", user_id="u", endpoint_id="my-app", area="production")
        await manager.connect("b", endpoint_id="my-app", area="test")
        return (
            [each.connection_id for each in await manager.get_endpoint_connections("my-app", "test")],
            sorted(each.connection_id for each in await manager.get_endpoint_connections("my-app")),
            [each.connection_id for each in await manager.get_area_connections("production")],
        )

    assert asyncio.run(connect()) == (["b"], ["a", "b"], ["a"])
    answer = router.resolve(make_event("stream", message("where", "{}"), connection_id="a"), None)
    assert body_of(answer) == ["my-app", "production", "u"]
    unknown = router.resolve(make_event("stream", message("where", "{}"), connection_id="x"), None)
    assert unknown["statusCode"] == 404
    assert body_of(unknown)["message"] == "WebSocket connection not found"


def test_a_client_of_silvaengine_is_served(aws, make_event):
    manager = ConnectionManager("connections")
    router = FunctionRouter(connections=manager)
    asyncio.run(manager.init_table())

    @router.function("processData")
    def process(endpoint_id: str, area: str, key: str, connection: Connection):
        return [endpoint_id, area, key, connection.client_data["seller_id"]]

    event = make_event("$connect", connection_id="a", authorizer={"seller_id": "7"})
    event |= {"queryStringParameters": {"endpointId": "my-app", "area": "production", "x-api-key": "k"}}
    assert router.resolve(event, None)["statusCode"] == 200
    stream = make_event("stream", message("processData", '{"key": "value"}'), connection_id="a")
    assert body_of(router.resolve(stream, None)) == ["my-app", "production", "value", "7"]
    assert router.resolve(make_event("$disconnect", connection_id="a"), None)["statusCode"] == 200
    assert router.resolve(stream, None)["statusCode"] == 404


def test_it_can_be_included(functions, make_event):
    resolver = WebSocketResolver()
    resolver.on_message("ping")(lambda: "pong")
    resolver.include(functions)
    answer = resolver.resolve(make_event("stream", message("processData", {"key": "a"})), None)
    assert body_of(answer) == {"key": "a", "count": 1}
    assert body_of(resolver.resolve(make_event("ping"), None)) == "pong"
