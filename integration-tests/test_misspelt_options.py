"""Misspelt keywords of decorators and constructors: a TypeError at import that has the near name."""

from collections.abc import Callable
from typing import Any

import pytest
from kit_db import transactional
from kit_events import EventBus
from kit_events.inbox import once
from kit_events.outbox import Outbox, Relay
from kit_handler import Dispatcher, Router, job, route
from kit_logger import inject


@pytest.mark.parametrize(
    ("call", "misspelt", "meant"),
    [
        (job, "concurency", "concurrency"),
        (route, "rol", "role"),
        (Router, "intercepters", "interceptors"),
        (lambda **options: Router().get("/a", **options), "tag", "tags"),
        (Dispatcher, "websockets", "websocket"),
        (lambda **options: Dispatcher().job("a", **options), "dead_leter", "dead_letter"),
        (once, "retension", "retention"),
        (transactional, "retries", "retry"),
        (inject, "metric", "metrics"),
        (EventBus, "origin_prefx", "origin_prefix"),
        (Outbox, "delivery", "deliver"),
        (Relay, "max_attempt", "max_attempts"),
    ],
)
def test_a_misspelt_keyword_is_told_with_the_one_that_was_meant(
    call: Callable[..., Any], misspelt: str, meant: str
) -> None:
    with pytest.raises(TypeError, match=rf"does not know '{misspelt}' \(did you mean '{meant}'\?\); it knows"):
        call(**{misspelt: 1})
    with pytest.raises(TypeError, match="does not know 'nothing_like_it'; it knows"):
        call(nothing_like_it=1)
