"""Decorators of several packages above those of kit-handler: a guard or a transaction that would be lost is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from kit_db import transactional
from kit_events.inbox import MemoryInbox, once
from kit_handler import Dispatcher, Response, Router, job, route, trigger
from kit_logger import inject

HANDLERS: dict[str, Callable[[], Callable[..., Any]]] = {
    "route": lambda: route,
    "job": lambda: job,
    "trigger": lambda: trigger,
    "a dispatcher's job": lambda: Dispatcher().job("orders"),
    "a router's function": lambda: Router().get("/orders"),
}
OTHERS = {
    "transactional": transactional,
    "transactional with options": transactional(retry=2),
    "once": once(name="f", inbox=MemoryInbox()),
    "inject": inject,
}
WORKS = {("inject", name) for name in HANDLERS if name != "a router's function"}


def function() -> Callable[..., Any]:
    def handle(event: dict[str, Any]) -> Response:
        return Response.ok()

    return handle


@pytest.mark.parametrize("below", HANDLERS)
@pytest.mark.parametrize("above", OTHERS)
def test_above_a_handler(above: str, below: str) -> None:
    made = HANDLERS[below]()(function())
    if (above, below) in WORKS:
        assert callable(OTHERS[above](made))
        return
    with pytest.raises(TypeError, match=f"@{above.partition(' ')[0]}"):
        OTHERS[above](made)


@pytest.mark.parametrize("above", HANDLERS)
@pytest.mark.parametrize("below", OTHERS)
def test_below_a_handler(above: str, below: str) -> None:
    assert callable(HANDLERS[above]()(OTHERS[below](function())))
