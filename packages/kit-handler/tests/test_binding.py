"""Binding: what a route's parameters are taken from, and what is answered when they can't be."""

# ruff: noqa: A002, A006  (parameters are named as in the paths)

import json
import logging
import sys
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, NotRequired, Self, TypedDict
from uuid import UUID

import annotated_types
import pytest
from kit_handler import AnnotationError, BadRequestError, Body, Cookie, Header, Query, Request, Response, Router, route
from kit_handler.openapi import openapi
from kit_testing.events import http_event

if TYPE_CHECKING:
    import kit_handler as kit
    from kit_handler import Request as TypeCheckersRequest

    OnlyForTypeCheckers = int

KEY = "9f9dd4b2-9d1e-4a52-8f0e-0f6f4bd6ce0c"


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1


Number = NewType("Number", int)


def got(function: Callable[..., Any], path: str = "/", **options: Any) -> Any:
    """Return what `function` was called with, or the entries of its 400."""
    method = "POST" if "body" in options else "GET"
    answer = route(function)(http_event(method, path, **options))
    body = json.loads(answer["body"])
    return (
        body["data"]
        if answer["statusCode"] == 200
        else [(each.get("field"), each["message"]) for each in body["errors"]]
    )


TEXTS = [
    (str, "a b", "a b"),
    (int, "-7", -7),
    (int, "1_000", "must be an integer"),
    (int, " 7", "must be an integer"),
    (int, "٣", "must be an integer"),
    (int, "9" * 5000, "must be an integer"),
    (float, "1.5e3", 1500.0),
    (float, "nan", "must be a number"),
    (float, "1e999", "must be a number"),
    (Decimal, "10.10", "10.10"),
    (Decimal, "Infinity", "must be a number"),
    (Decimal, "1_0", "must be a number"),
    (Decimal, "1e999999999", "must be a number"),
    (Decimal, "0E-999999999", "must be a number"),
    (bool, "true", True),
    (bool, "0", False),
    (bool, "yes", "must be true or false"),
    (UUID, KEY, KEY),
    (UUID, KEY.replace("-", ""), "must be a UUID"),
    (datetime, "2030-01-31T12:00:00Z", "2030-01-31T12:00:00Z"),
    (datetime, "2030-01-31", "must be a date and time such as 2030-01-31T12:00:00Z"),
    (date, "2030-01-31", "2030-01-31"),
    (date, "2030-W05-4", "must be a date such as 2030-01-31"),
    (date, "20300131", "must be a date such as 2030-01-31"),
    (time, "12:30:00", "12:30:00"),
    (Color, "red", "red"),
    (Color, "RED", "must be one of 'red', 'blue'"),
    (Level, "1", 1),
    (Literal["a", 2], "2", 2),
    (Literal["a", 2], "b", "must be one of 'a', '2'"),
    (int | None, "7", 7),
    (list[int], "7", [7]),
    (tuple[int, ...], "7", [7]),
    (tuple[int, str], "7", "must have 2 items"),
    (Literal[Color.RED], "red", "red"),
    (Literal[Color.RED, 2], "blue", "must be one of 'red', '2'"),
    (Number, "7", 7),
    (str, "a\0b", "must not have a NUL character"),
    (str, "é\U0001f600", "é\U0001f600"),
    (list[str], "\0", "must not have a NUL character"),
]


@pytest.mark.parametrize(("kind", "text", "expected"), TEXTS)
def test_a_text_of_the_query_becomes_what_the_annotation_says(kind: Any, text: str, expected: Any) -> None:
    def find(value: Any) -> Response:
        return Response.ok(value)

    find.__annotations__["value"] = kind
    wrong = isinstance(expected, str) and expected.startswith("must")
    field = "value.0" if wrong and kind == list[str] else "value"
    assert got(find, query={"value": text}) == ([(field, expected)] if wrong else expected)


def test_each_parameter_comes_from_where_its_marker_says() -> None:
    def find(
        id: int,
        q: Annotated[str, Query("search")],
        user_agent: Annotated[str, Header],
        shop: Annotated[UUID, Header("X-Shop")],
        session: Annotated[str, Cookie()],
        accept: Annotated[list[str], Header()],
        request: Request,
        /,
        *,
        tags: Annotated[list[int], Query("tag")],
    ) -> Response:
        return Response.ok([id, q, user_agent, shop, session, accept, request.method, tags])

    event = http_event(
        "GET",
        "/",
        path_params={"id": "7"},
        query={"id": "8", "search": "a,b", "tag": ["1", "2"]},
        headers={"X-Shop": KEY, "Accept": "a, b"},
        cookies=["session=s"],
    )
    answer = route(find)(event)
    assert json.loads(answer["body"])["data"] == [7, "a,b", "test", KEY, "s", ["a", "b"], "GET", [1, 2]]


def test_what_is_missing_is_required_none_or_the_default() -> None:
    def find(
        a: int, b: int | None, c: int = 3, d: list[int] | None = None, e: Annotated[str | None, Header()] = "e"
    ) -> Response:
        return Response.ok([a, b, c, d, e])

    assert got(find, query={"a": "1"}) == [1, None, 3, None, "e"]
    assert got(find) == [("a", "is required")]


def test_every_wrong_parameter_is_named_at_once_and_as_the_client_calls_it() -> None:
    def find(
        a: int, x_b: Annotated[int, Header()], ids: Annotated[list[int], Query("id")], c: Annotated[UUID, Cookie("C")]
    ) -> Response:
        raise AssertionError

    answer = route(find)(http_event(query={"a": "x", "id": ["1", "x"]}, headers={"X-B": ""}))
    assert json.loads(answer["body"])["errors"] == [
        {"id": "invalid_a", "message": "must be an integer", "field": "a"},
        {"id": "invalid_x-b", "message": "must be an integer", "field": "x-b"},
        {"id": "invalid_id.1", "message": "must be an integer", "field": "id.1"},
        {"id": "invalid_C", "message": "is required", "field": "C"},
    ]


def test_a_routers_path_says_which_parameters_are_of_the_path() -> None:
    app = Router()

    @app.get("/users/{id}/items/{number:int}")
    def item(number, id: UUID, page: int = 1) -> Response:  # type: ignore[no-untyped-def]
        return Response.ok([number, id, page])

    answer = app(http_event("GET", f"/users/{KEY}/items/7", query={"page": "2", "id": "x"}))
    assert json.loads(answer["body"])["data"] == [7, KEY, 2]
    answer = app(http_event("GET", "/users/x/items/7"))
    assert json.loads(answer["body"])["errors"][0]["field"] == "id"


def test_texts_of_the_path_alone_are_passed_in_the_functions_order() -> None:
    app = Router()

    class Loans:
        def note(self, note: str, loan) -> Response:  # type: ignore[no-untyped-def]
            return Response.ok([type(self).__name__, note, loan])

    @app.get("/payments/{loan:int}/{number}")
    async def payment(number, loan) -> Response:  # type: ignore[no-untyped-def]
        return Response.ok([number, loan])

    app.get("/loans/{loan}/notes/{note}")(Loans().note)
    assert json.loads(app(http_event(path="/loans/a%20b/notes/7"))["body"])["data"] == ["Loans", "7", "a%20b"]
    assert json.loads(app(http_event(path="/payments/7/8"))["body"])["data"] == ["8", 7]


def test_a_parameter_of_the_path_is_never_taken_for_the_request() -> None:
    app = Router()
    app.get("/users/{id}")(lambda id: Response.ok(id))
    assert json.loads(app(http_event("GET", "/users/7"))["body"])["data"] == "7"


def test_a_function_without_parameters_is_called_without() -> None:
    assert got(lambda: Response.ok("well")) == "well"


class Handler:
    def __call__(self, anything: Any) -> Response:
        return Response.ok(anything.method)

    def method(self, request: Request) -> Response:
        return Response.ok(request.method)

    def bound(self, limit: int = 1) -> Response:
        return Response.ok(limit)


def variable(*parameters: Any) -> Response:
    return Response.ok(parameters[0].method)


def in_quotes(request: "TypeCheckersRequest") -> Response:
    return Response.ok(request.method)


def two_with_quotes(request: "TypeCheckersRequest", limit: "int" = 1) -> Response:
    return Response.ok(request.method)


def protocol(request: object) -> Response:
    return Response.ok(request.method)  # type: ignore[attr-defined]


def with_defaults(request: Request, clock=len) -> Response:  # type: ignore[no-untyped-def]
    assert clock is len
    return Response.ok(request.method)


def with_typed_default(request: Request, clock: Callable[[Any], int] = len) -> Response:
    assert clock is len
    return Response.ok(request.method)


@pytest.mark.parametrize(
    "function",
    [
        lambda anything: Response.ok(anything.method),
        Handler(),
        Handler().method,
        variable,
        in_quotes,
        two_with_quotes,
        protocol,
        with_defaults,
        with_typed_default,
    ],
)
def test_the_request_alone_is_passed_as_before(function: Any) -> None:
    assert got(function, query={"clock": "x"}) == "GET"


def test_a_method_and_a_wrapped_function_are_bound() -> None:
    def shout(function: Any) -> Any:
        @wraps(function)
        def wrapper(*args: Any, **options: Any) -> Any:
            return Response.ok([function(*args, **options).body["data"], "!"])

        return wrapper

    @shout
    def find(limit: int) -> Response:
        return Response.ok(limit)

    assert got(find, query={"limit": "3"}) == [3, "!"]
    assert got(Handler().bound, query={"limit": "3"}) == 3


def test_a_coroutine_function_is_bound() -> None:
    async def find(limit: int) -> Response:
        return Response.ok(limit)

    assert got(find, query={"limit": "3"}) == 3
    assert got(find, query={"limit": "x"}) == [("limit", "must be an integer")]


@dataclass
class Line:
    price: Decimal
    count: int = 1
    gift: bool = False


@dataclass
class Order:
    name: str
    lines: list[Line]
    color: Color = Color.RED
    due: date | None = None
    kind: Literal["a", 1] = "a"
    notes: dict[str, str] = field(default_factory=dict)
    parent: "Order | None" = None
    total: Decimal = field(init=False, default=Decimal(0))

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("SELECT secret")
        self.total = sum((line.price * line.count for line in self.lines), Decimal(0))


def order(order: Order) -> Response:
    return Response.ok(order)


def test_a_dataclass_is_made_of_the_body() -> None:
    body = {"name": "n", "lines": [{"price": "1.10", "count": 2}, {"price": 3}], "color": "blue", "due": "2030-01-31"}
    assert got(order, body=body | {"unknown": 1, "kind": 1, "parent": {"name": "p", "lines": []}}) == {
        "name": "n",
        "lines": [{"price": "1.10", "count": 2, "gift": False}, {"price": "3", "count": 1, "gift": False}],
        "color": "blue",
        "due": "2030-01-31",
        "kind": 1,
        "notes": {},
        "total": "5.20",
        "parent": {
            "name": "p",
            "lines": [],
            "color": "red",
            "due": None,
            "kind": "a",
            "notes": {},
            "parent": None,
            "total": "0",
        },
    }


def test_every_wrong_field_is_named_by_its_path() -> None:
    body = {
        "lines": [{"price": "x", "count": True}, "line", {"count": "1", "gift": 1}],
        "color": "green",
        "due": 5,
        "kind": True,
        "notes": {"a": 1},
        "parent": {"name": 1, "lines": None},
    }
    assert got(order, body=body) == [
        ("name", "is required"),
        ("lines.0.price", "must be a number"),
        ("lines.0.count", "must be an integer"),
        ("lines.1", "must be an object"),
        ("lines.2.price", "is required"),
        ("lines.2.count", "must be an integer"),
        ("lines.2.gift", "must be true or false"),
        ("color", "must be one of 'red', 'blue'"),
        ("due", "must be a date such as 2030-01-31"),
        ("kind", "must be one of 'a', 1"),
        ("notes.a", "must be a string"),
        ("parent.name", "must be a string"),
        ("parent.lines", "must be a list"),
    ]


def test_what_the_class_itself_refuses_is_a_400_without_its_text() -> None:
    assert got(order, body={"name": "bad", "lines": []}) == [(None, "is not valid")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "The request body is required"),
        ("[]", "must be an object"),
        ("text", "must be an object"),
        ("null", "must be an object"),
        ('{"name": ', "must be an object"),
    ],
)
def test_a_body_that_is_something_else_is_a_400(body: str, message: str) -> None:
    assert got(order, body=body) == [(None, message)]


def test_malformed_json_is_the_400_that_it_always_is() -> None:
    answer = got(order, body="{", headers={"Content-Type": "application/json"})
    assert answer == [(None, "The request body is not valid JSON")]


def test_a_body_nested_too_deeply_is_a_400() -> None:
    nested: Any = {"name": "n", "lines": []}
    for _ in range(400):
        nested = {"name": "n", "lines": [], "parent": nested}
    assert got(order, body=json.dumps(nested)) in ([(None, "is nested too deeply")], [(None, "must be an object")])


class Item(TypedDict):
    name: str
    price: NotRequired[Decimal]


def test_a_typed_dict_is_checked_and_has_only_its_own_keys() -> None:
    def create(items: list[Item]) -> Response:
        return Response.ok(items)

    assert got(create, body=[{"name": "a", "other": 1}, {"name": "b", "price": 1.5}]) == [
        {"name": "a"},
        {"name": "b", "price": "1.5"},
    ]
    assert got(create, body=[{"name": "a"}, {"price": None}]) == [
        ("1.name", "is required"),
        ("1.price", "must be a number"),
    ]


def test_the_errors_of_a_long_list_are_named_up_to_a_hundred() -> None:
    def create(items: list[Item]) -> Response:
        return Response.ok(items)

    assert len(got(create, body=[{}] * 5000)) == 100


class ValidationError(ValueError):
    def __init__(self, messages: Any) -> None:
        super().__init__(messages)
        self.messages = messages

    def normalized_messages(self) -> Any:
        return self.messages


class Params:
    @classmethod
    def load(cls, data: Any) -> Self:
        if "amount" not in data:
            raise ValidationError({"amount": ["Missing."], "lines": {0: {"price": ["Odd."]}}})
        if data["amount"] == 0:
            raise LookupError("secret")
        made = cls()
        made.amount = data["amount"]  # type: ignore[attr-defined]
        return made

    def dump(self) -> Any:
        return vars(self)


def test_a_class_with_load_is_given_the_body() -> None:
    def create(params: Params, limit: int = 1) -> Response:
        return Response.ok(params)

    assert got(create, body={"amount": 1}) == {"amount": 1}
    assert got(create, body={}, query={"limit": "x"}) == [
        ("amount", "Missing."),
        ("lines.0.price", "Odd."),
        ("limit", "must be an integer"),
    ]


def test_what_load_raises_otherwise_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    def create(params: Params) -> Response:
        raise AssertionError

    with caplog.at_level(logging.CRITICAL, "kit.handler"):
        assert got(create, body={"amount": 0}) == [(None, "An unexpected error has occurred.")]


def test_a_name_that_is_request_can_be_a_body_if_annotated_so() -> None:
    def create(request: Order) -> Response:
        return Response.ok(request.name)

    assert got(create, body={"name": "n", "lines": []}) == "n"


def test_a_name_that_is_request_can_be_several_bodies() -> None:
    def create(request: list[Order]) -> Response:
        return Response.ok(len(request))

    def in_quotes(request: "list[Order]") -> Response:
        return Response.ok(len(request))

    def update(request: Order | None) -> Response:
        return Response.ok([request])

    for function in (create, in_quotes):
        assert got(function, body=[{"name": "n", "lines": []}]) == 1
    assert got(update, body="null", headers={"Content-Type": "application/json"}) == [None]


def test_the_body_as_it_came_by_member_and_whole() -> None:
    def raw(data: Annotated[bytes, Body]) -> Response:
        return Response.ok(len(data))

    def text(data: Annotated[str, Body()]) -> Response:
        return Response.ok(data)

    def members(name: Annotated[str, Body("name")], at: Annotated[datetime | None, Body("at")] = None) -> Response:
        return Response.ok([name, at])

    def number(value: Annotated[int, Body()] = 5) -> Response:
        return Response.ok(value)

    def anything(body: dict) -> Response:  # type: ignore[type-arg]
        return Response.ok(body)

    assert got(raw, body=b"\xff\x00") == 2
    assert got(text, body='{"a": 1}') == '{"a": 1}'
    assert got(text, body=b"\xff") == [(None, "must be text in UTF-8")]
    assert got(text) == [(None, "The request body is required")]
    assert got(members, body={"name": "n"}) == ["n", None]
    assert got(members, body={"at": "x"}) == [
        ("name", "is required"),
        ("at", "must be a date and time such as 2030-01-31T12:00:00Z"),
    ]
    assert got(members, body=[1])[0] == ("name", "must be a member of a JSON object")
    assert got(number, body="7", headers={"Content-Type": "application/json"}) == 7
    assert got(number) == 5
    assert got(anything, body={"a": 1}) == {"a": 1}


def test_null_is_none_where_the_annotation_says_so() -> None:
    def whole(order: Order | None) -> Response:
        return Response.ok((order and order.name) or "none")

    def member(at: Annotated[datetime | None, Body("at")]) -> Response:
        return Response.ok(at or "none")

    json_type = {"Content-Type": "application/json"}
    assert got(whole, body="null", headers=json_type) == "none"
    assert got(whole) == "none"
    assert got(whole, body={"name": "n", "lines": []}) == "n"
    assert got(member, body={"at": None}) == "none"
    assert got(member, body={}) == "none"


def test_a_plain_request_is_bound_too() -> None:
    answer = route(order)(Request(method="POST", body={"name": "n", "lines": []}))
    assert isinstance(answer.body["data"], Order)


def test_tuples_are_of_as_many_values_as_they_say() -> None:
    def find(
        pair: tuple[int, str],
        many: Annotated[tuple[int, ...], Body("many")],
        both: Annotated[tuple[int, str], Body("both")],
    ) -> Response:
        return Response.ok([type(pair).__name__, pair, type(many).__name__, many, both])

    good = {"many": [1, 2, 3], "both": [1, "b"]}
    assert got(find, query={"pair": ["7", "a"]}, body=good) == ["tuple", [7, "a"], "tuple", [1, 2, 3], [1, "b"]]
    assert got(find, query={"pair": ["x", "a"]}, body={"many": [1, "2"], "both": [1]}) == [
        ("pair.0", "must be an integer"),
        ("many.1", "must be an integer"),
        ("both", "must have 2 items"),
    ]
    assert got(find, query={"pair": ["1", "a"]}, body={"many": {}, "both": "ab"}) == [
        ("many", "must be a list"),
        ("both", "must be a list"),
    ]


ALIASES = """
type Percent = Annotated[int, at.Le(100)]
type Tree = dict[str, Tree] | None
type Page = list[Percent]
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before, there is no `type` statement")
def test_an_alias_is_read_as_what_it_stands_for_also_inside_of_itself() -> None:
    names: dict[str, Any] = {"Annotated": Annotated, "at": annotated_types}
    exec(ALIASES, names)

    def create(share: Any, page: Any, tree: Any) -> Response:
        return Response.ok([share, page, tree])

    create.__annotations__.update(
        share=names["Percent"], page=names["Page"], tree=Annotated[names["Tree"], Body("tree")]
    )
    good = {"a": {"b": None}, "c": {}}
    assert got(create, query={"share": "7", "page": ["1", "2"]}, body={"tree": good}) == [7, [1, 2], good]
    assert got(create, query={"share": "700", "page": ["1", "200"]}, body={"tree": {"a": {"b": 1}}}) == [
        ("share", "must be at most 100"),
        ("page.1", "must be at most 100"),
        ("tree.a.b", "must be an object"),
    ]
    app = Router()
    app.post("/")(create)
    schemas = openapi(app)["components"]["schemas"]
    assert schemas["Percent"] == {"type": "integer", "maximum": 100}
    tree = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Tree"}}
    assert schemas["Tree"] == {"anyOf": [tree, {"type": "null"}]}


@dataclass
class Secret:
    name: str
    code: InitVar[int]
    unit: InitVar[str] = "g"
    weight: str = field(init=False, default="")

    def __post_init__(self, code: int, unit: str) -> None:
        self.weight = f"{code} {unit}"


def test_a_dataclass_may_take_values_that_are_no_fields() -> None:
    def create(secret: Secret) -> Response:
        return Response.ok(secret.weight)

    assert got(create, body={"name": "n", "code": 1}) == "1 g"
    assert got(create, body={"name": "n", "unit": 1}) == [("code", "is required"), ("unit", "must be a string")]


@dataclass
class Priced:
    price: int

    def __post_init__(self) -> None:
        if self.price < 0:
            raise ValidationError({"price": ["must be positive"]})


def test_an_error_with_messages_of_the_class_itself_names_its_fields() -> None:
    def create(items: list[Priced]) -> Response:
        return Response.ok(items)

    assert got(create, body=[{"price": 1}, {"price": -1}]) == [("1.price", "must be positive")]


TEXTS_THAT_NOTHING_CAN_KEEP = ["a\0", "\ud800", "a\udfffb"]


@pytest.mark.parametrize("text", TEXTS_THAT_NOTHING_CAN_KEEP)
def test_texts_that_nothing_can_keep_are_a_400_wherever_they_come_from(text: str) -> None:
    app = Router()

    @app.post("/one/{path}")
    def one(path: str) -> Response:
        return Response.text(path)

    @app.post("/two/{first}/{second}")
    def two(second: str, first) -> Response:  # type: ignore[no-untyped-def]
        return Response.text(first + second)

    @app.post("/all/{path}")
    def of_all(
        path: str,
        query: str,
        header: Annotated[str, Header("X-A")],
        cookie: Annotated[str, Cookie()],
        member: Annotated[dict[str, str], Body("member")],
    ) -> Response:
        raise AssertionError

    def fields(path: str, **options: Any) -> list[str]:
        event = http_event("POST", path, **options)
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        answer = app(event)
        assert answer["statusCode"] == 400
        return [each["field"] for each in json.loads(answer["body"])["errors"]]

    assert fields(f"/one/{text}") == ["path"]
    assert fields(f"/two/a/{text}") == ["second"]
    assert fields(f"/two/{text}/{text}") == ["second", "first"]
    event = http_event("POST", f"/all/{text}", body={"member": {"a": text}})
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/all/{text}"
    event["queryStringParameters"] = {"query": text}
    event["headers"] |= {"x-a": text}
    event["cookies"] = [f"cookie={text}"]
    named = [each["field"] for each in json.loads(app(event)["body"])["errors"]]
    assert named == ["path", "query", "X-A", "cookie", "member.a"]
    assert app(http_event("POST", "/one/caf%C3%A9"))["statusCode"] == 200


def test_keys_are_texts_too_and_free_json_is_left_alone() -> None:
    def create(
        counts: Annotated[dict[str, int], Body("counts")], free: Annotated[dict[str, Any], Body("free")]
    ) -> Response:
        return Response.ok(free)

    entries = got(create, body={"counts": {"a\0": 1}, "free": {}})
    assert entries == [("counts.a\0", "must not have a NUL character")]
    assert got(create, body={"counts": {}, "free": {"a\0": "\0"}}) == {"a\0": "\0"}


def test_the_answer_to_a_long_name_is_short() -> None:
    def create(counts: dict[str, int]) -> Response:
        raise AssertionError

    [(field, _)] = got(create, body={"k" * 100_000: "x"})
    assert len(field) < 200


def test_a_null_path_parameter_is_missing() -> None:
    def find(id: int, name: str = "none") -> Response:
        return Response.ok([id, name])

    for version in ("1.0", "2.0"):
        event = http_event("GET", "/", path_params={"id": "7", "name": "x"}, version=version)
        event["pathParameters"]["name"] = None
        assert json.loads(route(find)(event)["body"])["data"] == [7, "none"]
        event["pathParameters"]["id"] = None
        answer = route(find)(event)
        assert (answer["statusCode"], json.loads(answer["body"])["errors"][0]["field"]) == (400, "id")


class Odd:
    pass


def unknown_type(value: Odd) -> Response:
    raise AssertionError


def no_annotation(a, b) -> Response:  # type: ignore[no-untyped-def]
    raise AssertionError


def two_bodies(a: Order, b: Order) -> Response:
    raise AssertionError


def complex_list(a: list[complex]) -> Response:
    raise AssertionError


@dataclass
class WithOdd:
    odd: Odd


def odd_field(a: WithOdd) -> Response:
    raise AssertionError


def two_kinds(a: int | str) -> Response:
    raise AssertionError


@pytest.mark.parametrize("function", [unknown_type, no_annotation, two_bodies, complex_list, odd_field, two_kinds])
def test_a_parameter_that_cannot_be_bound_is_an_error_of_the_import(function: Any) -> None:
    with pytest.raises(AnnotationError):
        route(function)


def test_an_annotation_in_quotes_may_name_a_local_class_or_a_later_one() -> None:
    @dataclass
    class Local:
        a: int

    def create(body: "Local", limit: "int" = 1) -> Response:
        return Response.ok([body.a, limit])

    handler = route(create)
    assert json.loads(handler(http_event("POST", body={"a": 1}))["body"])["data"] == [1, 1]

    @route
    def later(body: "Later") -> Response:  # noqa: F821
        return Response.ok(body.a)

    globals()["Later"] = Local
    assert json.loads(later(http_event("POST", body={"a": 1}))["body"])["data"] == 1


def test_http_errors_of_the_function_are_its_own() -> None:
    def find(limit: int) -> Response:
        raise BadRequestError("too many", field="limit")

    assert got(find, query={"limit": "1"}) == [("limit", "too many")]


@dataclass
class Later:
    a: int


del Later


@dataclass
class Misspelt:
    a: "list[Odrer]"  # type: ignore[name-defined]  # noqa: F821


MISSPELT = [
    ("Odrer", "'Odrer'.*did you mean 'Order'"),
    ("list[Odrer] | None", "'Odrer'"),
    ("json.JSONDecoer", "'JSONDecoer'.*did you mean 'JSONDecoder'"),
    ("list[", "means nothing"),
    ("int | 5", "means nothing"),
    (Misspelt, "'Odrer'.*did you mean 'Order'"),
]


@pytest.mark.parametrize(("annotation", "reason"), MISSPELT)
def test_a_misspelt_annotation_is_an_error_of_the_import(annotation: Any, reason: str) -> None:
    def create(body: Any) -> Response:
        raise AssertionError

    create.__annotations__["body"] = annotation
    with pytest.raises(AnnotationError, match=reason):
        route(create)
    with pytest.raises(AnnotationError, match=reason):
        Router().post("/")(create)


def test_a_name_that_is_never_there_is_said_at_the_first_request(caplog: pytest.LogCaptureFixture) -> None:
    def create(body: "OnlyForTypeCheckers") -> Response:
        raise AssertionError

    answer = route(create)(http_event("POST", body={}))
    assert answer["statusCode"] == 500
    assert "'OnlyForTypeCheckers' of test_a_name" in caplog.text
    assert "is not defined when the program runs" in caplog.text


IMPORTED = """
from kit_handler import Response, Router
app = Router()
@app.post("/")
def create(body: "{name}") -> Response: return Response.ok(body.a)
from dataclasses import dataclass
@dataclass
class Order: a: int
"""


def test_a_class_further_down_in_the_module_is_found_and_a_misspelt_one_refused() -> None:
    module: dict[str, Any] = {"__name__": "imported"}
    exec(IMPORTED.format(name="Order"), module)
    assert json.loads(module["app"](http_event("POST", "/", body={"a": 1}))["body"])["data"] == 1
    with pytest.raises(AnnotationError, match=r"'Ordr' of create"):
        exec(IMPORTED.format(name="Ordr"), {"__name__": "imported"})


@dataclass
class Tree:
    weight: float
    parts: list["Tree"] = field(default_factory=list)
    note: None = None


def test_json_numbers_for_floats() -> None:
    def grow(tree: Tree) -> Response:
        return Response.ok([tree.weight, [part.weight for part in tree.parts]])

    assert got(grow, body={"weight": 1, "parts": [{"weight": 2.5}], "note": None}) == [1.0, [2.5]]
    for wrong in (True, "1", None, [], 10**400):
        entries = got(grow, body={"weight": 1, "parts": [{"weight": wrong}]})
        assert entries == [("parts.0.weight", "must be a number")]
    assert got(grow, body={"weight": 1, "note": 0}) == [("note", "must be null")]


@dataclass
class Payment:
    amount: Decimal
    rate: float = 0.0
    steps: "list[Payment]" = field(default_factory=list)
    kind: Literal[1, "a"] = 1


def test_a_decimal_has_the_digits_of_the_text() -> None:
    seen: list[Any] = []

    @route
    def pay(payment: Payment) -> Response:
        seen.append(payment)
        return Response.no_content()

    @route
    def pay_part(amount: Annotated[Decimal, Body("amount")]) -> Response:
        seen.append(amount)
        return Response.no_content()

    @route
    def pay_any(amounts: dict[str, Decimal]) -> Response:
        seen.append(amounts)
        return Response.no_content()

    digits = "12345678901234567.8901234567890123456789"
    text = f'{{"amount": {digits}, "rate": 0.10, "steps": [{{"amount": 1.10}}, {{"amount": "1.20"}}, {{"amount": 3}}]}}'
    for handler, body in ((pay, text), (pay_part, f'{{"amount": {digits}}}'), (pay_any, f'{{"a": {digits}}}')):
        assert handler(http_event("POST", "/", body=body))["statusCode"] == 204
    assert (str(seen[0].amount), seen[0].rate, type(seen[0].rate)) == (digits, 0.1, float)
    assert [str(step.amount) for step in seen[0].steps] == ["1.10", "1.20", "3"]
    assert (str(seen[1]), str(seen[2]["a"])) == (digits, digits)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1" + "0" * 400 + ".0"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_number_beyond_a_float_is_a_400(number: str, content_type: str) -> None:
    def pay(payment: Payment) -> Response:
        return Response.ok()

    def keep(body: dict[str, Any]) -> Response:
        return Response.ok()

    for function in (pay, keep):
        for text in (f'{{"amount": {number}}}', f'{{"amount": 1, "rate": {number}}}', f'{{"amount": [{number}]}}'):
            event = http_event("POST", "/", body=text, headers={"Content-Type": content_type})
            answer = route(function)(event)
            assert answer["statusCode"] == 400
            assert "body" in answer["body"]


def test_a_path_parameter_is_converted_once() -> None:
    read: list[str] = []

    def loan_number(text: str) -> int:
        read.append(text)
        return int(text.removeprefix("L-"))

    app = Router(converters={"loan": loan_number})

    @app.get("/loans/{number:loan}/notes/{note}")
    def note(number: int, note: str) -> Response:
        return Response.ok([number, note])

    @app.get("/texts/{number:loan}")
    def text(number: str, request: Request) -> Response:
        return Response.ok([number, request.path_params["number"], request.converted["number"]])

    @app.get("/routes/{number:loan}")
    @route
    def inner(number: int) -> Response:
        return Response.ok(number)

    assert json.loads(app(http_event("GET", "/loans/L-7/notes/2"))["body"]) == {"data": [7, "2"]}
    assert json.loads(app(http_event("GET", "/texts/L-7"))["body"]) == {"data": ["L-7", "L-7", 7]}
    assert json.loads(app(http_event("GET", "/routes/L-7"))["body"]) == {"data": 7}
    assert read == ["L-7"] * 3
    assert app(http_event("GET", "/loans/x/notes/2"))["statusCode"] == 404


def test_converters_say_what_is_not_annotated() -> None:
    app = Router()

    @app.get("/{key:uuid}/{day:date}/{number:int}")
    def show(key, day, number, request) -> Response:  # type: ignore[no-untyped-def]
        return Response.ok([type(each).__name__ for each in (key, day, number)])

    answer = app(http_event("GET", f"/{KEY}/2030-01-31/7"))
    assert json.loads(answer["body"]) == {"data": ["UUID", "date", "int"]}


def test_a_parameter_without_annotation_keeps_its_default_or_is_refused() -> None:
    def page(size: int, unit="px") -> Response:  # type: ignore[no-untyped-def]
        return Response.ok([size, unit])

    assert got(page, query={"size": "1", "unit": "em"}) == [1, "px"]
    with pytest.raises(AnnotationError, match="needs an annotation: what is 'unit'"):

        @route
        def wrong(size: int, unit) -> Response:  # type: ignore[no-untyped-def]
            return Response.ok()


def test_lists_and_bodies_may_be_left_out() -> None:
    def tags(tag: list[str] = ["none"], text: Annotated[str, Body()] = "empty") -> Response:  # noqa: B006
        return Response.ok([tag, text])

    assert got(tags) == [["none"], "empty"]

    def needed(names: Annotated[list[int], Header("X-Ids")]) -> Response:
        return Response.ok(names)

    assert got(needed) == [("X-Ids", "is required")]
    assert got(needed, headers={"X-Ids": "1, 2"}) == [1, 2]


def test_an_annotation_of_json_that_cannot_be_read_is_refused() -> None:
    for wrong in (dict[int, str], list[complex], "dict[str, set[int]]"):
        with pytest.raises(AnnotationError):

            @route
            def take(body: Annotated[wrong, Body()]) -> Response:  # type: ignore[valid-type]
                return Response.ok()


def test_a_request_may_be_annotated_for_type_checkers_only() -> None:
    def method(req: "kit.Request") -> Response:
        return Response.ok(req.method)

    assert got(method) == "GET"


def test_a_callable_without_python_code_is_called_with_the_request() -> None:
    assert route([].append)(Request()).status_code == 500  # it returns no Response, and was called
    assert route({Request: 1}.get)(Request()).status_code == 500
