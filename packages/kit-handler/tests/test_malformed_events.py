"""Whatever comes in, a handler answers as its source expects, or raises an error that is documented.

KIT_HANDLER_FUZZ_CASES: how many events each test throws; `integration-tests/fuzz_handler.py` sets it.
"""

import json
import logging
import os
from collections.abc import Iterator
from typing import Any, TypedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit_core.invocation import correlation_id
from kit_handler import (
    Dispatcher,
    Request,
    Response,
    Router,
    TriggerError,
    UnhandledSourceError,
    job,
    route,
    trigger,
)
from kit_handler.http import payloads
from kit_handler.sources import kind_of
from kit_testing import LambdaContext, failed_ids
from kit_testing.clients import read_answer
from kit_testing.events import (
    PAYLOADS,
    authorizer_event,
    cognito_event,
    custom_resource_event,
    dynamodb_event,
    eventbridge_event,
    http_event,
    kinesis_event,
    lex_event,
    s3_event,
    s3_test_event,
    schedule_event,
    sns_event,
    sqs_event,
    websocket_event,
)

SECRET = "hunter2"
CASES = int(os.environ.get("KIT_HANDLER_FUZZ_CASES", "200"))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
REQUESTS = [
    http_event(
        method,
        "/loans/7",
        version=version,
        body={"amount": 1} if method == "POST" else None,
        query={"a": ["1", "2"]},
        path_params={"id": "7"},
        resource="/loans/{id}",
        cookies=["a=1"],
        authorizer={"roles": "A", "principal": "arn"},
        headers={"Origin": "https://a.example", "Accept-Encoding": "gzip"},
    )
    for version in PAYLOADS
    for method in ("GET", "POST")
]
BATCHES = [
    sqs_event([SECRET, "1"]),
    sqs_event(["1", SECRET], groups=["g", "g"]),
    kinesis_event(["a", "b"]),
    dynamodb_event([{"id": "1"}, {"id": "2"}]),
    sns_event([{"a": 1}]),
    s3_event(["a b", "c"]),
    s3_test_event(),
    eventbridge_event({"a": 1}),
]
TRIGGERS = [
    cognito_event(),
    lex_event(),
    schedule_event(),
    custom_resource_event(response_url="http://127.0.0.1:9/refused"),
    *(authorizer_event(kind, token="t") for kind in ("2.0", "1.0", "token", "websocket")),
]
WEBSOCKETS = [websocket_event("$connect"), websocket_event("message", body="{}")]
EVERYTHING = [*REQUESTS, *BATCHES, *TRIGGERS, *WEBSOCKETS]


@st.composite
def mutated(draw: st.DrawFn, events: list[dict[str, Any]]) -> Any:
    """Return an event in which none to three values are replaced or missing."""
    event = json.loads(json.dumps(draw(st.sampled_from(events))))
    for _ in range(draw(st.integers(0, 3))):
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
    body = [request.method, request.path, request.headers, request.params, request.body, identity, request.multi_query]
    return Response.ok(body).set_cookie("a", "1") if request.cookies else Response.ok(body)


@route(role="A", cors=["https://a.example"], token=lambda token, request: True)
def guarded(request: Request) -> Response:
    return Response.ok()


class NewLoan(TypedDict):
    amount: int


app = Router()


@app.get("/loans/{id:int}")
def get_loan(id: int, a: str = "") -> Response:  # noqa: A002
    return Response.ok({"id": id, "a": a})


@app.post("/loans/{id}")
async def post_loan(id: str, body: NewLoan) -> Response:  # noqa: A002
    if not body["amount"]:
        raise LookupError(SECRET)
    return Response.created(body)


def handle(record: Any) -> None:
    correlation_id()
    int(record["body"])


@job(dead_letter=lambda raw, error: None, permanent=KeyError, backoff=lambda delays: None)
def process(record: dict[str, Any]) -> None:
    handle(record)


@job(concurrency=2)
def process_in_threads(record: dict[str, Any]) -> None:
    handle(record)


@job(concurrency=2)
async def process_in_tasks(record: dict[str, Any]) -> None:
    handle(record)


@job
def process_together(records: list[dict[str, Any]]) -> None:
    for record in records:
        handle(record)


JOBS = [process, process_in_threads, process_in_tasks, process_together]


class DirectError(Exception):
    """Raised by the trigger's own function: it goes on to Lambda for schedules and direct calls."""


@trigger
def say(event: dict[str, Any]) -> Any:
    if "token" in str(event):
        return True
    if len(event) % 3 == 0:
        raise DirectError(SECRET)
    return event.get("response")


def connect(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"statusCode": 200}


dispatcher = Dispatcher(http=app, websocket=connect)
dispatcher.add(process, "aws:sqs", "aws:kinesis", "aws:dynamodb", "aws:sns", "aws:s3", "aws:events")
dispatcher.add(say, "cognito", "lex", "authorizer", "custom_resource", "schedule")


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.CRITICAL, "kit.handler"):
        yield


chosen = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
contexts = st.sampled_from([None, LambdaContext(timeout=900), LambdaContext(timeout=0.1)])
VERSIONS = {
    "apigateway_v2": "2.0",
    "apigateway_v1": "1.0",
    "function_url": "url",
    "alb": "alb",
    "alb_multi_value": "alb-multi",
    "vpc_lattice_v2": "lattice",
    "vpc_lattice_v1": "lattice-v1",
}


def check_response(event: Any, answer: Any) -> int:
    """Fail unless `answer` is one that the event's source takes, and return its status."""
    adapter: Any = payloads.find(event)
    found = read_answer(json.loads(json.dumps(answer)), version=VERSIONS[adapter.__name__.rpartition(".")[2]])
    assert SECRET.encode() not in found.content or SECRET in json.dumps(event)
    return found.status


def check_batch(answer: Any) -> None:
    """Fail unless `answer` is a batch answer, or None."""
    if answer is not None:
        assert all(isinstance(name, str) and name for name in failed_ids(json.loads(json.dumps(answer))))


@chosen
@given(mutated(REQUESTS) | mutated(EVERYTHING) | ANYTHING, contexts)
def test_a_route_answers_or_says_that_it_is_no_http(event: Any, context: Any) -> None:
    for handler in (everything, guarded):
        try:
            answer = handler(event, context)
        except UnhandledSourceError:
            continue
        status = check_response(event, answer)
        assert handler is everything or status in (204, 401, 403)


@chosen
@given(mutated(REQUESTS) | mutated(EVERYTHING) | ANYTHING, contexts)
def test_a_router_answers_or_says_that_it_is_no_http(event: Any, context: Any) -> None:
    try:
        answer = app(event, context)
    except UnhandledSourceError:
        return
    check_response(event, answer)


@chosen
@given(mutated(BATCHES) | mutated(EVERYTHING) | ANYTHING, contexts, st.sampled_from(JOBS))
def test_a_job_names_failures_or_raises(event: Any, context: Any, handler: Any) -> None:
    try:
        answer = handler(event, context)
    except ExceptionGroup:
        return
    check_batch(answer)


@chosen
@given(mutated(TRIGGERS) | mutated(EVERYTHING) | ANYTHING, contexts)
def test_a_trigger_answers_or_raises(event: Any, context: Any) -> None:
    try:
        json.dumps(say(event, context))
    except UnhandledSourceError:
        return
    except (TriggerError, DirectError) as error:
        waits = isinstance(event, dict | list) and kind_of(event) not in (None, "schedule")
        assert waits is isinstance(error, TriggerError)  # noqa: PT017  (most events raise nothing)
        assert waits is (SECRET not in str(error))  # noqa: PT017


@chosen
@given(mutated(EVERYTHING) | ANYTHING, contexts)
def test_a_dispatcher_answers_as_each_source_expects_or_raises(event: Any, context: Any) -> None:
    try:
        answer = dispatcher(event, context)
    except (UnhandledSourceError, TriggerError, ExceptionGroup, DirectError):
        return
    if isinstance(answer, dict) and set(answer) == {"batchItemFailures"}:
        check_batch(answer)
    elif isinstance(answer, dict) and "statusCode" in answer and answer != {"statusCode": 200}:
        check_response(event, answer)
    json.dumps(answer)
