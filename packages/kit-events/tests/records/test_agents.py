"""Bedrock agents, AppSync, the rotation of secrets and S3 Batch Operations: fields, and answers by their own names."""

from collections.abc import Callable
from typing import Any

import pytest
from kit_events import (
    AppSyncTrigger,
    BedrockTrigger,
    FileTaskRecord,
    FirehoseRecord,
    KafkaRecord,
    RabbitMQRecord,
    RecordShapeError,
    RotationTrigger,
)
from kit_testing.events import (
    appsync_event,
    bedrock_event,
    firehose_event,
    kafka_event,
    rabbitmq_event,
    rotation_event,
    s3_batch_event,
)

Captured = Callable[[str], Any]


def test_an_operation_of_an_agent(captured: Captured) -> None:
    [action] = BedrockTrigger.from_record(captured("bedrock"))
    assert (action.action_group, action.method, action.path) == ("loans", "POST", "/loans/{id}/payments")
    assert (action.function, action.agent, action.text) == (None, "loans", "What do I still owe?")
    assert action.parameters == {"id": 7, "late": True, "tags": ["a", "b"], "note": "42"}
    assert action.body == {"amount": 1500.5}
    assert action.answer({"left": 3}) == {
        "messageVersion": "1.0",
        "response": {
            "actionGroup": "loans",
            "apiPath": "/loans/{id}/payments",
            "httpMethod": "POST",
            "httpStatusCode": 200,
            "responseBody": {"application/json": {"body": '{"left":3}'}},
        },
        "sessionAttributes": {"customer": "ada@example.com"},
        "promptSessionAttributes": {"locale": "en"},
    }
    assert action.fail("No such loan", status=404, session={})["response"]["httpStatusCode"] == 404


def test_a_function_of_an_agent() -> None:
    [action] = BedrockTrigger.from_record(bedrock_event("pay", parameters={"amount": 3, "note": "x", "by": [1]}))
    assert (action.function, action.method, action.path) == ("pay", None, None)
    assert action.parameters == {"amount": 3, "note": "x", "by": [1]}
    response = action.answer("paid", session={"paid": "yes"})
    assert response["sessionAttributes"] == {"paid": "yes"}
    assert response["response"] == {
        "actionGroup": "actions",
        "function": "pay",
        "functionResponse": {"responseBody": {"TEXT": {"body": "paid"}}},
    }
    assert action.fail("no")["response"]["functionResponse"]["responseState"] == "FAILURE"
    assert action.reprompt("how much?")["response"]["functionResponse"]["responseState"] == "REPROMPT"


def test_a_value_that_is_not_of_its_type_is_named() -> None:
    event = bedrock_event("pay", parameters={"amount": 3})
    event["parameters"][0]["value"] = "three"
    with pytest.raises(RecordShapeError, match=r"parameters\.0\.value"):
        BedrockTrigger.from_record(event)


def test_a_field_of_appsync(captured: Captured) -> None:
    [asked] = AppSyncTrigger.from_record(captured("appsync"))
    assert (asked.parent_type, asked.field, asked.arguments["id"]) == ("Query", "loan", "7")
    assert asked.source == {"id": "1", "name": "Ada"}
    assert asked.fields == ("id", "payments", "payments/amount")
    assert (asked.claims["sub"], asked.variables, asked.headers["x-forwarded-for"]) == (
        "ada",
        {"id": "7"},
        "203.0.113.7",
    )
    assert asked.ok(1) == {"data": 1, "errorMessage": None, "errorType": None}
    assert asked.error("none", type="NotFound") == {"data": None, "errorMessage": "none", "errorType": "NotFound"}
    [bare] = AppSyncTrigger.from_record(appsync_event("loan"))
    assert (bare.identity, bare.claims, bare.source) == ({}, {}, None)


@pytest.mark.parametrize("step", ["createSecret", "setSecret", "testSecret", "finishSecret"])
def test_a_step_of_a_rotation(step: str) -> None:
    [rotation] = RotationTrigger.from_record(rotation_event(step, name="db", token="t", rotation_token="r"))
    assert (rotation.step, rotation.token, rotation.rotation_token) == (step, "t", "r")
    assert rotation.secret_id.startswith("arn:aws:secretsmanager:")
    with pytest.raises(RecordShapeError, match="Step"):
        RotationTrigger.from_record(rotation_event("other"))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_tasks_of_s3_batch_operations(version: str) -> None:
    event = s3_batch_event(["a+b%C3%A9.pdf", "c"], bucket="files", version=version, arguments={"size": "9"})
    [first, second] = FileTaskRecord.from_record(event)
    assert (first.bucket, first.key, second.key) == ("files", "a bé.pdf", "c")
    assert first.arguments == ({"size": "9"} if version == "2.0" else {})
    assert first.succeeded("x") == {"taskId": "task-1", "resultCode": "Succeeded", "resultString": "x"}
    assert first.temporary_failure()["resultCode"] == "TemporaryFailure"
    assert first.permanent_failure()["resultCode"] == "PermanentFailure"


def test_one_record_that_was_taken_out_of_an_event_is_read() -> None:
    """As EventBridge Pipes brings it, or kit-handler's `job`."""
    kafka = kafka_event(["a", "b"])
    [[_, record]] = kafka["records"].values()
    shared = {"eventSource": kafka["eventSource"], "eventSourceKey": "topic-0"}
    [read] = KafkaRecord.from_record({**shared, **record})
    assert (read.text, read.offset, read.partition) == ("b", 1, 0)
    [read] = KafkaRecord.from_record({**shared, **record, "partition": "3"})
    assert read.partition == 3

    rabbitmq = rabbitmq_event(["a", "b"], queue="loans")
    [[_, message]] = rabbitmq["rmqMessagesByQueue"].values()
    [got] = RabbitMQRecord.from_record({"eventSource": "aws:rmq", "eventSourceKey": "loans::/", **message})
    assert (got.text, got.queue, got.virtual_host) == ("b", "loans", "/")

    firehose = firehose_event(["a", "b"])
    [taken] = FirehoseRecord.from_record({**firehose["records"][1], "deliveryStreamArn": "arn"})
    assert (taken.record_id, taken.text) == ("2", "b")
