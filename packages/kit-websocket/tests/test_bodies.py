"""Messages as JSON: in, and out."""

import base64
import json
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import pytest
from kit_websocket import WebSocketResolver


@pytest.fixture
def resolver():
    return WebSocketResolver()


def body_of(response):
    return json.loads(response["body"])


def test_a_result_may_hold_what_a_payload_may_hold(resolver, make_event):
    @dataclass
    class Loan:
        id: UUID
        amount: Decimal
        at: datetime

    class Schema:
        def dump(self):
            return {"tags": {"b", "a"}}

    loan = Loan(UUID(int=1), Decimal("1500.00"), datetime(2024, 9, 11, 9, 8, tzinfo=UTC))
    resolver.on_message("m")(lambda: {"loan": loan, "schema": Schema(), "name": "Škoda"})
    response = resolver.resolve(make_event("m"), None)
    assert "Škoda" in response["body"]
    assert body_of(response) == {
        "loan": {"id": "00000000-0000-0000-0000-000000000001", "amount": "1500.00", "at": "2024-09-11T09:08:00Z"},
        "schema": {"tags": ["a", "b"]},
        "name": "Škoda",
    }


def test_a_dataclass_is_its_fields_and_a_time_without_a_zone_is_in_utc(resolver, make_event):
    @dataclass
    class Loan:
        kind: ClassVar[str] = "no field"
        note: InitVar[str] = "none either"
        at: datetime = datetime(2024, 9, 11, 9, 8)  # noqa: DTZ001

    resolver.on_message("m")(lambda: Loan())
    assert body_of(resolver.resolve(make_event("m"), None)) == {"at": "2024-09-11T09:08:00Z"}


def test_a_lone_surrogate_of_a_client_can_be_answered(resolver, make_event):
    resolver.on_message("echo")(lambda body: body)
    response = resolver.resolve(make_event("echo", '{"text": "\\ud800"}'), None)
    assert response["body"].encode() == b'{"text":"\\ud800"}'


@pytest.mark.parametrize("body", [None, ""])
def test_an_empty_message_has_no_body(resolver, make_event, body):
    resolver.on_message("m")(lambda body: [body])
    assert body_of(resolver.resolve(make_event("m", body), None)) == [None]


def test_connecting_has_no_body(resolver, make_event):
    resolver.on_connect()(lambda body: [body])
    assert body_of(resolver.resolve(make_event("$connect"), None)) == [None]


def test_a_base64_body_is_decoded(resolver, make_event):
    resolver.on_message("m")(lambda body: body)
    event = make_event("m", base64.b64encode('{"a": "ü"}'.encode()).decode()) | {"isBase64Encoded": True}
    assert body_of(resolver.resolve(event, None)) == {"a": "ü"}


@pytest.mark.parametrize(
    "body", ["{", "hello", "NaN", '{"a": Infinity}', '{"a": 1e999}', "[-1e999]", "[" * 100_000, " "]
)
def test_malformed_json_is_400_and_the_handler_does_not_run(resolver, make_event, body):
    @resolver.on_message("async")
    async def asynchronous(body):
        raise AssertionError

    @resolver.on_message("sync")
    def synchronous(body):
        raise AssertionError

    for route_key in ("async", "sync"):
        response = resolver.resolve(make_event(route_key, body), None)
        assert response["statusCode"] == 400
        assert body_of(response) == {"type": "error", "status": 400, "message": "The message is not valid JSON"}


@pytest.mark.parametrize("body", ["not base64!", base64.b64encode(b"\xff\xfe{}").decode()])
def test_malformed_base64_is_400(resolver, make_event, body):
    resolver.on_message("m")(lambda body: body)
    assert resolver.resolve(make_event("m", body) | {"isBase64Encoded": True}, None)["statusCode"] == 400


def test_text_that_is_no_json_reaches_a_handler_that_does_not_ask_for_the_body(resolver, make_event):
    resolver.on_default()(lambda event: event["body"].upper())
    assert body_of(resolver.resolve(make_event("$default", "hello"), None)) == "HELLO"


def test_a_result_without_a_json_form_is_500(resolver, make_event, caplog):
    resolver.on_message("m")(lambda: {"socket": object()})
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 500
    assert "$.socket: a value of type 'object' has no form in JSON" in caplog.text


@pytest.mark.parametrize("result", [float("nan"), {"rate": float("inf")}])
def test_a_result_with_a_number_that_json_lacks_is_500(resolver, make_event, result):
    resolver.on_message("m")(lambda: result)
    assert resolver.resolve(make_event("m"), None)["statusCode"] == 500
