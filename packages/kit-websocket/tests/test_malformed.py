"""Whatever comes in: there is a valid answer, and nothing internal in it."""

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import TypedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit_websocket import (
    Context,
    EventShapeError,
    FunctionRouter,
    Middleware,
    StatusError,
    Tracking,
    WebSocketResolver,
)

SECRET = "password=hunter2"


@pytest.fixture(autouse=True, scope="module")
def quiet():
    """Keep thousands of expected tracebacks out of the report."""
    logger = logging.getLogger("kit.websocket")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


class Place(TypedDict):
    street: str


@dataclass
class Order:
    number: int
    places: list[Place]
    note: str | None = None


class Pass(Middleware):
    pass


def build(*, middleware):
    resolver = WebSocketResolver(route_field="message.kind" if middleware else "action")
    functions = FunctionRouter()
    resolver.include(functions, prefix="f.")
    if middleware:
        resolver.middleware(Pass)
        resolver.middleware(lambda event, context, next_handler: next_handler(event, context))
    resolver.on_connect()(lambda event: {"headers": sorted(event.get("headers") or {})})
    resolver.on_disconnect()(lambda: None)
    resolver.on_message("order")(_order)
    resolver.on_message("fields")(_fields)
    resolver.on_message("echo")(_echo)
    functions.function("run")(_fields)

    @resolver.on_message("crash")
    async def crash(body):
        raise RuntimeError(SECRET)

    @resolver.on_message("refuse")
    async def refuse(body):
        raise StatusError(409, "Taken")

    @resolver.on_default()
    async def default(context: Context, body):
        await asyncio.sleep(0)
        return [context.route_key, context.source_ip if isinstance(context.event.get("x"), str) else None]

    return resolver


def _order(body: Order):
    return body


def _fields(number: int, name: str = "", *, tags: list[str] | None = None):
    return [number, name, tags]


def _echo(body):
    return body


RESOLVERS = [build(middleware=False), build(middleware=True)]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["action", "message", "kind", "id", "number", "places", "street", "funct", "payload", "name"]
            )
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
likely = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(["order", "fields", "echo", "crash", "refuse", "none"]) | anything,
        "message": st.fixed_dictionaries({"kind": st.sampled_from(["order", "echo", "crash"])}) | anything,
        "id": st.text(max_size=4) | st.integers() | anything,
        "number": st.integers() | anything,
        "places": st.lists(st.fixed_dictionaries({"street": st.text(max_size=3)}), max_size=2) | anything,
        "funct": st.just("run") | anything,
        "payload": st.just('{"number": 1}') | anything,
    },
)
bodies = (
    st.builds(json.dumps, likely | anything)
    | st.text(max_size=30)
    | st.sampled_from(
        ['{"id": 1', '{"id":"\\ud800"}', "NaN", '{"id": 1e999}', "[" * 2000, '{"a":' * 2000, "\x00", "\ufeff{}"]
    )
)
routes = st.sampled_from(
    ["$default", "order", "fields", "echo", "crash", "refuse", "unknown", "f.stream", "f.x", "$connect", "$disconnect"]
)


def check(response):
    assert response.keys() <= {"statusCode", "body", "headers", "isBase64Encoded"}
    assert type(response["statusCode"]) is int
    assert response.get("body") is None or isinstance(response["body"], str)
    text = json.dumps(response)  # as Lambda's runtime does it
    assert SECRET not in text
    assert "Traceback" not in text
    if response["statusCode"] >= 400 and "body" in response:
        told = json.loads(response["body"])
        assert isinstance(told["message"], str)
        assert "Error" not in told["message"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(RESOLVERS), routes, bodies | anything, st.booleans() | anything)
def test_every_message_has_a_valid_answer(resolver, route, body, encoded):
    event = {"requestContext": {"routeKey": route, "connectionId": "c"}, "body": body, "isBase64Encoded": encoded}
    check(resolver.resolve(event, None))


contexts = anything | st.fixed_dictionaries(
    {},
    optional={
        "routeKey": routes | anything,
        "connectionId": st.text(max_size=3) | anything,
        "connectedAt": anything,
        "eventType": anything,
        "identity": anything,
        "authorizer": anything,
        "domainName": anything,
    },
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(RESOLVERS),
    st.fixed_dictionaries(
        {"requestContext": contexts}, optional={"body": bodies | anything, "headers": anything, "x": anything}
    )
    | anything,
)
def test_every_event_has_a_valid_answer_or_is_none_of_a_websocket_api(resolver, event):
    try:
        response = resolver.resolve(event, None)
    except EventShapeError:
        return
    check(response)


@pytest.mark.parametrize("authorizer", [None, "text", [1], 7, {"roles": 5}])
def test_tracking_and_guards_take_odd_contexts(make_event, authorizer):
    resolver = WebSocketResolver()
    resolver.on_message("m")(lambda: "done")

    class Manager:
        async def update_last_seen(self, connection_id): ...

    resolver.middleware(Tracking(Manager()))
    check(resolver.resolve(make_event("m", authorizer=authorizer), None))
