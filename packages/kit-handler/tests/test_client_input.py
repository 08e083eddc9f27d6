"""Client input is never a 500: what can't be bound is a 400, and bound values can be compared and sent."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, TypedDict
from uuid import UUID

import annotated_types as at
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_handler import Body, Cookie, Header, Request, Response, Router
from kit_testing.events import http_event
from marshmallow import validate


class Color(Enum):
    RED = "red"
    ONE = 1


class Tag(TypedDict):
    name: Annotated[str, validate.Length(max=3)]
    weight: NotRequired[Annotated[float, at.MultipleOf(0.1), at.Lt(10)]]


@dataclass
class Card:
    kind: Literal["card"]
    number: Annotated[str, at.Predicate(str.isdigit)]


@dataclass
class Bank:
    kind: Literal["bank", 1]
    moment: datetime


@dataclass
class Order:
    count: Annotated[int, at.Interval(ge=-(10**400), le=10**400), at.MultipleOf(0.5)]
    amount: Annotated[Decimal, validate.Range(min=0, max=10**30), at.MultipleOf(Decimal("0.01"))]
    rate: Annotated[float, at.Predicate(lambda value: value < 10**300)] = 0.0
    moment: datetime | None = None
    day: Annotated[date, at.Lt(date(9999, 1, 1))] | None = None
    hour: Annotated[time, at.Lt(time(18))] | None = None
    key: UUID | None = None
    color: Color = Color.RED
    tags: Annotated[list[Tag], at.MaxLen(3)] = field(default_factory=list)
    notes: dict[Annotated[str, at.MinLen(1)], Annotated[int, at.Lt(10)]] = field(default_factory=dict)
    pair: tuple[int, str] | None = None
    payment: Card | Bank | None = None
    anything: Annotated[Any, at.Ge(1)] = 1
    inner: "Order | None" = None


app = Router()


@app.post("/bound/{path}")
def bound(
    path: str,
    order: Order,
    number: Annotated[int, at.Ge(0)] = 0,
    amount: Annotated[Decimal, at.MultipleOf(3)] = Decimal(0),
    rate: Annotated[float, at.Lt(5)] = 0.0,
    at_: datetime = datetime(2030, 1, 1, tzinfo=UTC),
    many: Annotated[list[int] | None, at.MaxLen(2)] = None,
    header: Annotated[str, Header("X-A"), validate.Regexp("a")] = "a",
    cookie: Annotated[Color, Cookie("c")] = Color.RED,
) -> Response:
    late = [each > datetime.now(UTC) for each in (at_, order.moment) if each]
    return Response.ok([path, order, number, amount, rate, at_.astimezone(UTC), many, header, cookie, late])


@app.post("/texts/{first}/{second}")
def texts(first: str, second: str) -> Response:
    return Response.text(first + second)


@app.post("/raw")
def raw(text: Annotated[str, Body(), at.MaxLen(5)], request: Request) -> Response:
    return Response.text(text)


ODD_TEXTS = [
    *(
        "",
        "\0",
        "\ud800",
        "a\udfff",
        "é",
        "9" * 4301,
        "9" * 4300,
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "-0",
        "1_0",
        "٣",
    ),
    *("2030-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2030-01-01T00:00:00"),
    *(
        "red",
        "1",
        "true",
        "0.1",
        "1e-6000",
        "1e6144",
        "1e6145",
        "0E-7000",
        "12:00:00",
        "12:00:00+23:59",
        "card",
        "bank",
    ),
]
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(st.characters(), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 10**308, 2**63, 0, 1, -1])
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
FIELDS = [*Order.__dataclass_fields__, "kind", "number", "name", "weight"]
OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6),
    lambda inner: st.dictionaries(
        st.sampled_from(["inner", "payment", "tags", "notes", "pair"]), inner | st.lists(inner, max_size=2), max_size=3
    ),
    max_leaves=4,
)


def event_of(path: str, body: str, query: dict[str, str], header: str, cookie: str) -> dict[str, Any]:
    """Return an event with texts that no URL could hold, as a client of Lambda's API may send it."""
    event = http_event("POST", "/")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event |= {"routeKey": "$default", "body": body, "queryStringParameters": query, "cookies": [f"c={cookie}"]}
    event["headers"] |= {"x-a": header, "content-type": "application/json"}
    return event


@given(
    path=TEXTS,
    base=st.fixed_dictionaries({"count": st.integers(), "amount": SCALARS}) | st.just({}),
    body=OBJECTS | JSON,
    query=st.dictionaries(st.sampled_from(["number", "amount", "rate", "at_", "many", "path"]), TEXTS),
    header=TEXTS,
    cookie=TEXTS,
)
@settings(deadline=None, max_examples=300)
def test_anything_of_a_client_is_bound_or_a_400(
    path: str, base: dict[str, Any], body: Any, query: dict[str, str], header: str, cookie: str
) -> None:
    value = {**base, **body} if isinstance(body, dict) else body
    event = event_of(f"/bound/{path.replace('/', '')}", json.dumps(value), query, header, cookie)
    answer = app(event)
    assert answer["statusCode"] in (200, 201, 400, 404), answer
    json.loads(answer["body"])
    assert len(answer["body"]) < 1_000_000


@given(first=TEXTS, second=TEXTS, body=TEXTS)
@settings(deadline=None, max_examples=100)
def test_texts_of_the_path_and_the_body_as_it_came(first: str, second: str, body: str) -> None:
    answer = app(event_of(f"/texts/{first.replace('/', '')}/{second.replace('/', '')}", "", {}, "a", "red"))
    assert answer["statusCode"] in (200, 400, 404)
    assert app(event_of("/raw", body, {}, "a", "red"))["statusCode"] in (200, 400)


def test_a_good_request_is_bound() -> None:
    card = {"kind": "card", "number": "1"}
    tags = [{"name": "a", "weight": 0.3}]
    value = {"count": 10**400, "amount": "0.03", "payment": card, "tags": tags, "notes": {"a": 1}, "pair": [1, "a"]}
    query = {"number": "7", "amount": "3e300", "at_": "2030-01-01T00:00:00Z", "many": "1"}
    answer = app(event_of("/bound/é", json.dumps(value | {"inner": value, "hour": "12:00:00"}), query, "a", "red"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["data"][2:5] == [7, "3E+300", 0.0]


@pytest.mark.parametrize("depth", [50, 900, 100_000])
def test_deep_nesting_is_a_400(depth: int) -> None:
    for text in ('{"count":1,"amount":1,"inner":' * depth + "null" + "}" * depth, "[" * depth, '{"a":' * depth):
        answer = app(event_of("/bound/a", text, {}, "a", "red"))
        assert answer["statusCode"] in (200, 400)
        assert (answer["statusCode"] == 400) or depth == 50
