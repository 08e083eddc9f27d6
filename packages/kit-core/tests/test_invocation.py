"""The current invocation: entered once, read by everyone."""

import asyncio
import contextvars
import json
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_core import invocation
from kit_core.invocation import begin, correlation_id, current, end, enter, handler, remaining_ms, set_correlation_id

CONTEXT = SimpleNamespace(
    aws_request_id="invocation-1", function_name="loans", get_remaining_time_in_millis=lambda: 1500.7
)
SNS_BODY = json.dumps({"Type": "Notification", "MessageAttributes": {"correlation_id": {"Value": "cause"}}})
BUS_BODY = json.dumps({"id": "bus", "detail": {"attributes": {"correlation_id": "cause"}}})


def test_outside_of_an_invocation_nothing_is_known() -> None:
    assert (current(), correlation_id(), remaining_ms()) == (None, None, None)
    set_correlation_id("x")
    assert correlation_id() is None


def test_an_invocation_has_the_parts_of_its_context() -> None:
    with enter({"id": "e-1"}, CONTEXT) as entered:
        found = current()
        assert found is not None
        assert (found.event, found.context) == ({"id": "e-1"}, CONTEXT)
        assert (found.request_id, found.function_name) == ("invocation-1", "loans")
        assert found.remaining_ms() == remaining_ms() == entered.remaining_ms() == 1500
    assert current() is None


@pytest.mark.parametrize("context", [None, object(), SimpleNamespace(get_remaining_time_in_millis=7)])
def test_a_context_that_does_not_tell_is_none(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "from-the-environment")
    with enter({}, context) as entered:
        assert (entered.remaining_ms(), entered.request_id, entered.correlation_id) == (None, None, None)
        assert entered.function_name == "from-the-environment"


def test_a_record_inherits_the_context_and_has_its_own_id() -> None:
    outer = begin({"Records": [{}, {}]}, CONTEXT)
    assert correlation_id() == "invocation-1"
    for name in ("m-1", "m-2"):
        inner = begin({"messageId": name})
        assert (correlation_id(), remaining_ms()) == (name, 1500)
        end(inner)
    assert correlation_id() == "invocation-1"
    end(outer)


def test_an_id_that_was_set_holds_for_decorators_around_the_same_event_and_not_for_others() -> None:
    event = {"id": "e-1"}
    with enter(event, correlation_id="mine"):
        with enter(event):
            assert correlation_id() == "mine"
        with enter({"id": "e-2"}):
            assert correlation_id() == "e-2"
        set_correlation_id("other")
        assert correlation_id() == "other"
        set_correlation_id(None)
        assert correlation_id() == "e-1"


def test_an_id_that_is_set_inside_holds_for_the_decorator_around_unless_it_was_entered_with_it() -> None:
    event = {"id": "e-1"}
    with enter(event):
        with enter(event, correlation_id="within"):
            assert correlation_id() == "within"
        assert correlation_id() == "e-1"
        with enter(event):
            set_correlation_id("mine")
        assert correlation_id() == "mine"
    with enter():
        with enter():
            set_correlation_id("mine")
        assert correlation_id() is None


def test_a_limit_of_its_own() -> None:
    with enter({}, CONTEXT, remaining_ms=900) as entered:
        assert 0 < (entered.remaining_ms() or 0) <= 900
        assert entered.request_id == "invocation-1"
    with enter(remaining_ms=-5):
        assert remaining_ms() == -5


def test_the_decorator_enters_plain_and_async_functions() -> None:
    @handler
    def plain(event: Any, context: Any) -> Any:
        return correlation_id(), remaining_ms()

    @handler
    async def coroutine(event: Any, context: Any) -> Any:
        await asyncio.sleep(0)
        return correlation_id(), remaining_ms()

    @handler
    def failing(event: Any, context: Any) -> Any:
        raise LookupError

    assert plain({"id": "e-1"}, CONTEXT) == asyncio.run(coroutine({"id": "e-1"}, CONTEXT)) == ("e-1", 1500)
    with pytest.raises(LookupError):
        failing({"id": "e-1"}, CONTEXT)
    assert current() is None
    assert plain.__name__ == "plain"


def test_threads_with_a_copied_context_and_tasks_see_their_own() -> None:
    seen = {}

    def look(name: str) -> None:
        seen[name] = correlation_id()

    with enter({"id": "outer"}):
        copied = contextvars.copy_context()
    threads = [
        threading.Thread(target=copied.run, args=(look, "copied")),
        threading.Thread(target=contextvars.Context().run, args=(look, "apart")),
    ]
    for thread in threads:
        thread.start()
        thread.join()
    assert seen == {"copied": "outer", "apart": None}

    async def one(name: str) -> str | None:
        with enter({"id": name}):
            await asyncio.sleep(0)
            return correlation_id()

    async def together() -> list[str | None]:
        return list(await asyncio.gather(one("a"), one("b")))

    assert asyncio.run(together()) == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("on-demand", [True, True, False]), ("provisioned-concurrency", [False, False, False])]
)
def test_the_first_invocation_of_a_process_is_its_cold_start(kind: str, expected: list[bool]) -> None:
    script = """
from kit_core.invocation import begin, current, end
for _ in range(2):
    outer = begin({})
    print(current().cold_start)
    inner = begin({"messageId": "m"})
    if _ == 0: print(current().cold_start)
    end(inner), end(outer)
"""
    environment = {"AWS_LAMBDA_INITIALIZATION_TYPE": kind}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == [str(each) for each in expected]


def test_importing_it_is_light() -> None:
    script = "import sys; before = set(sys.modules); import kit_core.invocation; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"kit_core", "kit_core.invocation", "contextvars", "_contextvars"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"headers": {"X-Correlation-ID": "abc", "X-Amzn-Trace-Id": "Root=1-2-3"}}, "abc"),
        ({"headers": {"x-amzn-trace-id": "Self=1-9;Root=1-67891233-abc;Sampled=1"}}, "1-67891233-abc"),
        ({"multiValueHeaders": {"X-Correlation-Id": ["abc", "def"]}}, "abc"),
        ({"headers": {}, "requestContext": {"requestId": "r-1"}}, "r-1"),
        ({"headers": {"x-correlation-id": "bad id\n"}, "requestContext": {"requestId": "r-1"}}, "r-1"),
        ({"headers": {"x-correlation-id": "a" * 129}, "requestContext": {"requestId": "r-1"}}, "r-1"),
        ({"messageId": "m", "messageAttributes": {"x-correlation-id": {"stringValue": "cause"}}}, "cause"),
        ({"messageId": "m", "messageAttributes": {"correlationId": {"stringValue": "cause"}}}, "cause"),
        ({"messageId": "m", "messageAttributes": {}, "body": SNS_BODY}, "cause"),
        ({"messageId": "m", "messageAttributes": {}, "body": BUS_BODY}, "cause"),
        ({"messageId": "m", "body": '"MessageAttributes" in no JSON'}, "m"),
        ({"messageId": "m", "body": '["MessageAttributes"]'}, "m"),
        ({"messageId": "m", "attributes": {"AWSTraceHeader": "Root=1-a-b;Parent=c"}}, "1-a-b"),
        ({"messageId": "m", "attributes": None, "messageAttributes": None, "body": None}, "m"),
        ({"Sns": {"MessageId": "n", "MessageAttributes": {"correlation_id": {"Value": "cause"}}}}, "cause"),
        ({"Sns": {"MessageId": "n"}}, "n"),
        ({"eventID": "shard:1"}, "shard:1"),
        ({"responseElements": {"x-amz-request-id": "s3"}}, "s3"),
        ({"id": "bus", "detail-type": "x", "detail": {"attributes": {"correlation_id": "cause"}}}, "cause"),
        ({"id": "bus", "detail-type": "x"}, "bus"),
        ({"headers": [{"other": [1]}, {"x-correlation-id": list(b"cause")}], "topic": "t"}, "cause"),
        ({"basicProperties": {"correlationId": "cause"}, "data": ""}, "cause"),
        ({"messageID": "x", "correlationId": "cause"}, "cause"),
        ({"Records": [{"messageId": "m-1"}]}, "m-1"),
        ({"Records": [{"messageId": "m-1"}, {"messageId": "m-2"}]}, "invocation-1"),
        ({"headers": "nonsense", "attributes": 7}, "invocation-1"),
        ({"headers": [1], "requestContext": "x", "Records": [None], "id": 7}, "invocation-1"),
        ({"headers": {1: 2, "x-correlation-id": None, "x-amzn-trace-id": "nonsense"}}, "invocation-1"),
        (None, "invocation-1"),
        ("text", "invocation-1"),
    ],
)
def test_the_place_of_the_correlation_id(event: Any, expected: str) -> None:
    with enter(event, CONTEXT):
        assert correlation_id() == expected


def test_the_caller_of_a_function_hands_its_id_over_in_the_client_context() -> None:
    context = SimpleNamespace(client_context=SimpleNamespace(custom={"correlation_id": "cause"}), aws_request_id="r")
    with enter({"amount": 1}, context):
        assert correlation_id() == "cause"


NAMES = [
    "headers", "multiValueHeaders", "messageAttributes", "MessageAttributes", "Sns", "body", "attributes", "messageId",
    "requestContext", "requestId", "eventID", "responseElements", "x-amz-request-id", "id", "x-correlation-id",
    "X-Amzn-Trace-Id", "AWSTraceHeader", "stringValue", "Value", "correlation_id", "MessageId", "Records",
    "basicProperties", "correlationId", "detail",
]  # fmt: skip
texts = st.text() | st.sampled_from(["Root=1-a-b;Parent=c", "Root=", '{"MessageAttributes": {"x-correlation-id": 7}}'])
events = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.integers(), inner),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(events, st.none() | st.builds(object))
def test_any_event_has_a_printable_short_id_or_none(event: Any, context: Any) -> None:
    with enter(event, context):
        found = correlation_id()
        assert found is None or (found.isprintable() and found.isascii() and 0 < len(found) <= 128)
        assert correlation_id() == found


def test_a_view_is_of_the_invocation_that_it_was_taken_in() -> None:
    with enter({"id": "e-1"}) as outer, enter({"id": "e-2"}):
        assert (outer.correlation_id, correlation_id()) == ("e-1", "e-2")
        outer.correlation_id = "mine"
        assert (outer.correlation_id, correlation_id()) == ("mine", "e-2")
    assert invocation.current() is None


def test_a_loop_over_records_may_replace_the_state() -> None:
    with enter({"id": "e-1"}, remaining_ms=60_000) as around:
        before = invocation.state()
        assert before is not None
        for number in range(3):
            invocation.become([{"id": f"r-{number}"}, before[1], None, before[3], before])
            assert correlation_id() == f"r-{number}"
            assert (invocation.remaining_ms() or 0) > 0
        invocation.become(before)
        assert correlation_id() == around.correlation_id == "e-1"


def test_an_outcome_is_written_once_somebody_has_asked_for_it() -> None:
    assert invocation.outcome() is None
    assert invocation.ask_outcome() == {}
    with invocation.enter({"id": "e-1"}) as around:
        assert invocation.outcome() is None
        invocation.ask_outcome()["failed"] = True
        with invocation.enter(around.event, around.context):  # a decorator around the same event
            assert invocation.ask_outcome() == {"failed": True}
            invocation.ask_outcome()["records"] = 2
        with invocation.enter({"messageId": "m-1"}):  # a record has none
            assert invocation.outcome() is None
        assert invocation.outcome() == {"failed": True, "records": 2}
    assert invocation.outcome() is None


class Durable:
    def __init__(self, context: Any) -> None:
        self.lambda_context = context


def test_a_durable_functions_context_is_read_through() -> None:
    lambda_context = SimpleNamespace(
        aws_request_id="r-1", function_name="loans", get_remaining_time_in_millis=lambda: 5000
    )
    with invocation.enter({}, Durable(lambda_context)) as current:
        assert (current.request_id, current.function_name, current.remaining_ms()) == ("r-1", "loans", 5000)
        assert (invocation.remaining_ms(), current.correlation_id) == (5000, "r-1")
        assert isinstance(current.context, Durable)
    with invocation.enter({}, Durable(lambda_context), remaining_ms=100) as current:
        assert current.request_id == "r-1"
        assert 0 <= (current.remaining_ms() or 0) <= 100
    with invocation.enter({}, Durable(None)) as current:
        assert (current.request_id, current.remaining_ms()) == (None, None)
    assert invocation.lambda_context(lambda_context) is lambda_context
    assert invocation.lambda_context(None) is None
