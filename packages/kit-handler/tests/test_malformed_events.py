"""Whatever comes in, a handler answers as its source expects, or raises an error that is documented."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit_handler import Request, Response, UnhandledSourceError, correlation_id, job, route
from kit_handler.testing import http_event, sqs_event

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
REQUESTS = [
    http_event("POST", body={"a": 1}, query={"a": "1"}, cookies=["a=1"], authorizer={"roles": "A"}),
    http_event("POST", version="1.0", body="x", path_params={"a": "b"}, query={"a": "1"}, authorizer={"roles": "A"}),
]
BATCHES = [sqs_event(["a", "b"]), sqs_event(["a", "b"], groups=["g", "g"])]


@st.composite
def mutated(draw: st.DrawFn, events: list[dict[str, Any]]) -> Any:
    """Return an event in which one to three values are replaced or missing."""
    event = json.loads(json.dumps(draw(st.sampled_from(events))))
    for _ in range(draw(st.integers(1, 3))):
        node: Any = event
        while node:
            key = draw(st.sampled_from(list(node) if isinstance(node, dict) else list(range(len(node)))))
            if isinstance(node[key], (dict, list)) and node[key] and draw(st.booleans()):
                node = node[key]
                continue
            if draw(st.booleans()):
                node[key] = draw(ANYTHING)
            else:
                del node[key]
            break
    return event


@route
def everything(request: Request) -> Response:
    identity = (request.authorizer, request.identity, request.source_ip, request.user_agent, correlation_id())
    return Response.ok([request.method, request.path, request.headers, request.params, request.body, identity])


@route(role="A", cors=["https://a.example"], token=lambda token, request: True)
def guarded(request: Request) -> Response:
    return Response.ok()


@job
def process(record: dict[str, Any]) -> None:
    correlation_id()
    int(record["body"])


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.CRITICAL, "kit.handler"):
        yield


chosen = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@chosen
@given(mutated(REQUESTS) | ANYTHING)
def test_a_route_answers_or_says_that_it_is_no_http(event: Any) -> None:
    for handler in (everything, guarded):
        try:
            answer = handler(event)
        except UnhandledSourceError:
            continue
        assert isinstance(json.loads(json.dumps(answer))["statusCode"], int)
        assert isinstance(answer["body"], str)
        assert all(isinstance(value, str) for value in answer["headers"].values())
        assert handler is everything or answer["statusCode"] in (401, 403)


@chosen
@given(mutated(BATCHES) | ANYTHING)
def test_a_job_names_failures_or_raises(event: Any) -> None:
    try:
        answer = process(event)
    except ExceptionGroup:
        return
    names = [failure["itemIdentifier"] for failure in (answer or {}).get("batchItemFailures", [])]
    assert all(isinstance(name, str) and name for name in names)
