"""Triggers of AppSync, Bedrock agents, Alexa and the rotation of secrets; classes of which an event holds several."""

import json
from typing import Any, Self

import pytest
from kit_handler import AppError, NotFoundError, TriggerError, UnhandledSourceError, trigger
from kit_testing import LambdaContext
from kit_testing.events import (
    alexa_event,
    appsync_event,
    bedrock_event,
    kafka_event,
    rotation_event,
    sqs_record,
)


class Asked:
    """One field that AppSync asks for."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.field = event["info"]["fieldName"]
        self.number = event["arguments"].get("n", 0)

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Self:
        return cls(event)


class Recorded(Asked):
    """The same, as a record."""

    @classmethod
    def from_record(cls, event: dict[str, Any]) -> list[Self]:
        return [cls(event)]


BATCH = [appsync_event("loan", arguments={"n": n}) for n in (1, 2, 3)]


def test_a_field_of_appsync_is_answered_with_its_value() -> None:
    @trigger
    def resolve(event: Asked) -> Any:
        return {"field": event.field}

    assert resolve(appsync_event("loan"), LambdaContext()) == {"field": "loan"}


@pytest.mark.parametrize("kind", [Asked, Recorded])
def test_a_batch_of_appsync_is_answered_item_by_item(kind: Any) -> None:
    def resolve(event: Any) -> int:
        return event.number * 10

    resolve.__annotations__["event"] = kind
    assert trigger(resolve)(BATCH, LambdaContext()) == [10, 20, 30]


def test_a_batch_of_appsync_can_be_taken_whole() -> None:
    @trigger
    def typed(events: list[Asked]) -> list[int]:
        return [event.number for event in events]

    @trigger
    def plain(events):  # type: ignore[no-untyped-def]
        return [event["arguments"]["n"] for event in events]

    @trigger
    def dicts(events: list[dict[str, Any]]) -> list[int]:
        return [event["arguments"]["n"] for event in events]

    @trigger
    def each(event: dict[str, Any]) -> int:
        return int(event["arguments"]["n"])

    @trigger
    async def asynchronous(event: Asked) -> int:
        return event.number

    for handler in (typed, plain, dicts, each, asynchronous):
        assert handler(BATCH, LambdaContext()) == [1, 2, 3]


@pytest.mark.parametrize("answer", [[1, 2], None, {"data": 1}])
def test_an_answer_that_is_not_one_for_each_item_is_an_error(answer: Any) -> None:
    @trigger
    def resolve(events: list[Asked]) -> Any:
        return answer

    with pytest.raises(TriggerError) as caught:
        resolve(BATCH)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("event", [appsync_event(), BATCH, rotation_event(), alexa_event("Order")])
def test_the_source_sees_no_text_of_an_error(event: Any) -> None:
    @trigger
    def fail(event: dict[str, Any]) -> None:
        raise ValueError("secret")

    @trigger
    def refuse(event: dict[str, Any]) -> None:
        raise NotFoundError("No such loan")

    with pytest.raises(TriggerError) as caught:
        fail(event)
    assert "secret" not in str(caught.value)
    with pytest.raises(TriggerError, match="No such loan"):
        refuse(event)


def test_a_step_of_a_rotation_is_answered_with_anything() -> None:
    steps = []

    @trigger
    def rotate(event: dict[str, Any]) -> None:
        steps.append(event["Step"])

    assert rotate(rotation_event("setSecret")) is None
    assert steps == ["setSecret"]


def test_an_operation_of_an_agent_is_answered_in_its_form() -> None:
    @trigger
    def act(event: dict[str, Any]) -> Any:
        return {"left": 3}

    event = bedrock_event(method="POST", path="/loans", session={"a": "b"})
    assert act(event, LambdaContext()) == {
        "messageVersion": "1.0",
        "response": {
            "actionGroup": "actions",
            "apiPath": "/loans",
            "httpMethod": "POST",
            "httpStatusCode": 200,
            "responseBody": {"application/json": {"body": '{"left":3}'}},
        },
        "sessionAttributes": {"a": "b"},
        "promptSessionAttributes": {},
    }


def test_a_function_of_an_agent_is_answered_in_its_form() -> None:
    @trigger
    def act(event: dict[str, Any]) -> Any:
        return "paid"

    assert act(bedrock_event("pay"))["response"] == {
        "actionGroup": "actions",
        "function": "pay",
        "functionResponse": {"responseBody": {"TEXT": {"body": "paid"}}},
    }


def test_a_whole_answer_to_an_agent_goes_out_as_it_is() -> None:
    whole = {"messageVersion": "1.0", "response": {"actionGroup": "x"}}

    @trigger
    def act(event: dict[str, Any]) -> Any:
        return whole

    assert act(bedrock_event("pay")) == whole


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (NotFoundError("No such loan"), 404, "No such loan"),
        (AppError("LOAN", "Closed"), 400, "Closed"),
        (ValueError("secret"), 500, "An unexpected error has occurred."),
    ],
)
def test_an_agent_is_told_of_an_error(error: Exception, status: int, message: str) -> None:
    @trigger
    def act(event: dict[str, Any]) -> None:
        raise error

    response = act(bedrock_event(path="/loans"))["response"]
    assert response["httpStatusCode"] == status
    assert json.loads(response["responseBody"]["application/json"]["body"]) == {"message": message}
    said = act(bedrock_event("pay"))["response"]["functionResponse"]
    assert said["responseState"] == "FAILURE"
    assert json.loads(said["responseBody"]["TEXT"]["body"]) == {"message": message}


class Many:
    """A record class that finds as many as there are."""

    @classmethod
    def from_record(cls, event: dict[str, Any]) -> list[Self]:
        return [cls() for several in event["records"].values() for _ in several]


@pytest.mark.parametrize("values", [[], ["a", "b"]])
def test_a_class_never_takes_the_first_of_several(values: list[str]) -> None:
    @trigger
    def take(record: Many) -> str:
        return "one"

    with pytest.raises(UnhandledSourceError, match=f"{len(values)} here"):
        take(kafka_event(values))
    assert take(kafka_event(["a"])) == "one"


def test_the_records_of_a_pipe_want_a_job() -> None:
    @trigger
    def take(event: dict[str, Any]) -> None:
        raise AssertionError

    with pytest.raises(UnhandledSourceError):
        take([sqs_record("a")])
