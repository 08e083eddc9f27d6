"""The examples that the packages began with, unchanged but for their import lines."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit_handler import (
    AppError,
    LambdaEvent,
    LambdaResponse,
    Request,
    Response,
    aws_lambda_handler,
    get_body,
    job,
    route,
)
from kit_handler.testing import LambdaContext, http_event, sqs_event

PROFILE = UUID("5b1f3c1e-6f0b-4f0e-9d0a-000000000001")


@dataclass
class GetProfileParams:
    id: str

    @classmethod
    def load(cls, data: Any) -> "GetProfileParams":
        return cls(data["id"])


class Profile:
    def dump(self) -> dict[str, Any]:
        return {"id": PROFILE}


class GetProfile:
    @staticmethod
    def run(params: GetProfileParams) -> Profile:
        return Profile()


@route
def get_profile(request: Request):  # type: ignore[no-untyped-def]
    params = GetProfileParams.load(request.params)
    profile = GetProfile.run(params)

    return Response.ok(profile)


def test_the_route_example() -> None:
    answer = get_profile(http_event("GET", f"/profiles/{PROFILE}", path_params={"id": str(PROFILE)}), LambdaContext())
    assert json.loads(answer["body"]) == {"data": {"id": str(PROFILE)}}


@route(role="PROFILE_VIEW")
def guarded_profile(request: Request):  # type: ignore[no-untyped-def]
    return Response.ok(Profile())


@route(token=True)
def create_loan(request: Request):  # type: ignore[no-untyped-def]
    return Response.created()


def test_the_interceptor_examples() -> None:
    assert guarded_profile(http_event(authorizer={"roles": "PROFILE_VIEW"}))["statusCode"] == 200
    assert guarded_profile(http_event(authorizer={"roles": "OTHER"}))["statusCode"] == 403
    assert create_loan(http_event(authorizer={"profile_id": "p"}))["statusCode"] == 401


class FileRecord:
    def __init__(self, key: str) -> None:
        self.key = key

    @classmethod
    def from_record(cls, raw: Any) -> Iterable["FileRecord"]:
        return [cls(raw["s3"]["object"]["key"])]


class EventRecord:
    payload: dict[str, Any]

    @classmethod
    def from_record(cls, raw: Any) -> Iterable["EventRecord"]:
        record = cls()
        record.payload = json.loads(raw["body"])
        return [record]


seen: list[Any] = []


@job
def process_file(record: FileRecord):  # type: ignore[no-untyped-def]
    seen.append(record.key)


@job
def process_event(record: EventRecord):  # type: ignore[no-untyped-def]
    seen.append(record.payload)


def test_the_job_examples() -> None:
    seen.clear()
    process_file({"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a"}}}]}, LambdaContext())
    assert process_event(sqs_event([{"loan": 1}]), LambdaContext()) == {"batchItemFailures": []}
    assert seen == ["a", {"loan": 1}]


def test_the_quick_start_of_the_handler_utilities() -> None:
    @aws_lambda_handler()
    def handler(event, context):  # type: ignore[no-untyped-def]
        # Automatically parses and validates the request body
        body = get_body(event)

        return {
            "message": "Success",
            "data": body
        }  # fmt: skip

    envelope = json.loads(handler(http_event("POST", body={"a": 1}), LambdaContext())["body"])
    assert (envelope["message"], envelope["data"], envelope["rslt_cd"]) == ("Success", {"a": 1}, "S00000")


def test_the_event_and_context_examples() -> None:
    def process_request(body: Any) -> Any:
        return body

    @aws_lambda_handler()
    def handler(event, context):  # type: ignore[no-untyped-def]
        # Parse event
        event_data = LambdaEvent(**event)

        # Access event data
        body = event_data.get_json_body()  # Parsed JSON body
        headers = event_data.headers  # Request headers
        source_ip = event_data.requestContext.get_source_ip()  # Client IP

        return {
            "data": process_request(body),
            "agent": headers["User-Agent"],
            "client_ip": source_ip,
            "request_id": event_data.requestContext.request_id,
        }

    event = http_event("POST", body={"a": 1}, version="1.0")
    envelope = json.loads(handler(event, LambdaContext())["body"])
    assert (envelope["data"], envelope["client_ip"], envelope["agent"]) == ({"a": 1}, "203.0.113.7", "test")
    assert envelope["request_id"] == event["requestContext"]["requestId"]


def test_the_response_example() -> None:
    response = LambdaResponse.create(
        body={"message": "success"},
        content_type='application/json',
        status_code=200,
        charset='UTF-8'
    )  # fmt: skip
    assert response.statusCode == 200


def test_the_error_handling_examples() -> None:
    told: list[str] = []

    def notify_slack(error_message: str):  # type: ignore[no-untyped-def]
        told.append(error_message)

    def process_data(body: Any) -> Any:
        raise ValueError("too short")

    @aws_lambda_handler(error_receiver=notify_slack)
    def handler(event, context):  # type: ignore[no-untyped-def]
        try:
            # Validate request
            body = get_body(event)
            if not body:
                raise AppError("B00001", "Missing request body")

            # Process request
            result = process_data(body)
            return {"data": result}

        except ValueError as e:
            raise AppError("B00002", str(e))  # noqa: B904

    assert json.loads(handler(http_event("POST"), None)["body"])["rslt_cd"] == "B00001"
    assert json.loads(handler(http_event("POST", body={"a": 1}), None)["body"])["rslt_msg"] == "too short"
    assert len(told) == 2


def test_the_validation_and_ignoring_examples() -> None:
    NOT_FOUND_ERROR = AppError("B00404", "Resource not found")  # noqa: N806
    told: list[str] = []

    @dataclass
    class UserRequest:
        name: str
        age: int

    @aws_lambda_handler(error_receiver=told.append, ignore_app_errors=[NOT_FOUND_ERROR])
    def handler(event, context):  # type: ignore[no-untyped-def]
        body = get_body(event)
        user_data = UserRequest(**body)
        if user_data.age < 0:
            raise AppError("B00404", "Resource not found")
        return {"user": user_data}

    answers = [handler(http_event("POST", body={"name": "Ada", "age": age}), None) for age in (36, -1)]
    assert json.loads(answers[0]["body"])["user"] == {"name": "Ada", "age": 36}
    assert json.loads(answers[1]["body"])["rslt_cd"] == "B00404"
    assert told == []
