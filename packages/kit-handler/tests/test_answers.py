"""What `etag`, `compress`, `security_headers`, `problem_json` and `exception_handlers` make of answers."""

import json
import logging
import zlib
from base64 import b64decode
from typing import Any

import pytest
from kit_handler import HttpError, NotFoundError, Request, Response, Router, route
from kit_testing.events import http_event

LONG = {"text": "so long " * 400}


def answered(response: Any, *, method: str = "GET", headers: Any = None, version: str = "2.0", **options: Any) -> Any:
    @route(**options)
    def handler(request: Request) -> Response:
        if isinstance(response, Exception):
            raise response
        return response  # type: ignore[no-any-return]

    return handler(http_event(method, headers=headers or {}, version=version), None)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "GZIP; q=1.0"])
def test_gzip_goes_to_who_takes_it(version: str, accepted: str) -> None:
    answer = answered(Response.ok(LONG), compress=True, version=version, headers={"Accept-Encoding": accepted})
    assert answer["isBase64Encoded"]
    assert json.loads(zlib.decompress(b64decode(answer["body"]), 31)) == {"data": LONG}
    fields = {"Content-Type": "application/json", "Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    assert answer["headers"] == fields


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity, *;q=0", "gzip;q=0.0, *"])
def test_who_does_not_take_gzip_gets_text(accepted: str) -> None:
    answer = answered(Response.ok(LONG), compress=True, headers={"Accept-Encoding": accepted})
    assert json.loads(answer["body"]) == {"data": LONG}
    assert answer["headers"]["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "response",
    [
        Response.ok("short"),
        Response.binary(b"x" * 5000),
        Response(200, "x" * 5000, {"content-encoding": "identity"}),
    ],
)
def test_what_is_short_binary_or_encoded_is_not_compressed(response: Response) -> None:
    answer = answered(response, compress=True, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer["headers"]


def test_compression_only_where_asked_for() -> None:
    assert not answered(Response.ok(LONG), headers={"Accept-Encoding": "gzip"})["isBase64Encoded"]


def test_an_etag_lets_the_client_keep_what_it_has() -> None:
    first = answered(Response.ok([1]).set_cookie("a", "b"), etag=True)
    tag = first["headers"]["ETag"]
    assert tag.startswith('W/"')
    for field in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        again = answered(Response.ok([1]).set_cookie("a", "b"), etag=True, headers={"If-None-Match": field})
        assert (again["statusCode"], again["body"], again["headers"]) == (304, "", {"ETag": tag})
        assert again["cookies"] == first["cookies"]
    assert answered(Response.ok([2]), etag=True, headers={"If-None-Match": tag})["statusCode"] == 200


def test_a_tag_of_the_routes_own_is_kept() -> None:
    response = Response(200, b"\x00", {"etag": '"v1"', "Cache-Control": "max-age=60", "X-A": "1"})
    answer = answered(response, etag=True)
    assert (answer["headers"]["etag"], answer["body"]) == ('"v1"', "AA==")
    answer = answered(response, etag=True, headers={"If-None-Match": 'W/"v1"'})
    assert (answer["statusCode"], answer["headers"]) == (304, {"etag": '"v1"', "Cache-Control": "max-age=60"})


@pytest.mark.parametrize(("method", "response"), [("POST", Response.ok()), ("GET", Response.not_found())])
def test_only_what_was_got_has_a_tag(method: str, response: Response) -> None:
    assert "ETag" not in answered(response, etag=True, method=method)["headers"]


def test_tag_and_compression_together() -> None:
    gzip = {"Accept-Encoding": "gzip"}
    first = answered(Response.ok(LONG), etag=True, compress=True, headers=gzip)
    tag = first["headers"]["ETag"]
    assert first["headers"]["Content-Encoding"] == "gzip"
    again = answered(Response.ok(LONG), etag=True, compress=True, headers=gzip | {"If-None-Match": tag})
    assert again["statusCode"] == 304


def test_head_has_the_tag_of_get() -> None:
    app = Router(etag=True)
    app.get("/")(lambda request: Response.ok([1]))
    got, head = (app(http_event(method, "/"))["headers"]["ETag"] for method in ("GET", "HEAD"))
    assert got == head


def test_a_response_that_is_kept_is_not_changed() -> None:
    kept = Response.ok(LONG)
    answered(kept, etag=True, compress=True, security_headers=True, cors=True, headers={"Accept-Encoding": "gzip"})
    assert (kept.headers, kept.body) == ({}, {"data": LONG})


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (Response.ok(), 200),
        (NotFoundError(), 404),
        (LookupError(), 500),
        ("no response", 500),
        (Response.ok({1: object()}), 500),
    ],
)
@pytest.mark.parametrize("etag", [False, True])
def test_security_and_cors_fields_are_on_errors_too(response: Any, status: int, etag: bool) -> None:
    logging.getLogger("kit.handler").setLevel(logging.CRITICAL)
    try:
        answer = answered(response, security_headers=True, cors=True, etag=etag)
    finally:
        logging.getLogger("kit.handler").setLevel(logging.NOTSET)
    assert answer["statusCode"] == status
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
    assert answer["headers"]["Strict-Transport-Security"].startswith("max-age=")
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"


def test_a_routes_own_field_wins_and_the_choice_can_be_ones_own() -> None:
    response = Response(200, "", {"referrer-policy": "origin"})
    answer = answered(response, security_headers={"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"})
    assert answer["headers"] == {"X-Frame-Options": "DENY", "referrer-policy": "origin"}
    with pytest.raises(TypeError):
        route(lambda request: Response.ok(), security_headers={"X-A": 1})


def test_problem_json() -> None:
    answer = answered(HttpError(410, "Gone for good", headers={"X-A": "1"}), problem_json=True, cors=True)
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"]["X-A"] == "1"
    assert json.loads(answer["body"]) == {
        "type": "about:blank",
        "title": "Gone",
        "status": 410,
        "detail": "Gone for good",
        "errors": [{"id": "gone", "message": "Gone for good"}],
    }
    answer = answered(HttpError(499, "odd"), problem_json=True)
    assert json.loads(answer["body"])["title"] == "Error"
    answer = answered(
        Response(400, {"errors": [{"message": "x"}]}, {"content-type": "application/json"}), problem_json=True
    )
    assert {name.lower(): value for name, value in answer["headers"].items()} == {
        "content-type": "application/problem+json"
    }
    own = Response(400, {"errors": {"a": "b"}})
    assert json.loads(answered(own, problem_json=True)["body"]) == {"errors": {"a": "b"}}
    assert answered(Response.ok(), problem_json=True)["headers"]["Content-Type"] == "application/json"
    assert json.loads(Router(problem_json=True)(http_event(path="/nowhere"))["body"])["status"] == 404


def test_what_cannot_be_sent_is_a_problem_too(caplog: pytest.LogCaptureFixture) -> None:
    answer = answered(Response.ok(object()), problem_json=True)
    assert (answer["statusCode"], json.loads(answer["body"])["title"]) == (500, "Internal Server Error")
    assert "can't be sent" in caplog.text


def test_a_request_that_cannot_be_read_is_answered_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    @route(cors=["https://a.example"], compress=True, security_headers=True)
    def handler(request: Request) -> Response:
        return Response.ok(LONG)

    class Broken(Request):
        @property
        def headers(self) -> Any:  # type: ignore[override]
            raise LookupError

        @headers.setter
        def headers(self, value: Any) -> None: ...

    answer = handler(Broken())
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (500, "nosniff")
    assert "field of the answer is missing" in caplog.text


class OddError(LookupError):
    pass


def test_the_exception_handler_of_the_nearest_class_answers() -> None:
    handlers = {
        LookupError: lambda error, request: Response.text(f"{type(error).__name__} {request.method}"),
        Exception: lambda error, request: Response.text("any"),
    }
    assert answered(OddError(), exception_handlers=handlers)["body"] == "OddError GET"
    assert answered(ValueError(), exception_handlers=handlers)["body"] == "any"


def test_an_exception_handler_may_be_async_or_raise_itself(caplog: pytest.LogCaptureFixture) -> None:
    async def wait(error: Exception, request: Request) -> Response:
        return Response(410)

    def refuse(error: Exception, request: Request) -> Response:
        raise HttpError(409, "Taken") from error

    def fail(error: Exception, request: Request) -> Response:
        raise RuntimeError("secret")

    assert answered(OddError(), exception_handlers={OddError: wait})["statusCode"] == 410
    assert answered(OddError(), exception_handlers={OddError: refuse})["statusCode"] == 409
    assert not caplog.records
    answer = answered(OddError(), exception_handlers={OddError: fail})
    assert (answer["statusCode"], "secret" in answer["body"]) == (500, False)
    assert answered(OddError(), exception_handlers={OddError: lambda *_: None})["statusCode"] == 500
    assert "must return a Response" in caplog.text


@pytest.mark.parametrize("handlers", [{"x": print}, {ValueError: "print"}, {int: print}])
def test_handlers_that_cannot_be_are_a_type_error(handlers: Any) -> None:
    with pytest.raises(TypeError):
        route(exception_handlers=handlers)(lambda request: Response.ok())
