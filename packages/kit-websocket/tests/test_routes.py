"""Routes: by the message's own field, included resolvers, acknowledgements, and replies that are sent."""

import json

import pytest
from kit_websocket import Middleware, StatusError, WebSocketResolver


def body_of(response):
    return json.loads(response["body"])


@pytest.mark.parametrize(
    ("field", "message"),
    [("action", {"action": "hello"}), ("message.kind", {"message": {"kind": "hello"}})],
)
def test_a_message_to_default_is_routed_by_its_own_field(make_event, field, message):
    resolver = WebSocketResolver(route_field=field)
    resolver.on_message("hello")(lambda body: ["hello", body])
    resolver.on_default()(lambda body: ["default", body])
    assert body_of(resolver.resolve(make_event("$default", message), None)) == ["hello", message]
    for other in ({}, {"action": "$connect"}, {"action": 7}, [1], None):
        assert body_of(resolver.resolve(make_event("$default", other), None)) == ["default", other]


def test_text_that_is_no_json_goes_to_default(make_event):
    resolver = WebSocketResolver()
    resolver.on_message("hello")(lambda: "hello")
    resolver.on_default()(lambda event: event["body"])
    assert body_of(resolver.resolve(make_event("$default", "hello"), None)) == "hello"


def test_without_a_route_field_the_message_is_not_looked_at(make_event):
    resolver = WebSocketResolver(route_field=None)
    resolver.on_message("hello")(lambda: "hello")
    resolver.on_default()(lambda: "default")
    assert body_of(resolver.resolve(make_event("$default", {"action": "hello"}), None)) == "default"


def test_included_handlers_have_a_prefix_and_their_own_middleware(make_event):
    order = []

    def note(name):
        def middleware(event, context, next_handler):
            order.append(name)
            return next_handler(event, context)

        return middleware

    rooms, chat = WebSocketResolver(), WebSocketResolver()
    chat.include(rooms, prefix="rooms.")
    chat.middleware(note("chat"))
    rooms.middleware(note("rooms"))
    rooms.on_message("join")(lambda: "joined")
    rooms.on_connect()(lambda: "connected")
    chat.on_message("join")(lambda: "chat's own")
    assert body_of(chat.resolve(make_event("rooms.join"), None)) == "joined"
    assert order == ["chat", "rooms"]
    assert body_of(chat.resolve(make_event("join"), None)) == "chat's own"
    assert body_of(chat.resolve(make_event("$connect"), None)) == "connected"
    assert chat.resolve(make_event("rooms.leave"), None)["statusCode"] == 404


def test_a_resolver_cannot_include_itself():
    outer, inner = WebSocketResolver(), WebSocketResolver()
    outer.include(inner)
    for resolver, included in ((outer, outer), (inner, outer)):
        with pytest.raises(ValueError, match="include itself"):
            resolver.include(included)


@pytest.mark.parametrize("message_id", ["7", 7, 0, 'ü"\n'])
def test_a_message_with_an_id_is_acknowledged(make_event, message_id):
    resolver = WebSocketResolver()
    resolver.on_message("result")(lambda: {"a": 1})
    resolver.on_message("nothing")(lambda: None)
    resolver.on_message("text")(lambda: {"statusCode": 200, "body": "no JSON"})

    @resolver.on_message("error")
    def fail():
        raise StatusError(409, "Taken")

    @resolver.on_message("crash")
    def crash():
        raise RuntimeError("password=hunter2")

    @resolver.on_message("typed")
    def typed(room: str): ...

    def ask(route):
        return body_of(resolver.resolve(make_event(route, {"id": message_id}), None))

    ack = {"type": "ack", "id": message_id}
    assert ask("result") == {**ack, "result": {"a": 1}}
    assert ask("nothing") == {**ack, "result": None}
    assert ask("text") == {**ack, "result": "no JSON"}
    error = {"type": "error", "id": message_id}
    assert ask("error") == {**error, "status": 409, "message": "Taken"}
    assert ask("crash") == {**error, "status": 500, "message": "Internal server error"}
    assert ask("typed")["errors"] == [{"field": "room", "message": "is required"}]
    assert ask("unknown") == {**error, "status": 404, "message": "No handler found for route"}


@pytest.mark.parametrize(
    "body", [{"id": None}, {"id": True}, {"id": [1]}, {"id": {}}, [{"id": 1}], '{"id', {"x": '"id"'}]
)
def test_anything_else_is_no_id(make_event, body):
    resolver = WebSocketResolver()
    resolver.on_message("m")(lambda: {"a": 1})
    assert body_of(resolver.resolve(make_event("m", body), None)) == {"a": 1}


def test_acknowledgements_can_be_switched_off_or_named(make_event):
    silent, named = WebSocketResolver(ack=None), WebSocketResolver(ack="ref")
    for resolver in (silent, named):
        resolver.on_message("m")(lambda: 1)
    assert body_of(silent.resolve(make_event("m", {"id": 7}), None)) == 1
    assert body_of(named.resolve(make_event("m", {"ref": 7}), None)) == {"type": "ack", "id": 7, "result": 1}


def test_connecting_is_not_acknowledged(make_event):
    resolver = WebSocketResolver(reply="send")
    resolver.on_connect()(lambda: {"a": 1})
    assert resolver.resolve(make_event("$connect"), None) == {"statusCode": 200, "body": '{"a":1}'}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("by", ["argument", "environment", "route"])
def test_a_result_is_sent_where_no_route_response_carries_it(make_event, gateway, monkeypatch, kind, by):
    resolver = WebSocketResolver(reply="send" if by == "argument" else None)
    if by == "environment":
        monkeypatch.setenv("KIT_WEBSOCKET_REPLY", "send")
    options = {"reply": "send"} if by == "route" else {}
    if kind == "sync":
        resolver.on_message("m", **options)(lambda: {"a": 1})
    else:

        @resolver.on_message("m", **options)
        async def handle():
            return {"a": 1}

    assert resolver.resolve(make_event("m", connection_id="c"), None) == {"statusCode": 200}
    assert resolver.resolve(make_event("m", {"id": 7}, connection_id="c"), None) == {"statusCode": 200}
    assert gateway.messages("c") == [{"a": 1}, {"type": "ack", "id": 7, "result": {"a": 1}}]


def test_errors_are_sent_too_and_nothing_is_not(make_event, gateway):
    resolver = WebSocketResolver(reply="send")
    resolver.on_message("nothing")(lambda: None)
    resolver.on_message("seed")(lambda: {"statusCode": 400, "message": "Invalid connection"})
    assert resolver.resolve(make_event("nothing", connection_id="c"), None) == {"statusCode": 200}
    assert resolver.resolve(make_event("seed", connection_id="c"), None) == {"statusCode": 400}
    assert resolver.resolve(make_event("unknown", connection_id="c"), None) == {"statusCode": 404}
    assert [message["message"] for message in gateway.messages("c")] == [
        "Invalid connection",
        "No handler found for route",
    ]


def test_a_reply_that_cannot_be_sent_is_logged(make_event, gateway, caplog):
    resolver = WebSocketResolver(reply="send")
    resolver.on_message("m")(lambda: {"a": 1})
    gateway.answers["c"] = [410, 403]
    assert resolver.resolve(make_event("m", connection_id="c"), None) == {"statusCode": 200}
    assert caplog.records == []
    assert resolver.resolve(make_event("m", connection_id="c"), None) == {"statusCode": 500}
    assert "ForbiddenException" in caplog.text


@pytest.mark.parametrize(
    "call", [lambda: WebSocketResolver(reply="mail"), lambda: WebSocketResolver().on_message("m", reply="x")]
)
def test_a_way_that_does_not_exist_is_refused(call):
    with pytest.raises(ValueError, match="reply is"):
        call()


def test_middleware_sees_the_response_before_it_is_acknowledged(make_event):
    resolver = WebSocketResolver()
    resolver.on_message("m")(lambda: 1)
    seen = []

    @resolver.middleware
    class See(Middleware):
        async def __call__(self, event, context, next_handler):
            seen.append(await next_handler(event, context))
            return seen[-1]

    assert body_of(resolver.resolve(make_event("m", {"id": 7}), None))["type"] == "ack"
    assert seen == [{"statusCode": 200, "body": "1"}]
