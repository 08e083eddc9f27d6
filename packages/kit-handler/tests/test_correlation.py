"""The correlation id: where it is found, and how long it lasts."""

import json
from typing import Any

import pytest
from kit_handler import Request, Response, aws_lambda_handler, correlation_id, job, route
from kit_testing import LambdaContext
from kit_testing.events import http_event

SNS_BODY = json.dumps({"Type": "Notification", "MessageAttributes": {"correlation_id": {"Value": "cause"}}})


def invocation() -> LambdaContext:
    return LambdaContext(aws_request_id="invocation-1")


def seen_by_route(event: dict[str, Any]) -> str | None:
    seen: list[str | None] = []

    @route
    def look(request: Request) -> Response:
        seen.append(correlation_id())
        return Response.no_content()

    look(event, invocation())
    return seen[0]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_an_http_request_has_one(version: str) -> None:
    trace = {"X-Amzn-Trace-Id": "Self=1-x;Root=1-67891233-abc;Sampled=1"}
    event = http_event(version=version)
    assert seen_by_route(http_event(version=version, headers={"X-Correlation-Id": "cause", **trace})) == "cause"
    assert seen_by_route(http_event(version=version, headers=trace)) == "1-67891233-abc"
    assert seen_by_route(event) == event["requestContext"]["requestId"]
    assert seen_by_route({"httpMethod": "GET"}) == "invocation-1"


@pytest.mark.parametrize("hostile", ["a\nb", "x" * 257, "", "a\x1b[31m"])
def test_what_can_not_stand_in_a_log_line_is_not_taken(hostile: str) -> None:
    event = http_event(headers={"X-Correlation-Id": hostile})
    assert seen_by_route(event) == event["requestContext"]["requestId"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"messageId": "m", "messageAttributes": {"x-correlation-id": {"stringValue": "cause"}}}, "cause"),
        ({"messageId": "m", "messageAttributes": {}, "body": SNS_BODY}, "cause"),
        ({"messageId": "m", "body": '"MessageAttributes" in no JSON'}, "m"),
        ({"messageId": "m", "attributes": {"AWSTraceHeader": "Root=1-a-b;Parent=c"}}, "1-a-b"),
        ({"messageId": "m", "attributes": None, "messageAttributes": None, "body": None}, "m"),
        ({"Sns": {"MessageId": "n", "MessageAttributes": {"correlation_id": {"Value": "cause"}}}}, "cause"),
        ({"Sns": {"MessageId": "n"}}, "n"),
        ({"eventID": "shard:1"}, "shard:1"),
        ({"responseElements": {"x-amz-request-id": "s3"}}, "s3"),
        ({"id": "bus", "detail-type": "x"}, "bus"),
        ({"headers": "nonsense", "attributes": 7}, "invocation-1"),
        ({}, "invocation-1"),
    ],
)
def test_a_record_has_one(record: dict[str, Any], expected: str) -> None:
    seen = []

    @job
    async def look(raw: dict[str, Any]) -> None:
        seen.append(correlation_id())

    look({"Records": [record]}, invocation())
    assert seen == [expected]


def test_there_is_none_outside_an_invocation_also_after_a_failure() -> None:
    @aws_lambda_handler()
    def fail(event: Any, context: Any) -> None:
        assert correlation_id() == "cause"
        raise LookupError

    fail(http_event(headers={"x-correlation-id": "cause"}))
    assert correlation_id() is None


def test_without_anything_to_go_by_there_is_none() -> None:
    @aws_lambda_handler()
    def look(event: Any, context: Any) -> Any:
        return {"id": correlation_id()}

    assert json.loads(look({})["body"])["id"] is None
