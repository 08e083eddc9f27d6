"""Decorators of several packages above those of kit-handler: a guard or a transaction that would be lost is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from kit_cache import hybrid_cache, method_cache
from kit_db import transactional
from kit_events.inbox import MemoryInbox, once
from kit_handler import Dispatcher, Response, Router, job, route, trigger
from kit_logger import inject
from kit_testing import Client
from kit_websocket import WebSocketResolver

HANDLERS: dict[str, Callable[[], Callable[..., Any]]] = {
    "route": lambda: route,
    "job": lambda: job,
    "trigger": lambda: trigger,
    "a dispatcher's job": lambda: Dispatcher().job("orders"),
    "a router's function": lambda: Router().get("/orders"),
    "a resolver's function": lambda: WebSocketResolver().on_message("orders"),
}
OTHERS = {
    "transactional": transactional,
    "transactional with options": transactional(retry=2),
    "once": once(name="f", inbox=MemoryInbox()),
    "inject": inject,
    "method_cache": method_cache(ttl=3, key_prefix="f"),
    "hybrid_cache": hybrid_cache(ttl=3, key_prefix="f"),
}
WORKS = {("inject", name) for name in HANDLERS if not name.endswith("'s function")}


def function() -> Callable[..., Any]:
    def handle(event: dict[str, Any]) -> Response:
        return Response.ok()

    return handle


@pytest.mark.parametrize("below", HANDLERS)
@pytest.mark.parametrize("above", OTHERS)
def test_above_a_handler(above: str, below: str) -> None:
    if (above, below) in WORKS:
        assert callable(OTHERS[above](HANDLERS[below]()(function())))
        return
    with pytest.raises(TypeError, match=f"@{above.partition(' ')[0]}"):
        OTHERS[above](HANDLERS[below]()(function()))


def test_a_registered_function_may_be_a_lambda_function_of_its_own() -> None:
    app = Router()

    @inject
    @route
    @app.get("/orders")
    def orders() -> Response:
        return Response.ok("all")

    assert Client(orders).get("/").json() == Client(app).get("/orders").json() == {"data": "all"}


def test_a_registered_function_may_be_decorated_for_another_router() -> None:
    app, other = Router(), Router()

    @app.get("/orders")
    def orders() -> Response:
        return Response.ok("all")

    other.get("/orders")(inject(orders))
    assert Client(other).get("/orders").json() == {"data": "all"}


@pytest.mark.parametrize("above", HANDLERS)
@pytest.mark.parametrize("below", OTHERS)
def test_below_a_handler(above: str, below: str) -> None:
    assert callable(HANDLERS[above]()(OTHERS[below](function())))
