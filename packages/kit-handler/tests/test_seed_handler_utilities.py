"""Programs written for the older handler utilities, with nothing but their import lines changed."""

# ruff: noqa: B904, N806  (the programs are as they were)
import json
from dataclasses import asdict, dataclass
from typing import Any

import pytest
from kit_handler import (
    AppError,
    LambdaEvent,
    LambdaResponse,
    aws_lambda_handler,
    get_body,
    get_headers,
    get_source_ip,
)
from kit_testing import LambdaContext
from kit_testing.events import http_event

VERSIONS = pytest.mark.parametrize("version", ["1.0", "2.0"])
HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": "*",
    "Access-Control-Allow-Credentials": "true",
    "Content-Type": "application/json; charset=UTF-8",
}


def call(handler: Any, body: Any = None, version: str = "2.0") -> Any:
    answer = handler(http_event("POST", "/", body=body, version=version), LambdaContext())
    return json.loads(answer["body"])


@VERSIONS
def test_the_quick_start(version: str) -> None:
    @aws_lambda_handler()
    def handler(event, context):  # type: ignore[no-untyped-def]
        body = get_body(event)

        return {
            "message": "Success",
            "data": body,
        }

    answer = call(handler, {"a": 1}, version)
    assert (answer["rslt_cd"], answer["message"], answer["data"]) == ("S00000", "Success", {"a": 1})


@VERSIONS
def test_the_event_model(version: str) -> None:
    @aws_lambda_handler()
    def handler(event, context):  # type: ignore[no-untyped-def]
        event_data = LambdaEvent(**event)

        body = event_data.get_json_body()
        headers = event_data.headers
        source_ip = event_data.requestContext.get_source_ip()

        return {"data": body, "agent": headers["User-Agent"], "ip": source_ip, "raw": event_data.body}

    answer = call(handler, {"a": 1}, version)
    assert (answer["data"], answer["agent"], answer["ip"]) == ({"a": 1}, "test", "203.0.113.7")
    assert answer["raw"] == '{"a": 1}'


def test_the_response_model() -> None:
    @aws_lambda_handler()
    def automatic(event, context):  # type: ignore[no-untyped-def]
        return {
            "data": "success",
            "meta": {"count": 42},
        }

    @aws_lambda_handler()
    def manual(event, context):  # type: ignore[no-untyped-def]
        response = LambdaResponse.create(
            body={"message": "success"},
            content_type="application/json",
            status_code=200,
            charset="UTF-8",
        )
        return response  # noqa: RET504

    assert call(automatic)["meta"] == {"count": 42}
    assert call(manual) == {"message": "success"}


@VERSIONS
def test_the_helpers(version: str) -> None:
    event = http_event("POST", headers={"X-Tenant": "acme"}, body={"a": 1}, version=version)
    body = get_body(event)
    headers = get_headers(event)
    client_ip = get_source_ip(event)
    assert (body, headers["x-tenant"], headers["X-Tenant"], client_ip) == ({"a": 1}, "acme", "acme", "203.0.113.7")
    assert (get_body(http_event()), get_body(http_event("POST", body="{no json"))) == (None, None)


def test_the_format_of_an_answer() -> None:
    @aws_lambda_handler()
    def handler(event, context):  # type: ignore[no-untyped-def]
        return {"data": {"your": "response data"}}

    answer = handler(http_event(), LambdaContext())
    envelope = json.loads(answer.pop("body"))
    assert answer == {"statusCode": 200, "headers": HEADERS, "isBase64Encoded": False}
    assert isinstance(envelope.pop("duration"), float)
    assert envelope == {"rslt_cd": "S00000", "rslt_msg": "Call Success", "data": {"your": "response data"}}


def test_the_format_of_an_error() -> None:
    @aws_lambda_handler(use_traceback=True)
    def handler(event, context):  # type: ignore[no-untyped-def]
        raise RuntimeError("Error message")

    answer = handler(http_event(), LambdaContext())
    envelope = json.loads(answer.pop("body"))
    assert answer == {"statusCode": 200, "headers": HEADERS, "isBase64Encoded": False}
    assert (envelope["rslt_cd"], envelope["rslt_msg"]) == ("S99999", "Error message")
    assert set(envelope) == {"rslt_cd", "rslt_msg", "duration", "traceback"}


class SlackClient:
    def __init__(self) -> None:
        self.messages: list[str] = []

    def post_message(self, message: str) -> None:
        self.messages.append(message)


def test_custom_error_handling() -> None:
    slack_client = SlackClient()

    def process_data(body: Any) -> Any:
        if body["amount"] < 0:
            raise ValueError("The amount is negative")
        return body["amount"]

    def notify_slack(error_message: str):  # type: ignore[no-untyped-def]
        slack_client.post_message(error_message)

    @aws_lambda_handler(error_receiver=notify_slack)
    def handler(event, context):  # type: ignore[no-untyped-def]
        try:
            body = get_body(event)
            if not body:
                raise AppError("B00001", "Missing request body")

            result = process_data(body)
            return {"data": result}

        except ValueError as e:
            raise AppError("B00002", str(e))

    assert call(handler, {"amount": 7})["data"] == 7
    assert call(handler)["rslt_cd"] == "B00001"
    failed = call(handler, {"amount": -1})
    assert (failed["rslt_cd"], failed["rslt_msg"]) == ("B00002", "The amount is negative")
    assert ["B00001" in slack_client.messages[0], "B00002" in slack_client.messages[1]] == [True, True]


def test_type_hints() -> None:
    def process_event(event_data: LambdaEvent) -> dict[str, Any]:
        body = event_data.get_json_body()
        return {"processed": body}

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        event_data = LambdaEvent(**event)
        result = process_event(event_data)
        return {"data": result}

    assert handler(http_event("POST", body=[1]), None) == {"data": {"processed": [1]}}


def test_type_validation() -> None:
    @dataclass
    class UserRequest:
        name: str
        age: int

        def to_dict(self) -> dict[str, Any]:
            return asdict(self)

    @aws_lambda_handler()
    def handler(event, context):  # type: ignore[no-untyped-def]
        body = get_body(event)
        user_data = UserRequest(**body)
        return {"user": user_data.to_dict(), "as it is": user_data}

    answer = call(handler, {"name": "Ada", "age": 36})
    assert answer["user"] == answer["as it is"] == {"name": "Ada", "age": 36}
    assert call(handler, {"name": "Ada", "height": 170})["rslt_cd"] == "S99999"


def test_different_content_types() -> None:
    @aws_lambda_handler(content_type="application/xml")
    def handler(event, context):  # type: ignore[no-untyped-def]
        return {"data": "<root>XML response</root>"}

    @aws_lambda_handler(content_type="application/xml")
    def plain(event, context):  # type: ignore[no-untyped-def]
        return "<root>XML response</root>"

    for function in (handler, plain):
        answer = function(http_event(), LambdaContext())
        assert answer["headers"]["Content-Type"] == "application/xml; charset=UTF-8"
        assert "<root>XML response</root>" in answer["body"]


def test_errors_that_nobody_wants_to_hear_of() -> None:
    class ResourceNotFoundError(Exception):
        pass

    NOT_FOUND_ERROR = AppError("B00404", "Resource not found")
    slack_client = SlackClient()
    notify_slack = slack_client.post_message

    def process_request(body: Any) -> Any:
        if body["id"] == "lost":
            raise ResourceNotFoundError
        return {"id": body["id"]}

    @aws_lambda_handler(
        error_receiver=notify_slack,
        ignore_app_errors=[NOT_FOUND_ERROR],
    )
    def handler(event, context):  # type: ignore[no-untyped-def]
        try:
            return process_request(get_body(event))
        except ResourceNotFoundError:
            raise AppError("B00404", "Resource not found")

    assert call(handler, {"id": "7"})["id"] == "7"
    assert call(handler, {"id": "lost"})["rslt_cd"] == "B00404"
    assert slack_client.messages == []
    assert call(handler, {})["rslt_cd"] == "S99999"
    assert len(slack_client.messages) == 1


@VERSIONS
def test_request_context_usage(version: str) -> None:
    @aws_lambda_handler()
    def handler(event, context):  # type: ignore[no-untyped-def]
        event_data = LambdaEvent(**event)
        return {
            "client_ip": event_data.requestContext.get_source_ip(),
            "request_id": event_data.requestContext.request_id,
        }

    event = http_event(version=version)
    envelope = json.loads(handler(event, LambdaContext())["body"])
    assert envelope["client_ip"] == "203.0.113.7"
    assert envelope["request_id"] == event["requestContext"]["requestId"]
