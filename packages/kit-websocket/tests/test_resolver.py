import asyncio
import contextvars
import json
import logging
import re
import threading
from types import SimpleNamespace

import pytest
from kit_core import invocation, loop
from kit_core.errors import TimeUpError
from kit_websocket import (
    EventShapeError,
    ForbiddenError,
    Middleware,
    ResponseShapeError,
    StatusError,
    UnauthorizedError,
    WebSocketResolver,
)


@pytest.fixture
def resolver():
    return WebSocketResolver()


def body_of(response):
    return json.loads(response["body"])


@pytest.mark.parametrize("route_key", ["$connect", "$disconnect", "$default", "message"])
def test_each_route_has_its_own_handler(resolver, make_event, route_key):
    resolver.on_connect()(lambda event: "$connect")
    resolver.on_disconnect()(lambda event: "$disconnect")
    resolver.on_default()(lambda event: "$default")
    resolver.on_message("message")(lambda event: "message")
    assert body_of(resolver.resolve(make_event(route_key), None)) == route_key


def test_the_resolver_is_a_lambda_handler(resolver, make_event):
    resolver.on_message("ping")(lambda: {"action": "pong"})
    assert resolver(make_event("ping"), None) == {"statusCode": 200, "body": '{"action":"pong"}'}


def test_registering_leaves_the_function_as_it_is(resolver):
    def ping():
        return None

    assert resolver.on_message("ping")(ping) is ping


def test_a_handler_gets_the_parameters_that_it_names(resolver, make_event):
    seen = {}

    @resolver.on_message("message")
    def all_of_them(body, connection_id, context, event):
        seen.update(body=body, connection_id=connection_id, context=context, event=event)

    @resolver.on_message("rest")
    def rest(connection_id, *, limit=10, **others):
        seen.update(limit=limit, others=sorted(others))

    event = make_event("message", {"text": "hello"}, connection_id="c-1")
    resolver.resolve(event, "the context")
    assert seen == {"body": {"text": "hello"}, "connection_id": "c-1", "context": "the context", "event": event}
    resolver.resolve(make_event("rest"), None)
    assert seen["limit"] == 10
    assert seen["others"] == ["body", "context", "event"]


@pytest.mark.parametrize("handler", [lambda connection: None, lambda event, /: None, lambda *, user: None])
def test_an_unknown_parameter_of_connect_is_an_error_at_registration(resolver, handler):
    with pytest.raises(TypeError, match=r"asks for '(connection|event|user)'; a handler is called by keyword with"):
        resolver.on_connect()(handler)


@pytest.mark.parametrize("route_key", ["$connect", "$disconnect", "", print])
def test_a_message_has_a_route_key_of_its_own(resolver, route_key):
    with pytest.raises(TypeError, match="route key"):
        resolver.on_message(route_key)


def test_methods_callable_objects_and_wrapped_functions_are_handlers(resolver, make_event):
    class Handlers:
        async def method(self, connection_id):
            return ["method", connection_id]

        async def __call__(self, body):
            return ["object", body]

    def decorated(function):
        import functools

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    @resolver.on_message("wrapped")
    @decorated
    async def wrapped(body, connection_id):
        return ["wrapped", body]

    resolver.on_message("method")(Handlers().method)
    resolver.on_message("object")(Handlers())
    assert body_of(resolver.resolve(make_event("method", connection_id="m"), None)) == ["method", "m"]
    assert body_of(resolver.resolve(make_event("object", 1), None)) == ["object", 1]
    assert body_of(resolver.resolve(make_event("wrapped", 2), None)) == ["wrapped", 2]


@pytest.mark.parametrize("middleware", ["none", "blocking", "async"])
def test_a_coroutine_from_a_function_that_is_not_one_is_awaited(resolver, make_event, middleware):
    async def answer(connection_id):
        await asyncio.sleep(0)
        return [connection_id]

    @resolver.on_message("m")
    def undecided(connection_id):
        return answer(connection_id)

    if middleware == "blocking":
        resolver.middleware(lambda event, context, next_handler: next_handler(event, context))
    elif middleware == "async":
        resolver.middleware(Middleware)
    assert body_of(resolver.resolve(make_event("m", connection_id="a"), None)) == ["a"]


def test_the_last_handler_registered_is_called(resolver, make_event):
    resolver.on_message("ping")(lambda: 1)
    assert body_of(resolver.resolve(make_event("ping"), None)) == 1
    resolver.on_message("ping")(lambda: 2)
    assert body_of(resolver.resolve(make_event("ping"), None)) == 2


def test_a_message_without_a_handler_goes_to_the_default(resolver, make_event):
    resolver.on_default()(lambda event: event["requestContext"]["routeKey"])
    assert body_of(resolver.resolve(make_event("unknown"), None)) == "unknown"


@pytest.mark.parametrize("route_key", ["$connect", "$disconnect"])
def test_connecting_is_no_message_for_the_default(resolver, make_event, route_key):
    resolver.on_default()(lambda: "let in")
    assert resolver.resolve(make_event(route_key), None)["statusCode"] == 404


def test_no_handler_is_404(resolver, make_event):
    response = resolver.resolve(make_event("unknown"), None)
    assert response["statusCode"] == 404
    assert body_of(response) == {"type": "error", "status": 404, "message": "No handler found for route"}


@pytest.mark.parametrize(
    ("event", "missing"),
    [
        ({}, "routeKey"),
        ({"requestContext": None}, "routeKey"),
        ({"requestContext": "text"}, "routeKey"),
        ({"requestContext": {"routeKey": 7, "connectionId": "a"}}, "routeKey"),
        ({"requestContext": {"routeKey": "m", "connectionId": ["a"]}}, "connectionId"),
        (["no mapping"], "routeKey"),
        ({"requestContext": {"routeKey": "$connect"}}, "connectionId"),
        ({"Records": []}, "routeKey"),
    ],
)
def test_another_kind_of_event_is_an_error(resolver, event, missing):
    with pytest.raises(EventShapeError, match=f"requestContext has no '{missing}'") as caught:
        resolver.resolve(event, None)
    assert caught.value.missing == missing


def test_a_dict_with_a_status_is_the_response(resolver, make_event):
    response = {"statusCode": 400, "body": "Invalid connection", "headers": {"a": "b"}}
    resolver.on_message("m")(lambda: response)
    assert resolver.resolve(make_event("m"), None) == response


def test_members_that_no_response_has_are_its_body(resolver, make_event):
    resolver.on_message("m")(lambda: {"statusCode": 400, "message": "Invalid connection"})
    assert resolver.resolve(make_event("m"), None) == {"statusCode": 400, "body": '{"message":"Invalid connection"}'}


@pytest.mark.parametrize(
    ("response", "named"),
    [
        ({"statusCode": "200"}, "statusCode='200', which should be a number"),
        ({"statusCode": True}, "statusCode=True"),
        ({"statusCode": 42}, "statusCode=42"),
        ({"statusCode": 200, "body": {"a": 1}}, r"body=\{'a': 1\}, which should be text"),
        ({"statusCode": 200, "body": b"a"}, "body=b'a'"),
    ],
)
def test_a_response_that_api_gateway_would_not_take_is_an_error_that_says_so(
    resolver, make_event, caplog, response, named
):
    resolver.on_message("m")(lambda: response)
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 500
    error = caplog.records[-1].exc_info[1]
    assert isinstance(error, ResponseShapeError)
    assert re.search(named, str(error))


def test_nothing_is_an_empty_200(resolver, make_event):
    resolver.on_connect()(lambda: None)
    assert resolver.resolve(make_event("$connect"), None) == {"statusCode": 200}


def test_an_exception_is_500_without_its_text(resolver, make_event, caplog):
    @resolver.on_message("m")
    async def fail():
        raise RuntimeError("db password=hunter2")

    with caplog.at_level(logging.ERROR, "kit.websocket"):
        response = resolver.resolve(make_event("m"), None)
    assert response["statusCode"] == 500
    assert body_of(response) == {"type": "error", "status": 500, "message": "Internal server error"}
    assert [record.getMessage() for record in caplog.records] == ["the handler of route m failed"]
    assert caplog.records[0].exc_info[0] is RuntimeError


def test_a_log_line_that_cannot_be_written_does_not_cost_the_answer(resolver, make_event, monkeypatch):
    class UnprintableError(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    class Handler(logging.Handler):
        def emit(self, record):
            self.format(record)

    @resolver.on_message("m")
    def fail():
        raise UnprintableError

    handler = Handler()
    monkeypatch.setattr(logging.getLogger("kit.websocket"), "handlers", [handler])
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 500


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_event_is_the_current_invocation(resolver, make_event, kind):
    def read():
        current = invocation.current()
        return [current.event["requestContext"]["connectionId"], current.correlation_id, current.function_name]

    if kind == "sync":
        resolver.on_message("m")(read)
    else:

        @resolver.on_message("m")
        async def asynchronous():
            return await asyncio.to_thread(read)

    context = SimpleNamespace(function_name="chat")
    found = body_of(resolver.resolve(make_event("m", connection_id="a", requestId="r-1"), context))
    assert found == ["a", "r-1", "chat"]
    assert invocation.current() is None


def test_a_coroutine_ends_before_the_invocation(resolver, make_event, caplog):
    @resolver.on_message("m")
    async def never():
        await asyncio.Event().wait()

    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 100)
    assert resolver.resolve(make_event("m"), context)["statusCode"] == 500
    assert caplog.records[-1].exc_info[0] is TimeUpError


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (UnauthorizedError(), 401, "Unauthorized"),
        (ForbiddenError("Not yours"), 403, "Not yours"),
        (StatusError(429, "Slow down"), 429, "Slow down"),
    ],
)
def test_a_status_error_refuses_with_its_status(resolver, make_event, caplog, error, status, text):
    @resolver.on_connect()
    async def connect():
        raise error

    assert resolver.resolve(make_event("$connect"), None) == {
        "statusCode": status,
        "body": json.dumps({"message": text}, separators=(",", ":")),
    }
    assert caplog.records == []


@pytest.mark.parametrize("status", [200, 399, 600])
def test_an_error_has_the_status_of_an_error(status):
    with pytest.raises(ValueError, match="between 400 and 599"):
        StatusError(status, "fine")


def test_coroutines_share_one_loop_for_the_life_of_the_process(resolver, make_event):
    loops = []

    @resolver.on_message("m")
    async def remember():
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    for _ in range(3):
        assert resolver.resolve(make_event("m"), None) == {"statusCode": 200}
    other = WebSocketResolver()
    other.on_message("m")(remember)
    other.resolve(make_event("m"), None)
    assert len(set(map(id, loops))) == 1


def test_three_threads_resolve_at_the_same_time(resolver, make_event):
    met = threading.Barrier(3, timeout=10)

    @resolver.on_message("m")
    async def meet(connection_id):
        await asyncio.to_thread(met.wait)
        return connection_id

    answers = {}
    threads = [
        threading.Thread(
            target=lambda name=name: answers.update(
                {name: body_of(resolver.resolve(make_event("m", connection_id=name), None))}
            )
        )
        for name in ("one", "two", "three")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"one": "one", "two": "two", "three": "three"}


def test_resolving_inside_a_running_loop_is_an_error_that_says_so(resolver, make_event):
    @resolver.on_message("m")
    async def never():
        raise AssertionError

    async def inside():
        with pytest.raises(RuntimeError, match="call the resolver from outside of it"):
            resolver.resolve(make_event("m"), None)

    asyncio.run(inside())


async def leave_a_task():
    asyncio.create_task(asyncio.sleep(0))  # noqa: RUF006
    return asyncio.get_running_loop().is_closed()


async def fail_at_once():
    raise RuntimeError("at once")


async def set_a_variable():
    variable.set("changed")
    return variable.get()


variable = contextvars.ContextVar("variable", default="as it was")


def test_a_coroutine_without_an_await_has_a_loop_and_a_context_of_its_own(resolver, make_event, caplog):
    for function in (leave_a_task, fail_at_once, set_a_variable):
        resolver.on_message(function.__name__)(function)
    for _ in range(3):
        assert body_of(resolver.resolve(make_event("leave_a_task"), None)) is False
        assert resolver.resolve(make_event("fail_at_once"), None)["statusCode"] == 500
        assert body_of(resolver.resolve(make_event("set_a_variable"), None)) == "changed"
        assert variable.get() == "as it was"
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
    asyncio.run(asyncio.sleep(0))

    async def inside():
        with pytest.raises(RuntimeError, match="call the resolver from outside of it"):
            resolver.resolve(make_event("set_a_variable"), None)

    asyncio.run(inside())
    loop.run(asyncio.sleep(0))  # the tasks that were left
