"""Lambda's Invoke at the local endpoint, as functions and scripts call it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kit_local.sources.sources import Sources
from kit_local.stack import Function, Stack

pytestmark = pytest.mark.anyio

APP = """
import json, pathlib

def add(event, context):
    return {"sum": event["a"] + event["b"], "id": context.aws_request_id}

def fail(event, context):
    with pathlib.Path("attempts").open("a") as file:
        file.write("x")
    raise ValueError("the reason")

def call(event, context):
    import boto3
    answer = boto3.client("lambda").invoke(FunctionName="shop-add", Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())

def note(event, context):
    pathlib.Path("noted").write_text(json.dumps(event))
"""


class Shop:
    """Functions behind the local endpoint."""

    def __init__(self, lab: Any, aws: Any) -> None:
        lab.write(APP)
        self.lab, self.aws = lab, aws
        lab.cloud = aws.environment()

    def open(self, *names: str, **options: Any) -> Any:
        functions = self.lab.functions(*names, timeout=20.0, **options)
        known: dict[str, Function] = self.lab._functions
        stack = Stack("shop", self.aws.region, self.aws.account, self.lab.folder, known)
        sources = Sources(stack, functions, self.aws, fail=lambda error: None, retry_delay=0)
        self.lab.later(sources.stop)
        return self.aws.client("lambda")


async def in_thread(call: Any, **options: Any) -> Any:
    return await asyncio.to_thread(lambda: call(**options))


@pytest.fixture
async def shop(lab: Any, aws: Any) -> AsyncIterator[Shop]:
    yield Shop(lab, aws)
    await lab.close()


@pytest.mark.parametrize(
    "name",
    [
        "shop-add",
        "shop-add:live",
        "123456789012:function:shop-add",
        "arn:aws:lambda:us-east-1:123456789012:function:shop-add",
        "arn:aws:lambda:us-east-1:123456789012:function:shop-add:$LATEST",
    ],
)
async def test_an_invocation_is_answered(shop: Shop, name: str) -> None:
    answer = await in_thread(shop.open("add").invoke, FunctionName=name, Payload=b'{"a": 1, "b": 2}')
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read())["sum"] == 3
    assert "add invoke" in shop.lab.shown


async def test_an_error_is_answered_as_one(shop: Shop) -> None:
    answer = await in_thread(shop.open("fail").invoke, FunctionName="shop-fail")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    error = json.loads(answer["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "the reason")
    assert any("app.py" in line for line in error["stackTrace"])


async def test_a_function_calls_another(shop: Shop) -> None:
    answer = await in_thread(shop.open("call", "add").invoke, FunctionName="shop-call", Payload=b'{"a": 3, "b": 4}')
    assert json.loads(answer["Payload"].read())["sum"] == 7


async def test_an_event_is_accepted_and_run(shop: Shop) -> None:
    client = shop.open("note")
    answer = await in_thread(client.invoke, FunctionName="shop-note", Payload=b'{"n": 1}', InvocationType="Event")
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    noted = shop.lab.folder / "noted"
    async with asyncio.timeout(30):
        while not noted.exists() or not noted.read_text():
            await asyncio.sleep(0.01)
    assert json.loads(noted.read_text()) == {"n": 1}


async def test_an_event_that_fails_is_tried_three_times_and_goes_to_the_dead_letters(shop: Shop) -> None:
    sqs = shop.aws.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    client = shop.open("fail", dead_letters="arn:aws:sqs:us-east-1:123456789012:dead")
    await in_thread(client.invoke, FunctionName="shop-fail", Payload=b'{"n": 1}', InvocationType="Event")
    message = None
    async with asyncio.timeout(30):
        while not message:
            wanted = {"QueueUrl": url, "MessageAttributeNames": ["All"]}
            [message] = (await in_thread(sqs.receive_message, **wanted)).get("Messages") or [None]
    assert json.loads(message["Body"]) == {"n": 1}
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (attributes["ErrorCode"], attributes["ErrorMessage"]) == ("200", "the reason")
    assert attributes["RequestID"]
    assert (shop.lab.folder / "attempts").read_text() == "xxx"
    assert shop.lab.shown.count("ValueError\n") >= 2
    assert "ValueError -> dead\n" in shop.lab.shown


async def test_a_dry_run_runs_nothing(shop: Shop) -> None:
    answer = await in_thread(shop.open("fail").invoke, FunctionName="shop-fail", InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert not (shop.lab.folder / "attempts").exists()


@pytest.mark.parametrize(
    ("options", "code", "status"),
    [
        ({"FunctionName": "absent"}, "ResourceNotFoundException", 404),
        ({"FunctionName": "shop-add", "Payload": b"{"}, "InvalidRequestContentException", 400),
        (
            {"FunctionName": "shop-add", "Payload": b'"' + b"x" * (1024 * 1024) + b'"', "InvocationType": "Event"},
            "RequestTooLargeException",
            413,
        ),
    ],
)
async def test_what_lambda_refuses_is_refused(shop: Shop, options: dict[str, Any], code: str, status: int) -> None:
    with pytest.raises(ClientError) as caught:
        await in_thread(shop.open("add").invoke, **options)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


async def test_a_function_whose_reserved_concurrency_is_in_use_is_throttled(shop: Shop) -> None:
    client = shop.open("add", reserved_concurrency=0)
    with pytest.raises(client.exceptions.TooManyRequestsException):
        await in_thread(client.invoke, FunctionName="shop-add", Payload=b"{}")


async def test_other_calls_reach_moto(shop: Shop) -> None:
    client = shop.open("add")
    assert (await in_thread(client.list_layers))["Layers"] == []
