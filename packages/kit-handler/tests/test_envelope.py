"""`aws_lambda_handler`: the envelope, its errors, and who hears of them."""

import asyncio
import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from kit_handler import AppError, LambdaResponse, Response, TimeUpError, aws_lambda_handler
from kit_handler.envelope.reports import ErrorReport
from kit_testing import LambdaContext
from kit_testing.events import http_event, sqs_event

EVENT = http_event("POST", "/users", body={"name": "Ada"})


def answer_to(result: Any, event: Any = EVENT, **options: Any) -> Any:
    @aws_lambda_handler(**options)
    def handler(event: Any, context: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    return handler(event, LambdaContext())


def body(answer: Any) -> Any:
    assert isinstance(answer["body"], str)
    return json.loads(answer["body"])


def test_the_handlers_keys_stand_beside_code_message_and_duration() -> None:
    answer = answer_to({"data": {"your": "response data"}})
    envelope = body(answer)
    assert 0 <= envelope.pop("duration") < 60
    assert envelope == {"rslt_cd": "S00000", "rslt_msg": "Call Success", "data": {"your": "response data"}}
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)


def test_the_headers_are_the_documented_ones_and_all_text() -> None:
    assert answer_to({})["headers"] == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": "*",
        "Access-Control-Allow-Methods": "*",
        "Access-Control-Allow-Credentials": "true",
        "Content-Type": "application/json; charset=UTF-8",
    }


def test_a_handler_may_choose_code_and_message_but_not_the_duration() -> None:
    envelope = body(answer_to({"rslt_cd": "S00001", "rslt_msg": "Queued", "duration": "long"}))
    assert (envelope["rslt_cd"], envelope["rslt_msg"]) == ("S00001", "Queued")
    assert isinstance(envelope["duration"], float)


@pytest.mark.parametrize("nothing", [None, {}, [], "", 0, False])
def test_nothing_is_the_bare_envelope(nothing: Any) -> None:
    assert set(body(answer_to(nothing))) == {"rslt_cd", "rslt_msg", "duration"}


@dataclass
class User:
    name: str
    balance: Decimal


class Schema:
    def dump(self) -> dict[str, Any]:
        return {"at": datetime(2025, 1, 2, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("result", "key", "value"),
    [
        ({"user": User("Ada", Decimal("1.10"))}, "user", {"name": "Ada", "balance": "1.10"}),
        (User("Ada", Decimal("1.10")), "balance", "1.10"),
        (Schema(), "at", "2025-01-02T00:00:00Z"),
    ],
)
def test_what_json_does_not_know_is_sent_nevertheless(result: Any, key: str, value: Any) -> None:
    assert body(answer_to(result))[key] == value


def test_a_list_and_text_go_without_an_envelope() -> None:
    assert body(answer_to([1, {"a": Decimal("2")}])) == [1, {"a": "2"}]
    xml = answer_to("<root/>", content_type="application/xml")
    assert (xml["body"], xml["headers"]["Content-Type"]) == ("<root/>", "application/xml; charset=UTF-8")


@pytest.mark.parametrize("number", [7, 1.5, True, Decimal("1.5")])
def test_another_value_goes_as_json(number: Any) -> None:
    assert answer_to(number)["body"] in ("7", "1.5", "true", '"1.5"')


def test_the_content_type_is_for_success_only() -> None:
    failed = answer_to(AppError("B1", "No"), content_type="application/xml")
    assert failed["headers"]["Content-Type"] == "application/json; charset=UTF-8"
    kept = answer_to({}, content_type="application/json; charset=ascii")
    assert kept["headers"]["Content-Type"] == "application/json; charset=ascii"


@pytest.mark.parametrize(
    "whole",
    [
        {"statusCode": 302, "headers": {"Location": "/"}},
        {"statusCode": 404, "body": "no"},
        Response.not_found("no"),
        LambdaResponse.create({"message": "no"}, status_code=404),
    ],
)
def test_a_whole_answer_is_not_wrapped_again(whole: Any) -> None:
    answer = answer_to(whole)
    assert answer["statusCode"] in (302, 404)
    assert "rslt_cd" not in answer.get("body", "")


def test_the_body_of_a_whole_answer_goes_out_as_text() -> None:
    assert answer_to({"statusCode": 400, "body": {"at": datetime(2025, 1, 2, tzinfo=UTC)}}) == {
        "statusCode": 400,
        "body": '{"at":"2025-01-02T00:00:00Z"}',
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"Location": "/\r\nSet-Cookie: a=1"}},
        {"headers": {"X-A\nX-B": "1"}},
        {"multiValueHeaders": {"Set-Cookie": ["a=1", "b=2\n\n<script>"]}},
        {"cookies": ["a=1\r\nX-B: 1"]},
    ],
)
def test_a_whole_answer_with_a_line_break_in_a_header_field_is_an_error(fields: dict[str, Any]) -> None:
    answer = answer_to({"statusCode": 302, **fields})
    assert body(answer)["rslt_cd"] == "S99999"
    assert not any("\n" in name + value for name, value in answer["headers"].items())


def test_a_coroutine_function_is_run() -> None:
    @aws_lambda_handler()
    async def handler(event: Any, context: Any) -> Any:
        return {"name": event["body"]}

    assert body(handler(EVENT, None))["name"] == '{"name": "Ada"}'
    assert handler.__name__ == "handler"


def test_an_app_error_is_its_code_and_message() -> None:
    answer = answer_to(AppError("B00001", "Missing request body", details={"secret": 1}))
    envelope = body(answer)
    assert isinstance(envelope.pop("duration"), float)
    assert envelope == {"rslt_cd": "B00001", "rslt_msg": "Missing request body"}
    assert answer["statusCode"] == 200


@pytest.mark.parametrize("code", [404, ["odd"], object()])
def test_an_odd_code_does_not_break_the_answer(code: Any) -> None:
    answer = answer_to(AppError(code, ValueError("odd")), ignore_app_errors=[AppError(code, "")])
    assert body(answer)["rslt_cd"] in (404, str(code))


def test_any_other_error_is_general_to_the_client_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    answer = answer_to(ValueError("password=hunter2"))
    assert (body(answer)["rslt_cd"], body(answer)["rslt_msg"]) == ("S99999", "An unexpected error has occurred.")
    assert "hunter2" not in json.dumps(answer)
    assert "Traceback" not in json.dumps(answer)
    assert ("kit.handler", logging.ERROR) in [(record.name, record.levelno) for record in caplog.records]


def test_a_traceback_is_sent_only_when_asked_for() -> None:
    envelope = body(answer_to(ValueError("what happened"), use_traceback=True))
    assert envelope["rslt_msg"] == "what happened"
    assert "ValueError: what happened" in envelope["traceback"]
    assert "traceback" in body(answer_to(AppError("B1", "No"), use_traceback=True))


@pytest.mark.parametrize("result", [{"a": object()}, object(), {"n": float("inf")}, {1: {b"k": 1}}])
def test_a_result_that_is_no_json_is_an_error(result: Any) -> None:
    assert body(answer_to(result))["rslt_cd"] == "S99999"


def test_the_receiver_hears_of_errors_in_readable_text() -> None:
    told: list[str] = []
    for error in (ValueError("no good"), AppError("B00001", "Missing")):
        answer_to(error, error_receiver=told.append)
    assert len(told) == 2
    assert "ValueError: no good" in told[0]
    assert "AppError[B00001]: Missing" in told[1]
    assert "Source IP: 203.0.113.7" in told[0]
    assert "Request ID: " in told[0]
    assert "'rawPath': '/users'" in told[0]
    assert "Traceback" in told[0]


@pytest.mark.parametrize("ignored", [[AppError("B00404", "x")], ["B00404"], (AppError("B00404", ""), "B1")])
def test_ignored_app_errors_silence_the_receiver_only(ignored: Any) -> None:
    told: list[str] = []
    options = {"error_receiver": told.append, "ignore_app_errors": ignored}
    assert body(answer_to(AppError("B00404", "Not found"), **options))["rslt_cd"] == "B00404"
    assert told == []
    answer_to(AppError("B00500", "Other"), **options)
    answer_to(ValueError(), **options)
    assert len(told) == 2


def test_an_ignored_code_silences_no_other_kind_of_error() -> None:
    class ClientError(Exception):
        code = "B00404"

    told: list[str] = []
    answer_to(ClientError(), error_receiver=told.append, ignore_app_errors=["B00404"])
    assert len(told) == 1


def test_a_failing_receiver_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def receiver(text: str) -> None:
        raise ConnectionError("chat is down: token=abc")

    answer = answer_to(ValueError("no"), error_receiver=receiver)
    assert set(body(answer)) == {"rslt_cd", "rslt_msg", "duration"}
    assert "receiver failed" in caplog.text


def test_a_receiver_may_be_a_coroutine_function() -> None:
    told = []

    async def receiver(text: str) -> None:
        told.append(text)

    answer_to(ValueError(), error_receiver=receiver)
    assert len(told) == 1


def test_the_report_holds_no_secret_of_the_event() -> None:
    event = http_event(
        "POST",
        "/login",
        headers={"Authorization": "Bearer hush-1", "Cookie": "session=hush-2", "X-Api-Key": "hush-3"},
        cookies=["session=hush-4"],
        query={"access_token": "hush-5"},
        body={"user": "ada", "password": "hush-6", "card": {"cvv": "hush-7"}},
    )
    told: list[str] = []
    answer_to(ConnectionError("postgresql://ada:hush-8@db/x password='hush 9'"), event, error_receiver=told.append)
    assert "hush" not in told[0]
    assert "ada" in told[0]


def test_a_large_event_makes_a_short_report() -> None:
    told: list[str] = []
    answer_to(ValueError("x" * 50_000), http_event("POST", body="y" * 500_000), error_receiver=told.append)
    assert len(told[0]) < 12_000


def test_a_queues_error_is_raised_again_after_the_receiver_has_heard_of_it() -> None:
    told: list[str] = []
    with pytest.raises(ValueError, match="no"):
        answer_to(ValueError("no"), sqs_event(["a"]), error_receiver=told.append)
    with pytest.raises(AppError):
        answer_to(AppError("B1", "No"), {"detail-type": "Scheduled Event"})
    assert len(told) == 1


def test_a_batch_answer_is_not_wrapped() -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert answer_to(answer, sqs_event(["a"])) == answer


@pytest.mark.parametrize("event", [{}, None, "text", 7, []])
def test_a_direct_call_is_answered_and_its_failure_raised(event: Any) -> None:
    assert body(answer_to({"a": 1}, event))["a"] == 1
    with pytest.raises(AppError):
        answer_to(AppError("B1", "No"), event)


@pytest.mark.parametrize(
    ("version", "where"),
    [("2.0", lambda answer: answer["cookies"]), ("1.0", lambda answer: answer["multiValueHeaders"]["Set-Cookie"])],
)
def test_the_cookies_of_a_response_go_out_as_the_payload_has_them(version: str, where: Any) -> None:
    response = Response(200, "hi", cookies=["a=1; Path=/", "b=2"])
    assert where(answer_to(response, http_event(version=version))) == ["a=1; Path=/", "b=2"]


def test_a_response_to_what_is_no_http_event_is_a_plain_answer() -> None:
    assert answer_to(Response(201, "hi"), {"from": "another function"})["statusCode"] == 201


@pytest.mark.parametrize("result", [{"data": "x" * 6_291_556}, "ö" * 3_200_000, Response(200, b"x" * 5_000_000)])
def test_an_answer_that_lambda_would_not_let_through_is_an_error(result: Any, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    assert body(answer_to(result, error_receiver=told.append))["rslt_cd"] == "S99999"
    assert "ResponseTooLargeError" in told[0]
    assert "are let through" in caplog.text


def test_an_answer_that_just_fits_goes_out() -> None:
    assert len(answer_to({"data": "x" * 6_290_000})["body"]) > 6_290_000


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12, what is not ASCII takes six bytes")
def test_what_is_not_ascii_takes_its_bytes() -> None:
    assert len(answer_to({"data": "ö" * 3_000_000})["body"]) > 3_000_000


def test_a_coroutine_is_cancelled_before_the_time_is_over_and_somebody_is_told() -> None:
    told: list[ErrorReport] = []

    @aws_lambda_handler(error_receiver=told.append)
    async def handler(event: Any, context: Any) -> Any:
        await asyncio.Event().wait()

    assert body(handler(EVENT, LambdaContext(timeout=0.3)))["rslt_cd"] == "S99999"
    assert told[0].type == "TimeUpError"
    with pytest.raises(TimeUpError):
        handler(sqs_event(["a"]), LambdaContext(timeout=0.3))


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_error_without_words_is_answered_and_reported() -> None:
    told: list[ErrorReport] = []
    for error in (UnspeakableError(), AppError("B1", UnspeakableError())):  # type: ignore[arg-type]
        envelope = body(answer_to(error, use_traceback=True, error_receiver=told.append))
        assert isinstance(envelope["rslt_msg"], str)
    assert [report.type for report in told] == ["UnspeakableError", "AppError"]


def test_an_unknown_option_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        aws_lambda_handler(use_tracebacks=True)
