import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest
from kit_websocket import ForbiddenError, Middleware, WebSocketResolver


@pytest.fixture
def resolver():
    return WebSocketResolver()


@pytest.fixture
def trace():
    return []


def recording(trace, name, *, is_async):
    if is_async:

        async def middleware(event, context, next_handler):
            trace.append(f"{name} in")
            response = await next_handler(event, context)
            trace.append(f"{name} out")
            return response

    else:

        def middleware(event, context, next_handler):
            trace.append(f"{name} in")
            response = next_handler(event, context)
            trace.append(f"{name} out")
            return response

    return middleware


@pytest.mark.parametrize(
    "kinds",
    [
        (True, True, True),
        (False, False, False),
        (True, False, True),
        (False, True, False),
        (False, False, True),
        (True, True, False),
    ],
)
def test_the_first_registered_is_the_outermost(resolver, make_event, trace, kinds):
    first, second, handler = kinds
    resolver.middleware(recording(trace, "first", is_async=first))
    resolver.middleware(recording(trace, "second", is_async=second))

    if handler:

        @resolver.on_message("m")
        async def asynchronous(body):
            trace.append("handler")
            return body

    else:

        @resolver.on_message("m")
        def synchronous(body):
            trace.append("handler")
            return body

    response = resolver.resolve(make_event("m", [1]), None)
    assert response == {"statusCode": 200, "body": "[1]"}
    assert trace == ["first in", "second in", "handler", "second out", "first out"]


def test_a_class_is_instantiated_once(resolver, make_event, trace):
    @resolver.middleware
    class Tracking(Middleware):
        def __init__(self):
            trace.append("made")

        async def __call__(self, event, context, next_handler):
            trace.append(event["requestContext"]["routeKey"])
            return await next_handler(event, context)

    resolver.on_message("a")(lambda: "a")
    resolver.on_connect()(lambda: None)
    resolver.resolve(make_event("a"), None)
    resolver.resolve(make_event("$connect"), None)
    assert isinstance(Tracking, type)
    assert trace == ["made", "a", "$connect"]


def test_an_instance_is_taken_as_it_is(resolver, make_event):
    class Limit:
        def __init__(self, calls):
            self.calls = calls

        def __call__(self, event, context, next_handler):
            self.calls -= 1
            return next_handler(event, context) if self.calls >= 0 else {"statusCode": 429}

    resolver.middleware(Limit(1))
    resolver.on_message("m")(lambda: "done")
    statuses = [resolver.resolve(make_event("m"), None)["statusCode"] for _ in range(2)]
    assert statuses == [200, 429]


def test_many_threads_may_wait_in_middleware_that_blocks(resolver, make_event):
    # All of them are in the middleware before the first goes on to its handler, which needs a thread of its own.
    together = threading.Barrier(70, timeout=10)

    @resolver.middleware
    def block(event, context, next_handler):
        together.wait()
        return next_handler(event, context)

    @resolver.middleware
    async def between(event, context, next_handler):
        return await next_handler(event, context)

    resolver.on_message("m")(lambda connection_id: connection_id)
    with ThreadPoolExecutor(70) as callers:
        answers = list(callers.map(lambda n: resolver.resolve(make_event("m", connection_id=str(n)), None), range(70)))
    assert [json.loads(answer["body"]) for answer in answers] == [str(n) for n in range(70)]


def test_the_base_passes_on(resolver, make_event):
    resolver.middleware(Middleware)
    resolver.on_message("m")(lambda: "done")
    assert resolver.resolve(make_event("m"), None)["body"] == '"done"'


def test_what_cannot_be_called_is_refused(resolver):
    with pytest.raises(TypeError, match="can't be called"):
        resolver.middleware(object())


def test_it_can_answer_in_the_handlers_stead(resolver, make_event):
    @resolver.middleware
    async def refuse(event, context, next_handler):
        return {"message": "not today"}

    @resolver.on_message("m")
    def never():
        raise AssertionError

    assert resolver.resolve(make_event("m"), None) == {"statusCode": 200, "body": '{"message":"not today"}'}


def test_it_sees_the_response_and_may_change_it(resolver, make_event):
    @resolver.middleware
    async def confirm_protocol(event, context, next_handler):
        response = await next_handler(event, context)
        return response | {"headers": {"Sec-WebSocket-Protocol": "loans.v2"}}

    resolver.on_connect()(lambda: None)
    assert resolver.resolve(make_event("$connect"), None) == {
        "statusCode": 200,
        "headers": {"Sec-WebSocket-Protocol": "loans.v2"},
    }


def test_it_sees_a_refusal_as_a_response_and_a_failure_as_an_exception(resolver, make_event, trace):
    @resolver.middleware
    async def watch(event, context, next_handler):
        try:
            response = await next_handler(event, context)
        except ZeroDivisionError:
            trace.append("failed")
            raise
        trace.append(response["statusCode"])
        return response

    @resolver.on_message("refuse")
    def refuse():
        raise ForbiddenError

    resolver.on_message("fail")(lambda: 1 / 0)
    resolver.resolve(make_event("refuse"), None)
    assert resolver.resolve(make_event("fail"), None)["statusCode"] == 500
    assert trace == [403, "failed"]


def test_it_refuses_with_a_status_error(resolver, make_event):
    @resolver.middleware
    def refuse(event, context, next_handler):
        raise ForbiddenError

    resolver.on_message("m")(lambda: None)
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 403


def test_it_may_hand_on_another_event(resolver, make_event):
    @resolver.middleware
    async def rewrite(event, context, next_handler):
        return await next_handler(event | {"body": "[2]"}, "another context")

    resolver.on_message("m")(lambda body, context: [body, context])
    assert json.loads(resolver.resolve(make_event("m", [1]), None)["body"]) == [[2], "another context"]


def test_it_is_put_around_handlers_that_are_registered_already(resolver, make_event, trace):
    resolver.on_message("m")(lambda: None)
    resolver.resolve(make_event("m"), None)
    resolver.middleware(recording(trace, "late", is_async=False))
    resolver.resolve(make_event("m"), None)
    assert trace == ["late in", "late out"]


def test_nothing_that_blocks_runs_in_the_loop(resolver, make_event):
    threads = {}

    @resolver.middleware
    async def outer(event, context, next_handler):
        threads["loop"] = threading.get_ident()
        return await next_handler(event, context)

    @resolver.middleware
    def blocking(event, context, next_handler):
        threads["middleware"] = threading.get_ident()
        return next_handler(event, context)

    @resolver.on_message("async")
    async def asynchronous():
        threads["handler"] = threading.get_ident()
        assert asyncio.get_running_loop()

    @resolver.on_message("sync")
    def synchronous():
        threads["handler"] = threading.get_ident()

    resolver.resolve(make_event("async"), None)
    assert threads["handler"] == threads["loop"] != threads["middleware"]
    resolver.resolve(make_event("sync"), None)
    assert threads["loop"] not in (threads["handler"], threads["middleware"])


def test_context_variables_reach_the_handler_through_every_kind_of_middleware(resolver, make_event):
    user = ContextVar("user")

    @resolver.middleware
    async def first(event, context, next_handler):
        user.set(["first"])
        return await next_handler(event, context)

    @resolver.middleware
    def second(event, context, next_handler):
        user.set([*user.get(), "second"])
        return next_handler(event, context)

    @resolver.on_message("async")
    async def asynchronous():
        return user.get()

    resolver.on_message("sync")(lambda: user.get())
    for route_key in ("async", "sync"):
        assert resolver.resolve(make_event(route_key), None)["body"] == '["first","second"]'
    assert user.get(None) is None


def test_many_that_block_leave_threads_for_what_they_wait_for(resolver, make_event, trace):
    for number in range(40):
        resolver.middleware(recording(trace, str(number), is_async=False))

    @resolver.on_message("m")
    async def handler():
        return await asyncio.to_thread(lambda: "done")

    assert resolver.resolve(make_event("m"), None)["body"] == '"done"'
    assert len(trace) == 80
