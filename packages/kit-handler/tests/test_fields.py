"""Header fields and bodies on their way out: each value arrives as it was meant, in every payload, or is refused."""

import json
from decimal import Decimal
from enum import Enum, IntEnum
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest
from kit_handler import HttpError, LambdaResponse, Request, Response, aws_lambda_handler, route
from kit_testing import Client
from kit_testing.clients import Answer
from kit_testing.events import PAYLOADS, http_event


@pytest.fixture(params=PAYLOADS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def sent(response: Response, version: str = "2.0", headers: dict[str, str] | None = None, **options: Any) -> Answer:
    handler = route(**options)(lambda request: response)
    return Client(handler, version=version).get("/", headers=headers)


class Size(IntEnum):
    SMALL = 1


class Kind(str, Enum):  # noqa: UP042  (its text is not what str() makes of it)
    CSV = "csv"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        (Kind.CSV, "csv"),
        (7, "7"),
        (Size.SMALL, "1"),
        (HTTPStatus.CREATED, "201"),
        (-1.5, "-1.5"),
        (Decimal("1.10"), "1.10"),
        (Decimal("1E+3"), "1000"),
        (["<a>; rel=next", "<b>; rel=prev"], "<a>; rel=next, <b>; rel=prev"),
        (("Accept", 7), "Accept, 7"),
        (["one"], "one"),
    ],
)
def test_texts_numbers_and_lists_go_out_as_text(value: Any, text: str, version: str) -> None:
    assert sent(Response(200, "x", {"X-Value": value}), version).headers["x-value"] == text


def test_an_empty_list_is_no_field(version: str) -> None:
    assert "link" not in sent(Response(200, "x", {"Link": []}), version).headers


@pytest.mark.parametrize(
    "value",
    [None, True, b"abc", {"a": 1}, {"a"}, object(), float("nan"), float("inf"), Decimal("NaN"), [None], ["a", ["b"]]],
)
def test_another_value_is_a_clear_error(value: Any, version: str, caplog: pytest.LogCaptureFixture) -> None:
    assert sent(Response(200, "x", {"X-Value": value}), version).status == 500
    assert "the header field 'X-Value' is of type" in caplog.text
    assert "give a text, a number or a list of these" in caplog.text


def test_an_id_is_told_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    assert sent(Response(200, "x", {"X-Id": UUID(int=1)})).status == 500
    assert "'UUID'" in caplog.text


@pytest.mark.parametrize("name", ["Content-Type", "location", "ETag", "Retry-After"])
def test_several_values_of_a_field_that_has_one_are_an_error(name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert sent(Response(200, "x", {name: ["1", "2"]})).status == 500
    assert f"the header field {name!r} has one value, not 2" in caplog.text
    assert sent(Response(200, "x", {name: ["1"]})).headers[name] == "1"


@pytest.mark.parametrize("name", ["", "X A", "X:A", "X\r\nA", "Ä", "X\tA", 7, None])
def test_a_name_that_cannot_be_is_an_error(name: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert sent(Response(200, "x", {name: "1"})).status == 500
    assert "name of a header field" in caplog.text


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "a\x7f", ["a", "b\r\nX-Evil: 1"]])
def test_a_field_never_ends_early(value: Any, version: str) -> None:
    answer = sent(Response(200, "x", {"X-Value": value}), version)
    assert (answer.status, "x-evil" in answer.headers) == (500, False)


def test_one_name_in_two_cases_is_one_field(version: str) -> None:
    answer = sent(Response(200, "x", {"Vary": "Accept", "vary": ["Origin", "X-A"]}), version)
    assert answer.headers["vary"] == "Accept, Origin, X-A"
    assert sent(Response(200, "x", {"Location": "/a", "location": "/b"}), version).status == 500


@pytest.mark.parametrize("name", ["Set-Cookie", "set-cookie", "SET-COOKIE"])
@pytest.mark.parametrize(
    "options", [{}, {"etag": True, "compress": True, "security_headers": True, "cors": ["https://a.example"]}]
)
def test_cookies_of_both_places_arrive(name: str, options: dict[str, Any], version: str) -> None:
    response = Response(200, "x" * 2000, {name: ["first=1; Path=/", "second=2"]}).set_cookie("third", "3")
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        answer = sent(response, version, headers, **options)
        assert answer.set_cookies == ["first=1; Path=/", "second=2", "third=3; Path=/; Secure; HttpOnly; SameSite=Lax"]
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    one = sent(Response(200, "x", {name: "first=1"}), version, **options)
    assert one.set_cookies == ["first=1"]


def test_cookies_of_both_places_are_on_a_304(version: str) -> None:
    response = Response(200, "x", {"set-cookie": "first=1", "ETag": '"v1"'}, cookies=["second=2"])
    answer = sent(response, version, {"If-None-Match": '"v1"'}, etag=True)
    assert (answer.status, answer.set_cookies) == (304, ["first=1", "second=2"])


def test_a_cookie_among_the_fields_of_an_error_arrives(version: str) -> None:
    @route(problem_json=True)
    def refuse(request: Request) -> Response:
        raise HttpError(401, "Sign in", headers={"Set-Cookie": "session=; Max-Age=0"})

    answer = Client(refuse, version=version).get()
    assert (answer.status, answer.set_cookies) == (401, ["session=; Max-Age=0"])


def test_a_304_repeats_vary(version: str) -> None:
    options: dict[str, Any] = {"etag": True, "compress": True, "cors": ["https://a.example"]}
    response = Response(200, {"text": "so long " * 400}, {"Vary": ("Accept", "Accept-Language")})
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        whole = sent(response, version, headers, **options)
        again = sent(response, version, headers | {"If-None-Match": whole.headers["etag"]}, **options)
        assert (whole.status, again.status) == (200, 304)
        assert whole.headers["vary"] == again.headers["vary"] == "Accept, Accept-Language, Accept-Encoding, Origin"
    short = Response(200, "short", {"Vary": "*"})
    whole = sent(short, version, **options)
    again = sent(short, version, {"If-None-Match": whole.headers["etag"]}, **options)
    assert (again.status, whole.headers["vary"], again.headers["vary"]) == (304, "*", "*")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b'{"a":1}'),
        ("application/json; charset=utf-8", '{"a":"ä"}'.encode()),
        ("application/problem+json", b"{}"),
        ("application/vnd.api+json;charset=UTF-8", b"{}"),
        ("text/csv", bytearray(b"a;b\r\n\xef\xbb\xbf")),
        ("text/html; charset=utf-8", memoryview(b"<p>")),
        ("image/svg+xml", b"<svg/>"),
        ("application/xml", b"<a/>"),
        ("text/event-stream", b"data: 1\n\n"),
    ],
)
def test_bytes_that_are_text_go_out_as_text(kind: str, content: Any, version: str) -> None:
    handler = route(lambda request: Response(200, content, {"content-type": kind}))
    answer = handler(http_event(version=version))
    assert (answer["isBase64Encoded"], answer["body"]) == (False, bytes(content).decode())
    assert Client(handler, version=version).get().content == bytes(content)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "image/png"},
        {"Content-Type": "application/octet-stream"},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
        {"Content-Type": "text/plain; charset=iso-8859-1"},
    ],
)
def test_other_bytes_go_out_in_base64(headers: dict[str, str], version: str) -> None:
    handler = route(lambda request: Response(200, b"\x7b\x7d", headers))
    assert handler(http_event(version=version))["isBase64Encoded"]
    assert Client(handler, version=version).get().content == b"{}"


def test_bytes_that_only_claim_to_be_text_go_out_in_base64(version: str) -> None:
    assert sent(Response(200, b"\xff\xfe", {"Content-Type": "text/plain"}), version).content == b"\xff\xfe"


def test_json_in_bytes_is_compressed_and_tagged_like_json() -> None:
    content = json.dumps({"text": "so long " * 400}).encode()
    response = Response(200, content, {"Content-Type": "application/json"})
    answer = sent(response, headers={"Accept-Encoding": "gzip"}, compress=True, etag=True)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["etag"] == sent(Response(200, content.decode()), etag=True).headers["etag"]


LONE = "a\ud800b"


def utf8(answer: dict[str, Any]) -> str:
    """Return an answer as Lambda's runtime writes it from Python 3.12 on: UTF-8 that is not escaped."""
    return json.dumps(answer, ensure_ascii=False).encode().decode()


@pytest.mark.parametrize(
    "response",
    [
        Response.text(LONE),
        Response.html(f"<p>{LONE}"),
        Response(200, f'{{"a":"{LONE}"}}', {"Content-Type": "application/json"}),
        Response(200, {LONE: LONE}),
        Response(200, "x", {"X-Value": LONE}),
        Response(200, "x", {"X-Value": [LONE, "b"]}),
        Response(200, "x", {"Set-Cookie": f"a={LONE}"}),
        Response(200, "x", cookies=[f"a={LONE}"]),
        Response.bad_request(LONE),
        Response.file(b"x", filename=f"{LONE}.txt"),
        Response.redirect(f"/{LONE}"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"etag": True, "compress": True}])
def test_what_utf8_cannot_carry_is_escaped(response: Response, options: dict[str, Any], version: str) -> None:
    answer = route(**options)(lambda request: response)(http_event(version=version))
    assert answer["statusCode"] == response.status_code
    assert "\\ud800" in utf8(answer) or "%" in utf8(answer)
    assert Client(route(lambda request: response), version=version).get().status == response.status_code


def test_escaped_json_is_json() -> None:
    answer = sent(Response(200, f'{{"a":"{LONE}ä"}}', {"Content-Type": "application/json"}))
    assert answer.json() == {"a": f"{LONE}ä"}


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/a?b=1&c=%20#d", "/a?b=1&c=%20#d"),
        ("https://a.example:8443/x;y=(1)", "https://a.example:8443/x;y=(1)"),
        ("/ä b", "/%C3%A4%20b"),
        ("/x\r\nSet-Cookie: a=b", "/x%0D%0ASet-Cookie:%20a=b"),
        ("/x\x00", "/x%00"),
        (f"/{LONE}?q=1", "/a%ED%A0%80b?q=1"),
        ("", ""),
    ],
)
def test_a_redirect_is_a_url(target: str, location: str, version: str) -> None:
    answer = sent(Response.redirect(target), version)
    assert (answer.status, answer.headers["location"], answer.set_cookies) == (302, location, [])


@pytest.mark.parametrize(
    "result",
    [
        LONE,
        [LONE],
        {"a": LONE},
        Response.text(LONE),
        {"statusCode": 200, "body": LONE},
        {"statusCode": 200, "body": {"a": LONE}},
        LambdaResponse.create(LONE, "text/plain"),
        {"statusCode": 200, "headers": {"X-A": LONE}, "body": ""},
        {"statusCode": 200, "cookies": [f"a={LONE}"], "body": ""},
        {"statusCode": 200, "multiValueHeaders": {"X-A": [LONE]}, "body": ""},
    ],
)
def test_an_envelope_can_be_sent_whatever_is_in_it(result: Any) -> None:
    answer = aws_lambda_handler()(lambda event, context: result)(http_event(), None)
    assert "ud800" in utf8(answer) or json.loads(answer["body"])["rslt_cd"] == "S99999"
