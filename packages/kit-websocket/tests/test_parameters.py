"""What a handler is called with: fields of the message, typed bodies, the context, and the connection."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, TypedDict
from uuid import UUID

import pytest
from kit_websocket import Connection, ConnectionManager, Context, InvalidMessageError, WebSocketResolver


@pytest.fixture
def resolver():
    return WebSocketResolver()


def body_of(response):
    return json.loads(response["body"])


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_members_of_the_message_are_parameters(resolver, make_event, kind):
    if kind == "sync":

        @resolver.on_message("say")
        def say(room: str, text: str, *, loud: bool = False):
            return [room, text, loud]
    else:

        @resolver.on_message("say")
        async def say_later(room: str, text: str, *, loud: bool = False):
            return [room, text, loud]

    assert body_of(resolver.resolve(make_event("say", {"room": "a", "text": "b"}), None)) == ["a", "b", False]
    answer = resolver.resolve(make_event("say", {"room": 7, "loud": "yes"}), None)
    assert answer["statusCode"] == 400
    assert body_of(answer) == {
        "type": "error",
        "status": 400,
        "message": "The message is invalid",
        "errors": [
            {"field": "room", "message": "must be a string"},
            {"field": "text", "message": "is required"},
            {"field": "loud", "message": "must be true or false"},
        ],
    }
    for wrong in ([1], "text", 7, ""):
        answer = body_of(resolver.resolve(make_event("say", json.dumps(wrong)), None))
        assert answer["errors"] == [{"message": "must be an object"}]


class Colour(Enum):
    RED = "red"


class Place(TypedDict):
    street: str
    number: NotRequired[int]


@dataclass
class Order:
    id: UUID
    amount: Decimal
    at: datetime
    colour: Colour
    kind: Literal["new", "used"]
    places: list[Place]
    note: str | None = None
    tags: set[str] = field(default_factory=set)
    limits: dict[str, float] = field(default_factory=dict)
    pair: tuple[int, str] = (1, "a")


ORDER = {
    "id": "00000000-0000-0000-0000-000000000001",
    "amount": "10.50",
    "at": "2030-01-31T12:00:00Z",
    "colour": "red",
    "kind": "new",
    "places": [{"street": "a", "number": 1}, {"street": "b"}],
}


def test_a_dataclass_is_loaded(resolver, make_event):
    seen = []

    @resolver.on_message("order")
    def order(body: Order):
        seen.append(body)

    message = {"action": "order", **ORDER, "tags": ["x"], "limits": {"a": 1}, "pair": [2, "b"], "unknown": 1}
    assert resolver.resolve(make_event("order", message), None)["statusCode"] == 200
    assert seen == [
        Order(
            UUID(int=1),
            Decimal("10.50"),
            datetime(2030, 1, 31, 12, tzinfo=UTC),
            Colour.RED,
            "new",
            [{"street": "a", "number": 1}, {"street": "b"}],
            tags={"x"},
            limits={"a": 1.0},
            pair=(2, "b"),
        )
    ]


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"id": "x"}, {"id": "must be a UUID"}),
        (
            {"amount": "ten", "at": 7},
            {"amount": "must be a number", "at": "must be a date and time such as 2030-01-31T12:00:00Z"},
        ),
        ({"colour": "blue", "kind": 1}, {"colour": "must be one of 'red'", "kind": "must be one of 'new', 'used'"}),
        (
            {"places": [{"street": 1}, {"number": True}, 5]},
            {
                "places.0.street": "must be a string",
                "places.1.street": "is required",
                "places.1.number": "must be an integer",
                "places.2": "must be an object",
            },
        ),
        ({"places": {}}, {"places": "must be a list"}),
        ({"note": 5}, {"note": "must be a string"}),
        ({"tags": [["a"]]}, {"tags.0": "must be a string"}),
        ({"limits": {"a": "b"}}, {"limits.a": "must be a number"}),
        ({"pair": [1]}, {"pair": "must be a list of 2 items"}),
    ],
)
def test_wrong_fields_are_named(resolver, make_event, change, errors):
    @resolver.on_message("order")
    def order(body: Order):
        raise AssertionError

    answer = resolver.resolve(make_event("order", {**ORDER, **change}), None)
    assert {each["field"]: each["message"] for each in body_of(answer)["errors"]} == errors


class RejectedError(ValueError):
    def __init__(self, messages):
        super().__init__("password=hunter2")
        self.messages = messages


class Schema:
    text: str

    @classmethod
    def load(cls, value):
        if set(value) != {"text"}:
            raise RejectedError({"text": ["Missing data."], "_schema": ["Unknown field."]})
        if value["text"] == "bug":
            raise RuntimeError("a bug")
        return value["text"].upper()


def test_a_class_with_load_is_used(resolver, make_event):
    resolver.on_message("m")(_load)
    assert body_of(resolver.resolve(make_event("m", {"action": "m", "text": "a"}), None)) == "A"
    answer = body_of(resolver.resolve(make_event("m", {"texts": "a"}), None))
    assert answer["errors"] == [{"field": "text", "message": "Missing data."}, {"message": "Unknown field."}]
    assert resolver.resolve(make_event("m", {"text": "bug"}), None)["statusCode"] == 500


def _load(body: Schema):
    return body


def test_annotations_may_be_texts_and_annotated(resolver, make_event):
    def handler(body: "Annotated[dict[str, int], 'metadata'] | None", anything: Any = 1):
        return [body, anything]

    resolver.on_message("m")(handler)
    assert body_of(resolver.resolve(make_event("m", {"a": 1}), None)) == [{"a": 1}, 1]
    assert resolver.resolve(make_event("m", {"a": "b"}), None)["statusCode"] == 400

    def unknown(body: "NoSuchName"):  # noqa: F821
        return body

    with pytest.raises(TypeError, match="NoSuchName"):
        resolver.on_message("n")(unknown)


def test_a_handler_may_raise_wrong_fields_itself(resolver, make_event):
    @resolver.on_message("m")
    def refuse():
        raise InvalidMessageError("No such room", [{"field": "room", "message": "does not exist"}])

    assert body_of(resolver.resolve(make_event("m"), None)) == {
        "type": "error",
        "status": 400,
        "message": "No such room",
        "errors": [{"field": "room", "message": "does not exist"}],
    }


def test_the_context_is_an_object(resolver, make_event, gateway):
    seen = []

    @resolver.on_message("m")
    async def handle(context: Context):
        seen.append(context)
        return await context.send({"n": 1})

    event = make_event("m", connection_id="a", authorizer={"user": "u"})
    assert body_of(resolver.resolve(event, "the lambda's")) is True
    (context,) = seen
    assert (context.connection_id, context.route_key, context.event_type) == ("a", "m", "MESSAGE")
    assert context.lambda_context == "the lambda's"
    assert context.authorizer == {"user": "u"}
    assert context.source_ip == "203.0.113.7"
    assert context.connected_at.tzinfo is UTC
    assert context.expires_in < 0
    assert context.disconnect_code is None
    assert (context.headers, context.query, context.subprotocols) == ({}, {}, [])
    assert repr(context) == "Context('m', 'a')"
    with pytest.raises(AttributeError, match="unknown"):
        _ = context.unknown
    assert gateway.messages("a") == [{"n": 1}]


def test_the_offered_subprotocols_are_read(make_event):
    event = make_event("$connect") | {"headers": {"Sec-WebSocket-Protocol": "a, b"}}
    assert Context(event).subprotocols == ["a", "b"]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_handler_gets_its_connection(aws, make_event, kind):
    manager = ConnectionManager("connections")
    asyncio.run(manager.init_table())
    resolver = WebSocketResolver(connections=manager)
    if kind == "sync":
        resolver.on_message("m")(_user)
        resolver.on_message("maybe")(_maybe)
    else:

        @resolver.on_message("m")
        async def user(connection: Connection):
            return connection.user_id

        @resolver.on_message("maybe")
        async def maybe(connection: Connection | None):
            return connection

    asyncio.run(manager.connect("a", user_id="u"))
    assert body_of(resolver.resolve(make_event("m", connection_id="a"), None)) == "u"
    unknown = resolver.resolve(make_event("m", connection_id="b"), None)
    assert (unknown["statusCode"], body_of(unknown)["type"]) == (410, "error")
    assert resolver.resolve(make_event("maybe", connection_id="b"), None) == {"statusCode": 200}


def _user(connection: Connection):
    return connection.user_id


def _maybe(anything: Connection | None):
    return anything


def test_a_connection_needs_a_manager(resolver, make_event, caplog):
    resolver.on_message("m")(_user)
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 500
    assert "WebSocketResolver(connections=" in str(caplog.records[-1].exc_info[1])
