"""Interceptors that are coroutine functions, and how they stand beside plain ones."""

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest
from kit_handler import InvalidInterceptorError, Request, Response, Router, add_interceptor, route
from kit_handler.http import options
from kit_testing import LambdaContext
from kit_testing.events import http_event

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")
loops: list[Any] = []


async def outer(request: Request, call_next: Any) -> Response:
    loops.append(asyncio.get_running_loop())
    await asyncio.sleep(0)
    tenant.set("acme")
    response: Response = await call_next(request)
    response.headers["X-Outer"] = "1"
    return response


async def inner(request: Request, call_next: Any) -> Response:
    return Response.conflict() if request.query else await call_next(request)


def plain(request: Request, call_next: Any) -> Response:
    response: Response = call_next(request)
    response.headers["X-Plain"] = "1"
    return response


async def profile(request: Request) -> Response:
    loops.append(asyncio.get_running_loop())
    return Response.ok(tenant.get())


def test_they_run_with_the_route_in_one_loop_and_one_context() -> None:
    loops.clear()
    handler = route(interceptors=[plain, outer, inner])(profile)
    answer = handler(Request())
    assert (answer.body, answer.headers) == ({"data": "acme"}, {"X-Outer": "1", "X-Plain": "1"})
    assert loops[0] is loops[1]
    assert handler(Request(query={"a": "1"})).status_code == 409
    assert tenant.get() == "nobody"


def test_they_see_what_the_route_raises() -> None:
    seen = []

    async def watch(request: Request, call_next: Any) -> Response:
        try:
            return await call_next(request)  # type: ignore[no-any-return]
        except LookupError as error:
            seen.append(error)
            raise

    async def fail(request: Request) -> Response:
        raise LookupError

    assert route(interceptors=[watch])(fail)(Request()).status_code == 500
    assert len(seen) == 1


def test_a_partial_and_an_object_may_be_one() -> None:
    async def tagged(tag: str, request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["X-Tag"] = tag
        return response

    class Watcher:
        async def __call__(self, request: Request, call_next: Any) -> Response:
            return await call_next(request)  # type: ignore[no-any-return]

    answer = route(interceptors=[partial(tagged, "a"), Watcher()])(profile)(Request())
    assert (answer.status_code, answer.headers) == (200, {"X-Tag": "a"})


def test_when_the_time_is_up_all_of_them_are_cancelled_and_the_log_names_the_route(
    caplog: pytest.LogCaptureFixture,
) -> None:
    left = []

    async def watch(request: Request, call_next: Any) -> Response:
        try:
            return await call_next(request)  # type: ignore[no-any-return]
        finally:
            left.append("interceptor")

    async def slow_profile(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("route")
        return Response.ok()

    handler = route(interceptors=[watch])(slow_profile)
    assert handler(Request(context=LambdaContext(timeout=0.2))).status_code == 503
    assert left == ["route", "interceptor"]
    assert "slow_profile was cancelled" in caplog.text


@pytest.mark.parametrize("wrong", [[outer, plain], [outer, plain, inner]])
def test_a_plain_one_inside_would_block_the_loop_and_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInterceptorError, match="is not"):
        route(interceptors=wrong)(profile)


def test_around_a_plain_route_they_are_refused() -> None:
    with pytest.raises(InvalidInterceptorError):
        route(interceptors=[outer])(lambda request: Response.ok())


def test_the_guards_are_asked_before_the_loop_is_entered() -> None:
    loops.clear()
    handler = route(role="A", interceptors=[outer])(profile)
    assert handler(Request()).status_code == 401
    assert loops == []


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(options, "_registered", {})
    return


class Later:
    SETTINGS = {"param_name": "later"}  # noqa: RUF012

    def __init__(self, param: Any) -> None:
        self.param = param

    async def __call__(self, request: Request) -> Response | None:
        await asyncio.sleep(0)
        return None if request.headers.get("x-key") == self.param else Response.forbidden()


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("function", [profile, lambda request: Response.ok()])
def test_a_registered_class_may_be_asynchronous_and_its_answer_is_awaited(function: Any) -> None:
    add_interceptor(Later)
    handler = route(later="k")(function)
    assert handler(Request(headers={"X-Key": "k"})).status_code == 200
    assert handler(Request(headers={"X-Key": "other"})).status_code == 403


def test_around_a_router_they_stand_around_its_404_too() -> None:
    app = Router(interceptors=[outer])
    app.get("/profile")(profile)
    answers = [app(http_event("GET", path)) for path in ("/profile", "/missing")]
    assert [(answer["statusCode"], answer["headers"].get("X-Outer")) for answer in answers] == [(200, "1"), (404, None)]
    answer = app(http_event("OPTIONS", "/profile"))
    assert (answer["statusCode"], answer["headers"]["X-Outer"]) == (204, "1")
    with pytest.raises(InvalidInterceptorError, match="is not"):
        app.get("/plain")(lambda request: Response.ok())
