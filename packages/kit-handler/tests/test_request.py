"""`Request`: what each payload says, parsed when asked for."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kit_handler import BadRequestError, Request, Response, route
from kit_testing.events import http_event


def read(event: dict[str, Any]) -> Request:
    seen: list[Request] = []

    @route
    def keep(request: Request) -> Response:
        seen.append(request)
        return Response.no_content()

    assert keep(event)["statusCode"] == 204
    return seen[0]


VERSIONS = pytest.mark.parametrize("version", ["1.0", "2.0"])


@VERSIONS
def test_both_payloads_say_the_same(version: str) -> None:
    request = read(
        http_event(
            "post",
            "/loans/7",
            version=version,
            headers={"X-Trace": "t"},
            query={"page": "2", "tag": ["a", "b"]},
            path_params={"id": "7", "page": "path"},
            body={"amount": "10"},
            authorizer={"profile_id": "p"},
            cookies=["a=1", "b=2=3"],
            source_ip="198.51.100.1",
        )
    )
    assert (request.method, request.path) == ("POST", "/loans/7")
    assert request.headers["x-TRACE"] == "t"
    assert request.query == request.query_params == {"page": "2", "tag": "b"}
    assert request.multi_query == {"page": ["2"], "tag": ["a", "b"]}
    assert request.path_params == {"id": "7", "page": "path"}
    assert request.params == {"id": "7", "page": "path", "tag": "b"}
    assert request.body == {"amount": "10"}
    assert request.raw_body == b'{"amount": "10"}'
    assert request.authorizer is not None
    assert request.authorizer["profile_id"] == "p"
    assert request.cookies == {"a": "1", "b": "2=3"}
    assert (request.source_ip, request.user_agent) == ("198.51.100.1", "test")
    assert request.identity["sourceIp"] == "198.51.100.1"


NULLS = ("headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters")


@VERSIONS
def test_null_is_the_same_as_nothing(version: str) -> None:
    event = {**http_event(version=version), **dict.fromkeys((*NULLS, "body", "cookies", "stageVariables"))}
    event["requestContext"]["authorizer"] = None
    event["requestContext"]["identity"] = None
    request = read(event)
    assert (request.headers, request.query, request.multi_query, request.path_params) == ({}, {}, {}, {})
    assert (request.params, request.cookies, request.body, request.raw_body) == ({}, {}, "", b"")
    assert request.authorizer is None


def test_a_part_of_a_rest_event_is_enough() -> None:
    request = read({"body": '{"a": 1}', "requestContext": None})
    assert (request.method, request.path, request.body, request.identity) == ("GET", "/", {"a": 1}, {})
    assert (request.source_ip, request.user_agent) == (None, None)


@VERSIONS
@pytest.mark.parametrize(
    ("content_type", "text", "parsed"),
    [
        ("application/json", '{"a": [1, "é"]}', {"a": [1, "é"]}),
        ("application/vnd.api+json;v=1", "[]", []),
        ("application/json", '"text"', "text"),
        ("application/json", "", ""),
        (None, '{"a": 1}', {"a": 1}),
        (None, "[1]", [1]),
        (None, "{not json", "{not json"),
        (None, "123", "123"),
        ("application/x-www-form-urlencoded", "a=1", "a=1"),
        ("text/csv", "a;b", "a;b"),
    ],
)
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_body_is_json_if_it_says_or_looks_so(
    content_type: str | None, text: str, parsed: Any, version: str, as_bytes: bool
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    request = read(http_event("POST", body=text.encode() if as_bytes else text, headers=headers, version=version))
    assert request.body == parsed
    assert request.raw_body == text.encode()


def test_a_binary_body_stays_bytes() -> None:
    assert read(http_event("POST", body=b"\xff\xfe\x00")).body == b"\xff\xfe\x00"


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a"', "[" * 100_000, "\ufeff{}", b"\xff{}"])
def test_malformed_json_is_a_bad_request(text: Any) -> None:
    request = read(http_event("POST", body=text, headers={"Content-Type": "application/json"}))
    with pytest.raises(BadRequestError):
        _ = request.body


def test_malformed_base64_is_a_bad_request() -> None:
    request = read({**http_event("POST", body="é"), "isBase64Encoded": True})
    with pytest.raises(BadRequestError):
        _ = request.raw_body


def test_an_object_as_body_of_a_handmade_event_is_taken_as_it_is() -> None:
    assert read({"body": {"a": 1}}).body == {"a": 1}
    assert read({"body": {"a": 1}}).raw_body == b'{"a":1}'


def test_a_comma_in_a_query_value_is_no_separator() -> None:
    request = read(http_event(query={"name": "Doe, Jane", "ids": ["1", "2,3"], "empty": ""}))
    assert request.query == {"name": "Doe, Jane", "ids": "2,3", "empty": ""}
    assert request.multi_query["ids"] == ["1", "2,3"]


@given(st.text(alphabet="ab=&+%2Cc3é;,\ud800\0", max_size=40))
@example("a=%2C%2c&b=%252C&%C3%2Cx=%C3%A9&=1&a&a=+%2B&&c=%%2C41&%2=%")
def test_a_query_is_decoded_as_the_standard_library_does(raw: str) -> None:
    event = {**http_event(), "rawQueryString": raw}
    assert read(event).multi_query == parse_qs(raw, keep_blank_values=True)


def test_path_parameters_are_decoded_once() -> None:
    rest = http_event(version="1.0", path_params={"name": "a b%2F"})
    assert read(rest).path_params == {"name": "a b%2F"}
    assert read({**rest, "version": "1.0"}).path_params == {"name": "a%20b%252F"}  # an HTTP API has decoded them
    assert read(http_event(path_params={"name": "100%25"})).path_params == {"name": "100%25"}


def test_repeated_headers_are_joined() -> None:
    event = http_event(version="1.0")
    event["multiValueHeaders"] = {"Accept": ["text/html", "*/*"], "COOKIE": ["a=1", "b=2"], "Odd": None, "Null": [None]}
    request = read(event)
    assert request.headers == {"accept": "text/html, */*", "cookie": "a=1; b=2"}
    assert request.cookies == {"a": "1", "b": "2"}
    assert "ACCEPT" in request.headers
    assert "odd" not in request.headers


def test_single_headers_are_enough() -> None:
    assert read({"httpMethod": "GET", "headers": {"X-A": "1"}}).headers["x-a"] == "1"


def test_the_cookie_header_of_a_function_url_is_enough() -> None:
    assert read(http_event(headers={"cookie": "a=1; a=2; flag"})).cookies == {"a": "1"}


def v2(authorizer: Any) -> Request:
    event = http_event()
    event["requestContext"]["authorizer"] = authorizer
    return read(event)


def v1(authorizer: Any) -> Request:
    event = http_event(version="1.0")
    event["requestContext"]["authorizer"] = authorizer
    return read(event)


def test_every_kind_of_authorizer_is_flat() -> None:
    claims = {"sub": "s", "scope": "a b"}
    assert v2({"jwt": {"claims": claims, "scopes": ["admin"]}}).authorizer == claims
    assert v2({"lambda": {"roles": "A"}}).authorizer == {"roles": "A"}
    iam = v2({"iam": {"userArn": "arn"}})
    assert (iam.authorizer, iam.identity["userArn"]) == ({"userArn": "arn"}, "arn")
    assert v1({"principalId": "p", "roles": "A"}).authorizer == {"principalId": "p", "roles": "A"}
    assert v1({"claims": claims}).authorizer == claims
    assert v1({"claims": claims, "scopes": ["admin"]}).authorizer == claims


@pytest.mark.parametrize("nothing", [None, {}, {"lambda": None}, {"jwt": None}, {"jwt": {"claims": None}}])
def test_an_empty_authorizer_is_none(nothing: Any) -> None:
    assert v2(nothing).authorizer is None


@pytest.mark.parametrize("nothing", [None, {}, {"claims": {}}])
def test_an_empty_rest_authorizer_is_none(nothing: Any) -> None:
    assert v1(nothing).authorizer is None


def test_a_request_for_a_test_is_made_from_keywords() -> None:
    request = Request(method="put", path="/x", headers={"A": "1"}, query={"q": "1"}, path_params={"q": "2"}, body={})
    assert (request.method, request.headers["a"], request.params) == ("PUT", "1", {"q": "2"})
    assert (request.multi_query, request.raw_body, request.authorizer) == ({"q": ["1"]}, b"{}", None)
    assert (request.event, request.context, request.cookies) == ({}, None, {})
    assert Request().body == ""
    with pytest.raises(TypeError):
        Request(bdy={})


def test_repr_shows_no_secret() -> None:
    assert repr(Request(path="/x", headers={"Authorization": "hush"}, body="hush")) == "<Request GET /x>"


def test_a_request_made_by_hand_takes_text_bytes_and_values() -> None:
    assert [Request(body=body).raw_body for body in ("é", b"\xff", {"a": 1})] == ["é".encode(), b"\xff", b'{"a":1}']
    assert Request(body={"a": 1.5}).exact_body == {"a": 1.5}
    assert Request.body.__doc__
