"""`Response`: the factories, the Content-Type, cookies, and what each payload makes of them."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from kit_handler import Request, Response, route
from kit_handler.testing import http_event


@pytest.mark.parametrize(
    ("response", "status", "body"),
    [
        (Response.ok(), 200, {"data": {}}),
        (Response.ok([]), 200, {"data": []}),
        (Response.ok(0), 200, {"data": 0}),
        (Response.created({"id": 1}), 201, {"data": {"id": 1}}),
        (Response.accepted("later"), 202, {"data": "later"}),
        (Response.bad_request(), 400, {"errors": [{"id": "bad_request", "message": "Bad Request"}]}),
        (
            Response.bad_request(["One", {"id": "two", "message": "Two", "field": "b"}]),
            400,
            {"errors": [{"id": "bad_request", "message": "One"}, {"id": "two", "message": "Two", "field": "b"}]},
        ),
        (Response.unauthorized("Who?"), 401, {"errors": [{"id": "unauthorized", "message": "Who?"}]}),
        (Response.forbidden(), 403, {"errors": [{"id": "forbidden", "message": "You shall not pass!"}]}),
        (Response.not_found(), 404, {"errors": [{"id": "not_found", "message": "Resource not found"}]}),
        (Response.conflict("Taken"), 409, {"errors": [{"id": "conflict", "message": "Taken"}]}),
        (
            Response.internal_server_error(),
            500,
            {"errors": [{"id": "internal_server_error", "message": "An unexpected error has occurred."}]},
        ),
    ],
)
def test_the_factories(response: Response, status: int, body: Any) -> None:
    answer = response.dump()
    assert (answer["statusCode"], json.loads(answer["body"])) == (status, body)
    assert answer["headers"] == {"Content-Type": "application/json"}


def test_no_content_has_no_body_and_no_type() -> None:
    assert Response.no_content().dump() == {"statusCode": 204, "headers": {}, "body": "", "isBase64Encoded": False}


@pytest.mark.parametrize("status", [201, HTTPStatus.CREATED])
def test_a_status_is_a_number_or_an_http_status(status: int) -> None:
    code = Response(status, {}).dump()["statusCode"]
    assert (code, type(code)) == (201, int)


@pytest.mark.parametrize(
    ("body", "text", "base64", "kind"),
    [
        ("plain", "plain", False, "text/plain; charset=utf-8"),
        (b"\xff\x00", "/wA=", True, "application/octet-stream"),
        ([1], "[1]", False, "application/json"),
        ({"é": 1}, '{"é":1}', False, "application/json"),
    ],
)
def test_the_body_decides_the_type(body: Any, text: str, base64: bool, kind: str) -> None:
    answer = Response(200, body).dump()
    assert (answer["body"], answer["isBase64Encoded"], answer["headers"]["Content-Type"]) == (text, base64, kind)


def test_a_given_content_type_wins_in_any_case() -> None:
    answer = Response(200, "<p>", {"content-type": "text/html", "X-Count": 3}).dump()
    assert answer["headers"] == {"content-type": "text/html", "X-Count": "3"}


@pytest.mark.parametrize(
    ("version", "key", "value"),
    [("2.0", "cookies", ["a=1", "b=2"]), ("1.0", "multiValueHeaders", {"Set-Cookie": ["a=1", "b=2"]})],
)
def test_cookies_go_where_the_payload_wants_them(version: str, key: str, value: Any) -> None:
    @route
    def login(request: Request) -> Response:
        return Response(204, cookies=["a=1", "b=2"])

    assert login(http_event(version=version))[key] == value


def test_headers_of_one_response_are_its_own() -> None:
    shared = {"X-A": "1"}
    Response(headers=shared).headers["X-B"] = "2"
    assert shared == {"X-A": "1"}
    assert Response().headers == {}


def test_repr_shows_no_body() -> None:
    assert repr(Response.ok("hush")) == "<Response 200>"
