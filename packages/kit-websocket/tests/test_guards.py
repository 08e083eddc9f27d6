"""The middleware that comes with the package."""

import asyncio
import json
import time

import pytest
from kit_websocket import (
    Authentication,
    Authorization,
    ConnectionManager,
    LogKeys,
    RateLimit,
    ReconnectHint,
    TooManyMessagesError,
    Tracking,
    WebSocketResolver,
)


@pytest.fixture
def resolver():
    resolver = WebSocketResolver()
    resolver.on_connect()(lambda event: event["requestContext"].get("authorizer"))
    resolver.on_disconnect()(lambda: "bye")
    resolver.on_default()(lambda: "done")
    return resolver


def body_of(response):
    return json.loads(response["body"])


class CountingManager(ConnectionManager):
    def __init__(self):
        super().__init__("connections")
        self.seen = []

    async def update_last_seen(self, connection_id):
        self.seen.append(connection_id)
        return await super().update_last_seen(connection_id)


def test_tracking_writes_nothing_while_a_connection_is_fresh(aws, resolver, make_event):
    manager = CountingManager()
    asyncio.run(manager.init_table())
    resolver.middleware(Tracking(manager, every=60))
    resolver.resolve(make_event("$connect", connection_id="a", authorizer={}), None)
    for _ in range(5):
        resolver.resolve(make_event("m", connection_id="a"), None)
    assert manager.seen == []
    for _ in range(5):
        resolver.resolve(make_event("m", connection_id="of another process"), None)
    assert manager.seen == ["of another process"]


def test_tracking_is_due_again_after_its_time(aws, resolver, make_event):
    manager = CountingManager()
    asyncio.run(manager.init_table())
    resolver.middleware(Tracking(manager, every=0))
    for _ in range(3):
        resolver.resolve(make_event("m", connection_id="a"), None)
    assert manager.seen == ["a"] * 3


def test_a_failing_table_costs_no_message(aws, resolver, make_event, caplog):
    resolver.middleware(Tracking(ConnectionManager("no-such-table")))
    assert body_of(resolver.resolve(make_event("m"), None)) == "done"
    assert "UpdateItem on table 'no-such-table'" in caplog.text


def connect(resolver, make_event, *, headers=None, query=None):
    event = make_event("$connect", authorizer={"known": "1"})
    return resolver.resolve(event | {"headers": headers or {}, "queryStringParameters": query}, None)


async def verify_later(token, context):
    await asyncio.sleep(0)
    return {"sub": "u-1"} if token == "good" else None


VERIFIERS = {
    "text": "good",
    "bool": lambda token, context: token == "good",
    "mapping": lambda token, context: {"sub": "u-1"} if token == "good" else None,
    "async": verify_later,
}


@pytest.mark.parametrize("verify", VERIFIERS.values(), ids=VERIFIERS)
@pytest.mark.parametrize(
    "carrier",
    [
        lambda token: {"headers": {"Authorization": f"Bearer {token}"}},
        lambda token: {"headers": {"authorization": token}},
        lambda token: {"query": {"token": token}},
        lambda token: {"headers": {"Sec-WebSocket-Protocol": f"chat, bearer, {token}"}},
    ],
    ids=["bearer", "header", "query", "subprotocol"],
)
def test_a_token_lets_in(resolver, make_event, caplog, verify, carrier):
    resolver.middleware(Authentication(verify))
    answer = connect(resolver, make_event, **carrier("good"))
    assert answer["statusCode"] == 200
    expected = {"known": "1"} | ({"sub": "u-1"} if verify in (VERIFIERS["mapping"], verify_later) else {})
    assert body_of(answer) == expected
    for token in ("bad", "goo", "good1", "ü"):
        refused = connect(resolver, make_event, **carrier(token))
        assert refused == {"statusCode": 401, "body": '{"message":"The token is not valid"}'}
    assert "good" not in caplog.text
    assert body_of(resolver.resolve(make_event("m"), None)) == "done"


@pytest.mark.parametrize("refusal", [{}, None, False, "", 0, 1, "yes", []])
def test_only_true_and_a_caller_let_in(resolver, make_event, refusal):
    resolver.middleware(Authentication(lambda token, context: {"good": {"sub": "u"}}.get(token, refusal)))
    assert connect(resolver, make_event, query={"token": "bad"})["statusCode"] == 401
    assert connect(resolver, make_event, query={"token": "good"})["statusCode"] == 200


def test_without_a_token_nobody_comes_in(resolver, make_event):
    resolver.middleware(Authentication("good", query=None))
    for options in ({}, {"query": {"token": "good"}}, {"headers": {"Sec-WebSocket-Protocol": "bearer"}}):
        assert connect(resolver, make_event, **options)["statusCode"] == 401


def test_the_name_of_the_subprotocol_is_confirmed_and_the_token_is_not(resolver, make_event):
    resolver.middleware(Authentication("good"))
    answer = connect(resolver, make_event, headers={"Sec-WebSocket-Protocol": "bearer, good"})
    assert answer["headers"] == {"Sec-WebSocket-Protocol": "bearer"}


def test_a_verifier_of_kit_handlers_shape_sets_the_authorizer(resolver, make_event):
    class UnauthorizedError(Exception):
        status = 401

    class Jwt:
        sources = ("authorization",)

        def __call__(self, token, request):
            assert request.headers["authorization"] == f"Bearer {token}"
            if token != "good":
                raise UnauthorizedError
            request.authorizer = {"sub": "u-2"}
            return True

    resolver.middleware(Authentication(Jwt()))
    assert body_of(connect(resolver, make_event, headers={"Authorization": "Bearer good"})) == {
        "known": "1",
        "sub": "u-2",
    }
    assert connect(resolver, make_event, headers={"Authorization": "Bearer bad"})["statusCode"] == 401


def test_a_verifier_that_fails_lets_nobody_in_and_shows_no_token(resolver, make_event, caplog):
    def fail(token, context):
        raise RuntimeError(token)

    resolver.middleware(Authentication(fail))
    assert connect(resolver, make_event, query={"token": "hunter2"})["statusCode"] == 503
    assert "hunter2" not in caplog.text
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize("verify", ["", None, 7])
def test_a_verifier_that_is_none_is_refused(verify):
    with pytest.raises((TypeError, ValueError)):
        Authentication(verify)


@pytest.mark.parametrize(
    ("route", "authorizer", "status"),
    [
        ("kick", {}, 401),
        ("kick", {"sub": "u", "roles": ["member"]}, 403),
        ("kick", {"sub": "u", "roles": ["member", "moderator"]}, 200),
        ("kick", {"sub": "u", "role": "member moderator"}, 200),
        ("open", {}, 200),
        ("asked", {"sub": "u", "age": "17"}, 403),
        ("asked", {"sub": "u", "age": "18"}, 200),
        ("$disconnect", {}, 200),
    ],
)
def test_routes_need_roles(resolver, make_event, route, authorizer, status):
    rules = {"kick": ["moderator"], "asked": lambda context: context.authorizer["age"] == "18"}
    resolver.middleware(Authorization(rules))
    assert resolver.resolve(make_event(route, authorizer=authorizer), None)["statusCode"] == status
    if not route.startswith("$"):
        event = make_event("$default", {"action": route}, authorizer=authorizer)
        assert resolver.resolve(event, None)["statusCode"] == status


def test_routes_that_are_not_named_may_be_closed(resolver, make_event):
    resolver.middleware(Authorization({"open": ["a"]}, others=False, role_of=lambda context: ["a"]))
    assert resolver.resolve(make_event("open", authorizer={"sub": "u"}), None)["statusCode"] == 200
    assert resolver.resolve(make_event("other", authorizer={"sub": "u"}), None)["statusCode"] == 403
    with pytest.raises(TypeError, match="list"):
        Authorization({"open": "a"})


@pytest.mark.parametrize("others", [True, False])
@pytest.mark.parametrize("action", [None, "unknown", "$connect", "$disconnect", "$default"])
@pytest.mark.parametrize("route", ["$default", "unknown"])
def test_no_name_in_a_message_leads_around_the_rule_of_the_default_route(resolver, make_event, route, action, others):
    resolver.middleware(Authorization({"$default": ["moderator"]}, others=others))
    event = make_event(route, {"action": action}, authorizer={"roles": "guest"})
    assert resolver.resolve(event, None)["statusCode"] == 403


def test_a_message_is_judged_by_the_handler_that_it_reaches(make_event):
    inner, outer = WebSocketResolver(), WebSocketResolver(route_field="message.kind")
    inner.on_message("kick")(lambda: "kicked")
    inner.middleware(Authorization({"kick": ["moderator"]}))
    outer.include(inner, prefix="rooms.")
    outer.on_message("ban")(lambda: "banned")
    outer.middleware(Authorization({"ban": ["moderator"]}))

    def ask(kind, roles):
        event = make_event("$default", {"message": {"kind": kind}}, authorizer={"roles": roles})
        return outer.resolve(event, None)["statusCode"]

    assert [ask(kind, "guest") for kind in ("ban", "rooms.kick", "kick")] == [403, 403, 404]
    assert [ask(kind, "moderator") for kind in ("ban", "rooms.kick")] == [200, 200]


def test_too_many_messages_of_a_connection_are_refused(resolver, make_event):
    resolver.middleware(RateLimit(3, per=3600))

    def ask(connection_id, route="m"):
        return resolver.resolve(make_event(route, connection_id=connection_id), None)["statusCode"]

    assert [ask("a") for _ in range(5)] == [200, 200, 200, 429, 429]
    assert [ask("b") for _ in range(3)] == [200] * 3
    assert ask("a", "$disconnect") == 200


def test_the_connections_of_a_user_share_a_limit(resolver, make_event):
    resolver.middleware(RateLimit(2, per=3600, key="user"))

    def ask(connection_id, user):
        event = make_event("m", connection_id=connection_id, authorizer={"sub": user})
        return resolver.resolve(event, None)["statusCode"]

    assert [ask("a", "u"), ask("b", "u"), ask("c", "u"), ask("c", "v")] == [200, 200, 429, 200]


def test_buckets_may_be_shared_and_fail_closed(resolver, make_event, caplog):
    class Buckets:
        async def take(self, key, *, rate, burst):
            assert (key, rate, burst) == ("chat:abc=", 2.0, 5)
            return waits.pop(0)

    waits = [0, 1.5]
    resolver.middleware(RateLimit(20, per=10, burst=5, buckets=Buckets(), name="chat"))
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 200
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 429
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 503
    assert TooManyMessagesError(2).retry_after == 2


@pytest.mark.parametrize("options", [{"limit": 0}, {"limit": 1, "per": 0}, {"limit": 1, "key": "ip"}])
def test_limits_that_mean_nothing_are_refused(options):
    with pytest.raises((TypeError, ValueError)):
        RateLimit(**options)


def test_a_client_is_told_once_to_connect_again(resolver, make_event, gateway):
    resolver.middleware(ReconnectHint(before=600))
    begun = {"young": time.time() - 60, "old": time.time() - 7000, "over": time.time() - 7300}
    for connection_id, at in begun.items():
        for _ in range(3):
            event = make_event("m", connection_id=connection_id, connectedAt=int(at * 1000))
            assert body_of(resolver.resolve(event, None)) == "done"
    assert [receiver for receiver, _ in gateway.received] == ["old"]
    (hint,) = gateway.messages("old")
    assert hint["type"] == "reconnect"
    assert 0 < hint["seconds"] <= 200


def test_log_lines_name_the_connection(resolver, make_event):
    lines = []

    class Logger:
        def append_keys(self, **keys):
            lines.append(keys)

        def remove_keys(self, keys):
            lines.append(keys)

    resolver.middleware(LogKeys(Logger()))
    resolver.resolve(make_event("m", connection_id="a"), None)
    assert lines == [{"connection_id": "a", "route": "m"}, ["connection_id", "route"]]
