"""Whatever a client sends, in whichever payload: the answer is never a 500."""

import json
import logging
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_handler import Cookie, Header, Request, Response, Router, route
from kit_testing import LambdaContext
from kit_testing.clients import read_answer
from kit_testing.events import PAYLOADS, http_event

ODD = [
    "", "\0", "a\0b", "\ud800", "\udfff\ud800", "\uffff", "\x7f", "\r\n", "a\r\nSet-Cookie: b=c", "ä", "\U0001f600",
    "%", "%0", "%00", "%ff", "%ud800", "..", "../..", "a/b", "a//b", "//a", " ", "+", "1e999", "-1e999", "NaN",
    "Infinity", "-inf", "1" * 400, "1" * 5000, "9" * 20 + ".5", "0x10", "1_000", "٣", "true", "null", "[]", "{}",
    "2030-13-45", "2030-01-31T25:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "*", '"', "W/\"a\"",
    "gzip;q=", "gzip;q=x", ";", ",", "=", "a=b; c", "Bearer", "Basic x", "[" * 2000, '{"a":' * 500,
]  # fmt: skip
odd = st.sampled_from(ODD) | st.text(max_size=20)
names = st.sampled_from(["a", "b", "id", "limit", "day", "x-a", "items"]) | odd
fields = st.sampled_from(
    [
        *("accept-encoding", "access-control-request-headers", "access-control-request-method", "authorization"),
        *("content-type", "cookie", "if-none-match", "origin", "x-authorization-token", "x-correlation-id", "x-limit"),
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
bodies = (
    st.none()
    | odd
    | st.binary(max_size=20)
    | json_values.map(lambda value: json.dumps(value, ensure_ascii=False))
    | json_values.map(json.dumps)
    | st.sampled_from(
        ['{"amount": 1e999}', '{"amount": NaN}', '{"items": [1, null]}', '{"name": "\\ud800"}', "\ufeff{}"]
    )
)

app = Router(trailing_slash="redirect", cors=["https://a.example"], etag=True, compress=True, security_headers=True)


@app.get("/echo/{id}")
def echo(id: str, request: Request, limit: int = 1, day: date | None = None, a: list[float] = []) -> Response:  # noqa: A002, B006
    return Response.ok([id, limit, day, a, request.query, request.multi_query, request.cookies, request.headers])


@app.get("/text/{id}")
def text(id: str, request: Request) -> Response:  # noqa: A002
    return Response.html(f"<p>{id}{request.query.get('a')}" * 100)


@app.get("/go/{id+}")
def go(id: str) -> Response:  # noqa: A002
    return Response.redirect(id)


@app.get("/file/{id}")
def file(id: str) -> Response:  # noqa: A002
    return Response.file(b"abc", filename=id)


@app.get("/stream/{id}")
def stream(id: str) -> Response:  # noqa: A002
    return Response.events([id, {"id": id}])


@app.post("/typed/{number:int}/{key:uuid}")
def typed(
    number: int,
    key: UUID,
    amount: Decimal = Decimal(0),
    at: datetime | None = None,
    limit: Annotated[float, Header("X-Limit")] = 0.0,
    session: Annotated[str, Cookie("a")] = "",
) -> Response:
    return Response.ok([number, key, amount, at, limit, session])


@app.post("/body")
def body(request: Request, items: dict[str, Any]) -> Response:
    return Response.ok([items, len(request.raw_body), request.exact_body])


@route
def bare(request: Request, a: list[int] = [], amount: float = 0) -> Response:  # noqa: B006
    return Response.ok([request.params, repr(request.body), len(request.raw_body), a, amount])


PATHS = ["/echo/", "/text/", "/go/", "/file/", "/stream/", "/typed/1/", "/typed/", "/body", "/", "/nowhere/"]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    st.sampled_from(PATHS),
    odd,
    st.dictionaries(names, st.lists(odd, min_size=1, max_size=2), max_size=3),
    st.dictionaries(fields, odd, max_size=4),
    bodies,
    st.sampled_from(PAYLOADS),
)
def test_no_request_is_a_500(
    method: str, path: str, end: str, query: Any, headers: dict[str, str], sent: Any, version: str
) -> None:
    try:
        event = http_event(method, path + end, query=query, headers=headers, body=sent, version=version)
    except UnicodeEncodeError:  # an event that is encoded can't have it
        event = http_event(method, path, headers=headers, version=version)
    for handler in (app, bare):
        answer = handler(event, LambdaContext())
        json.dumps(answer, ensure_ascii=False).encode()
        assert read_answer(answer, version=version).status < 500


@pytest.fixture(autouse=True)
def quiet() -> Any:
    logging.getLogger("kit.handler").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("kit.handler").setLevel(logging.NOTSET)
