"""LambdaEvent, LambdaResponse and the small helpers."""

import json
from base64 import b64encode
from typing import Any

import pytest
from kit_handler import AppError, LambdaEvent, LambdaResponse, RequestContext, get_body, get_headers, get_source_ip
from kit_testing.events import PAYLOADS, http_event

VERSIONS = pytest.mark.parametrize("version", ["1.0", "2.0"])


@VERSIONS
def test_an_event_is_read_from_each_payload(version: str) -> None:
    raw = http_event("POST", "/x", body={"a": 1}, headers={"Authorization": "Bearer t"}, version=version)
    event = LambdaEvent(**raw)
    assert event.body == '{"a": 1}'
    assert event.get_json_body() == get_body(raw) == get_body(event) == {"a": 1}
    assert event.headers["AUTHORIZATION"] == get_headers(raw).get("authorization") == "Bearer t"
    assert event.requestContext.get_source_ip() == get_source_ip(raw) == get_source_ip(event) == "203.0.113.7"
    assert event.requestContext.request_id == raw["requestContext"]["requestId"]
    assert event.requestContext["stage"] == raw["requestContext"]["stage"]
    assert event._extra["isBase64Encoded"] is False
    assert "body" not in event._extra


@pytest.mark.parametrize("version", PAYLOADS)
def test_the_short_ways_know_every_payload(version: str) -> None:
    raw = http_event("POST", "/x", body=b'{"a": 1}', headers={"X-A": "1"}, version=version)
    assert (get_body(raw), get_headers(raw)["x-a"], get_source_ip(raw)) == ({"a": 1}, "1", "203.0.113.7")


@pytest.mark.parametrize("raw", [{}, {"headers": None, "body": None, "requestContext": None}])
def test_null_is_the_same_as_nothing(raw: dict[str, Any]) -> None:
    assert (get_body(raw), get_headers(raw), get_source_ip(raw)) == (None, {}, None)
    assert LambdaEvent(**raw).requestContext.request_id is None
    assert get_headers(raw).get("authorization", "") == ""


@pytest.mark.parametrize(
    ("body", "parsed"),
    [("", None), ("{", None), ("NaN", None), ("[" * 100_000, None), ("[1]", [1]), ("7", 7), ({"a": 1}, {"a": 1})],
)
def test_a_body_is_json_or_none(body: Any, parsed: Any) -> None:
    assert get_body({"body": body}) == parsed


def test_base64_is_decoded() -> None:
    assert get_body({"body": b64encode(b'{"a": 1}').decode(), "isBase64Encoded": True}) == {"a": 1}
    assert get_body({"body": b64encode(b"\xff").decode(), "isBase64Encoded": True}) is None
    assert get_body({"body": "%", "isBase64Encoded": True}) is None


def test_a_response_is_made_by_hand() -> None:
    response = LambdaResponse.create(
        body={"message": "success"}, content_type="application/json", status_code=201, charset="UTF-8"
    )
    assert (response.statusCode, response.body, response.isBase64Encoded) == (201, '{"message":"success"}', False)
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert json.loads(json.dumps(response))["statusCode"] == 201
    assert LambdaResponse.create("x", headers={"Access-Control-Allow-Origin": "https://a.example"}).headers[
        "Access-Control-Allow-Origin"
    ] == ("https://a.example")


def test_an_app_error_tells_of_itself() -> None:
    error = AppError("B00001", "Missing", details=["name"])
    assert str(error) == "AppError[B00001]: Missing"
    told = error.to_dict()
    assert told.pop("timestamp") == error.timestamp
    assert error.timestamp.endswith("Z")
    assert told == {"code": "B00001", "message": "Missing", "details": ["name"]}
    assert error.args == ("B00001", "Missing")


@pytest.mark.parametrize("odd", [None, 7, "text", [], {}, {0: 1}, {"headers": 7, "requestContext": "x", "body": 7}])
def test_nothing_breaks_on_what_is_no_event(odd: Any) -> None:
    assert (dict(get_headers(odd)), get_source_ip(odd)) == ({}, None)
    assert get_body(odd) in (None, 7)


def test_an_event_may_hold_any_name() -> None:
    assert LambdaEvent(self=1, body="{}")._extra == {"self": 1}


def test_header_fields_of_a_load_balancer_are_found_in_their_lists() -> None:
    event = {
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "httpMethod": "GET",
        "path": "/",
        "multiValueHeaders": {"x-forwarded-for": ["198.51.100.1, 203.0.113.7"], "accept": ["a", "b"]},
    }
    assert get_headers(event)["Accept"] == "a, b"
    assert get_source_ip(event) == "203.0.113.7"


def test_the_request_context_knows_both_payloads() -> None:
    for version in ("1.0", "2.0"):
        raw = http_event(version=version)
        event = LambdaEvent(**raw)
        assert isinstance(event.requestContext, RequestContext)
        assert event.requestContext.request_id == raw["requestContext"]["requestId"]
        assert event.requestContext.get_source_ip() == get_source_ip(event)
