"""`Response`: the factories, the Content-Type, cookies, and what each payload makes of them."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from kit_handler import Request, Response, route
from kit_testing.events import http_event


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


@pytest.mark.parametrize(
    ("response", "status", "entry", "fields"),
    [
        (Response.unprocessable("Odd"), 422, {"id": "unprocessable", "message": "Odd"}, {}),
        (Response.too_many_requests(), 429, {"id": "too_many_requests", "message": "Too many requests"}, {}),
        (
            Response.too_many_requests("Wait", retry_after=0.2),
            429,
            {"id": "too_many_requests", "message": "Wait"},
            {"Retry-After": "1"},
        ),
    ],
)
def test_more_errors(response: Response, status: int, entry: dict[str, str], fields: dict[str, str]) -> None:
    answer = response.dump()
    assert (answer["statusCode"], json.loads(answer["body"])) == (status, {"errors": [entry]})
    assert answer["headers"] == {"Content-Type": "application/json", **fields}


@pytest.mark.parametrize(
    ("response", "status", "body", "fields"),
    [
        (Response.redirect("/a"), 302, "", {"Location": "/a"}),
        (Response.redirect("/a", status_code=308), 308, "", {"Location": "/a"}),
        (Response.text("t"), 200, "t", {"Content-Type": "text/plain; charset=utf-8"}),
        (Response.html("<p>", status_code=404), 404, "<p>", {"Content-Type": "text/html; charset=utf-8"}),
        (Response.binary(b"\x00"), 200, "AA==", {"Content-Type": "application/octet-stream"}),
        (Response.binary(b"\x00", content_type="image/png"), 200, "AA==", {"Content-Type": "image/png"}),
    ],
)
def test_other_kinds_of_bodies(response: Response, status: int, body: str, fields: dict[str, str]) -> None:
    answer = response.dump()
    assert (answer["statusCode"], answer["body"], answer["headers"]) == (status, body, fields)


@pytest.mark.parametrize(
    ("options", "kind", "disposition"),
    [
        ({"filename": "a.csv"}, "text/csv; charset=utf-8", 'attachment; filename="a.csv"'),
        ({"filename": "ä.pdf", "inline": True}, "application/pdf", "inline; filename*=UTF-8''%C3%A4.pdf"),
        ({"filename": 'a"b\r\n.png'}, "image/png", "attachment; filename*=UTF-8''a%22b%0D%0A.png"),
        ({"filename": "a.tar.gz"}, "application/octet-stream", 'attachment; filename="a.tar.gz"'),
        ({"content_type": "image/gif"}, "image/gif", "attachment"),
    ],
)
def test_a_file_has_its_type_and_name(options: Any, kind: str, disposition: str) -> None:
    answer = Response.file(b"abc", **options).dump()
    assert answer["headers"] == {"Content-Type": kind, "Content-Disposition": disposition}
    sent = ("abc", False) if kind.startswith("text/") else ("YWJj", True)
    assert (answer["body"], answer["isBase64Encoded"]) == sent


def test_a_file_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(b"abc")
    answer = Response.file(path).dump()
    assert answer["headers"]["Content-Disposition"] == 'attachment; filename="report.txt"'
    assert answer["body"] == "abc"


def test_cookies_are_safe_by_default() -> None:
    response = Response().set_cookie("session", "abc", max_age=60)
    assert response.cookies == ["session=abc; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"]
    response = Response().set_cookie(
        "a", "b", secure=False, httponly=False, samesite=None, domain="example.com", path="/x"
    )
    assert response.cookies == ["a=b; Path=/x; Domain=example.com"]
    assert Response().delete_cookie("a").cookies == ["a=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"]


@pytest.mark.parametrize(
    ("name", "value", "options"),
    [
        ("", "a", {}),
        ("a b", "a", {}),
        ("a=b", "a", {}),
        ("a", "b; Domain=evil.example", {}),
        ("a", "b\r\nX: y", {}),
        ("a", "é", {}),
        ("a", "b", {"path": "/; Secure"}),
        ("a", "b", {"domain": "x\n"}),
        ("a", "b", {"samesite": "lax"}),
        ("a", "b", {"samesite": "None", "secure": False}),
        ("__Secure-a", "b", {"secure": False}),
        ("__Host-a", "b", {"domain": "example.com"}),
        ("__Host-a", "b", {"path": "/x"}),
    ],
)
def test_a_cookie_that_no_browser_would_take_is_an_error(name: str, value: str, options: Any) -> None:
    with pytest.raises(ValueError):
        Response().set_cookie(name, value, **options)


def test_a_line_break_in_a_cookie_is_not_sent() -> None:
    with pytest.raises(ValueError, match="line break"):
        Response(cookies=["a=b\r\nX: y"]).dump()


def test_no_body_is_an_empty_one() -> None:
    assert Response(body=None).dump()["body"] == ""
