"""`trigger`: the answer that each source expects, and what it is told of a failure."""

import json
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from kit_core.invocation import correlation_id
from kit_handler import (
    AnnotationError,
    AppError,
    ForbiddenError,
    TriggerError,
    UnhandledSourceError,
    trigger,
)
from kit_testing import LambdaContext
from kit_testing.events import (
    authorizer_event,
    cognito_event,
    custom_resource_event,
    kinesis_event,
    lex_event,
    schedule_event,
    sns_event,
    sqs_event,
)


def saying(answer: Any) -> Any:
    """Return a trigger that returns, or raises, `answer`."""

    @trigger
    def say(event: dict[str, Any]) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return say


@pytest.mark.parametrize("decorate", [trigger, trigger()])
def test_every_spelling_passes_the_event_and_the_context(decorate: Any) -> None:
    seen: list[Any] = []

    @decorate
    async def handle(event: dict[str, Any], context: Any) -> Any:
        seen.append((event, context, correlation_id()))
        return {"total": Decimal("1.0")}

    event, context = schedule_event(), LambdaContext()
    assert handle(event, context) == {"total": "1.0"}
    assert seen == [(event, context, event["id"])]


class Typed:
    """Made by from_event."""

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Typed":
        return cls(event["userName"])


class Recorded(Typed):
    """Made by from_record."""

    from_event = None  # type: ignore[assignment]

    @classmethod
    def from_record(cls, raw: Mapping[str, Any]) -> Iterator["Recorded"]:
        yield cls(raw["userName"])


def test_the_event_is_typed_by_its_annotation() -> None:
    @trigger
    def typed(event: Typed) -> dict[str, Any]:
        return {"name": event.name}

    @trigger
    def recorded(event: "Recorded") -> dict[str, Any]:
        return {"name": event.name}

    for handle in (typed, recorded):
        assert handle(cognito_event("PostAuthentication_Authentication"))["response"] == {"name": "ada"}


def test_what_cannot_be_used_fails_at_import() -> None:
    with pytest.raises(AnnotationError, match="from_event"):

        @trigger
        def wrong(event: int) -> None:
            pass

    with pytest.raises(TypeError, match="'retries'"):
        trigger(retries=3)
    with pytest.raises(TypeError):
        trigger("name")


@pytest.mark.parametrize("event", [sqs_event(["a"]), kinesis_event(["a"]), sns_event(["a"]), None, [1]])
def test_records_want_a_job(event: Any) -> None:
    with pytest.raises(UnhandledSourceError):
        saying({})(event)


def test_cognito_gets_its_event_with_the_response_filled_in() -> None:
    event = cognito_event()

    @trigger
    def in_place(event: dict[str, Any]) -> None:
        event["response"]["autoConfirmUser"] = True

    expected = {"autoConfirmUser": True, "autoVerifyEmail": False, "autoVerifyPhone": False}
    assert saying({"autoConfirmUser": True})(event) == {**event, "response": expected}
    assert saying({**event, "response": {"a": 1}})(event)["response"] == {"a": 1}
    assert in_place(event)["response"] == expected


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AppError("B1", "Only from example.com"), "Only from example.com"),
        (ForbiddenError("No more users"), "No more users"),
        (TriggerError("As it is"), "As it is"),
        (ValueError("password=hunter2"), "An unexpected error has occurred."),
    ],
)
@pytest.mark.parametrize("event", [cognito_event(), lex_event()])
def test_users_see_only_what_was_written_for_them(error: Exception, told: str, event: dict[str, Any]) -> None:
    with pytest.raises(TriggerError) as caught:
        saying(error)(event)
    assert str(caught.value) == told
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("event", [cognito_event(), lex_event(), authorizer_event(), authorizer_event("token")])
@pytest.mark.parametrize("answer", ["text", 1, [1], object()])
def test_an_answer_of_another_kind_is_a_failure(event: dict[str, Any], answer: Any) -> None:
    with pytest.raises(TriggerError):
        saying(answer)(event)


def test_lex_goes_on_or_ends_unless_told_otherwise() -> None:
    assert saying(None)(lex_event(source="DialogCodeHook"))["sessionState"]["dialogAction"] == {"type": "Delegate"}
    state = saying(None)(lex_event())["sessionState"]
    assert (state["dialogAction"], state["intent"]["state"]) == ({"type": "Close"}, "Fulfilled")
    assert saying({"messages": []})(lex_event()) == {"messages": []}


def test_a_schedule_and_a_direct_call_raise_what_is_raised() -> None:
    for event in (schedule_event(), schedule_event(scheduler=True), {"anything": 1}):
        assert saying(7)(event) == 7
        with pytest.raises(LookupError):
            saying(LookupError("x"))(event)


class Receiver:
    """Stands for the bucket behind a pre-signed URL; `refusals` are the first answers."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.kinds: list[str | None] = []
        self.refusals = 0
        self.arrived = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.refusals -= 1
                if receiver.refusals < 0:
                    receiver.bodies.append(json.loads(body))
                    receiver.kinds.append(self.headers["Content-Type"])
                self.send_response(200 if receiver.refusals < 0 else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if receiver.refusals < 0:
                    receiver.arrived.set()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/answer?signature=x"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_cloudformation_is_told_at_its_url(receiver: Receiver) -> None:
    event = custom_resource_event(response_url=receiver.url)
    assert saying({"Endpoint": "x"})(event, LambdaContext()) is None
    body = receiver.bodies[0]
    assert (body["Status"], body["Data"]) == ("SUCCESS", {"Endpoint": "x"})
    assert [body[name] == event[name] for name in ("StackId", "RequestId", "LogicalResourceId")] == [True] * 3
    assert body["PhysicalResourceId"] == f"Resource-{event['RequestId']}"
    assert receiver.kinds == [""]


def test_the_physical_id_is_kept_or_given(receiver: Receiver) -> None:
    saying(None)(custom_resource_event("Delete", response_url=receiver.url, physical_id="p-7"))
    saying({"PhysicalResourceId": "p-8", "NoEcho": True})(custom_resource_event("Update", response_url=receiver.url))
    assert [body["PhysicalResourceId"] for body in receiver.bodies] == ["p-7", "p-8"]
    assert receiver.bodies[1]["NoEcho"] is True


@pytest.mark.parametrize("answer", [ValueError("secret"), {"a": "x" * 5000}, "text", {"a": object()}])
def test_cloudformation_is_told_of_a_failure_without_its_text(receiver: Receiver, answer: Any) -> None:
    saying(answer)(custom_resource_event(response_url=receiver.url), LambdaContext())
    assert receiver.bodies[0]["Status"] == "FAILED"
    assert receiver.bodies[0]["Reason"]
    assert "secret" not in json.dumps(receiver.bodies)


def test_cloudformation_is_told_before_the_time_is_up(receiver: Receiver) -> None:
    @trigger
    def slow(event: dict[str, Any]) -> dict[str, Any]:
        assert receiver.arrived.wait(10)
        return {"too": "late"}

    slow(custom_resource_event(response_url=receiver.url), LambdaContext(timeout=2.05))
    assert [body["Status"] for body in receiver.bodies] == ["FAILED"]
    assert "Timed out" in receiver.bodies[0]["Reason"]


def test_an_answer_is_sent_again_when_it_was_refused(receiver: Receiver) -> None:
    receiver.refusals = 2
    saying({})(custom_resource_event(response_url=receiver.url))
    assert [body["Status"] for body in receiver.bodies] == ["SUCCESS"]
    receiver.refusals = 99
    with pytest.raises(TriggerError, match="could not be told"):
        saying({})(custom_resource_event(response_url=receiver.url))


def test_an_answer_goes_out_over_http_alone() -> None:
    with pytest.raises(TriggerError):
        saying({})(custom_resource_event(response_url="file:///tmp/answer"))


def test_every_spelling_is_the_same_and_options_are_refused() -> None:
    for decorate in (trigger, trigger()):
        assert decorate(lambda event: {"seen": event["a"]})({"a": 1}) == {"seen": 1}
    with pytest.raises(TypeError, match="no options: 'retries'"):
        trigger(retries=3)
    with pytest.raises(TypeError, match="takes a function"):
        trigger("name")
