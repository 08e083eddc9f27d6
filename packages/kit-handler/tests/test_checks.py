"""Checks in annotations: enforced on every parameter and field, and refused at import where they mean nothing."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Any, Literal, NewType, NotRequired, TypedDict

import annotated_types as at
import pytest
from kit_handler import AnnotationError, Body, Cookie, Header, Query, Request, Response, Router, route
from kit_testing.clients import Client
from marshmallow import ValidationError, validate

AWARE = datetime(2030, 1, 1, tzinfo=UTC)
Percent = NewType("Percent", int)


class Level(IntEnum):
    LOW = 1
    HIGH = 9


def checked_by(annotation: Any, value: Any) -> Any:
    """Return the value that a query parameter gets, or the message of its 400."""

    def find(value: Any) -> Response:
        return Response.ok(value)

    find.__annotations__["value"] = annotation
    answer = Client(route(find)).get("/", query={"value": value})
    return answer.json()["data"] if answer.status == 200 else answer.json()["errors"][0]["message"]


def even(number: int) -> int:
    if number % 2:
        raise ValidationError("must be even")
    return number


def not_three(number: int) -> None:
    if number == 3:
        raise ValueError("SELECT secret")


class Odd:
    """A callable object with public attributes."""

    limit = 10

    def __call__(self, number: int) -> bool:
        return number % 2 == 1


class RefusedError(Exception):
    """An error of another library, which carries `messages` and nothing else."""

    messages = ("no such shop",)


def known_shop(shop: str) -> None:
    if shop != "s-1":
        raise RefusedError


BOUNDS = [
    (Annotated[int, at.Gt(1)], "2", 2),
    (Annotated[int, at.Gt(1)], "1", "must be greater than 1"),
    (Annotated[int, at.Ge(1)], "1", 1),
    (Annotated[int, at.Ge(1)], "0", "must be at least 1"),
    (Annotated[int, at.Lt(5)], "5", "must be less than 5"),
    (Annotated[int, at.Le(5)], "6", "must be at most 5"),
    (Annotated[int, at.Le(5)], "9" * 4000, "must be at most 5"),
    (Annotated[int, at.Interval(ge=1, le=100)], "0", "must be at least 1"),
    (Annotated[int, at.Interval(ge=1, le=100)], "101", "must be at most 100"),
    (Annotated[int, at.Interval(ge=1, le=100)], "x", "must be an integer"),
    (Annotated[int, at.MultipleOf(5)], "7", "must be a multiple of 5"),
    (Annotated[float, at.MultipleOf(0.1)], "0.3", 0.3),
    (Annotated[float, at.MultipleOf(0.1)], "0.35", "must be a multiple of 0.1"),
    (Annotated[Decimal, at.MultipleOf(Decimal("0.01"))], "1e300", "1E+300"),
    (Annotated[Decimal, at.MultipleOf(Decimal("0.01"))], "1.005", "must be a multiple of 0.01"),
    (Annotated[Decimal, at.Gt(0)], "0", "must be greater than 0"),
    (Annotated[Decimal, at.Le(Decimal("9.99"))], "9.991", "must be at most 9.99"),
    (Annotated[float, at.Predicate(math.isfinite)], "1.5", 1.5),
    (Annotated[str, at.MinLen(2)], "a", "must have at least 2 characters"),
    (Annotated[str, at.MaxLen(1)], "ab", "must have at most 1 character"),
    (Annotated[str, at.Len(2, 3)], "abcd", "must have at most 3 characters"),
    (Annotated[str, at.Len(2, 3)], "ab", "ab"),
    (Annotated[str, at.Predicate(str.islower)], "Ab", "must be in lower case"),
    (Annotated[str, at.Predicate(lambda text: text.startswith("s"))], "ab", "is not valid"),
    (Annotated[date, at.Ge(date(2030, 1, 1))], "2029-12-31", "must be at least 2030-01-01"),
    (Annotated[datetime, at.Ge(AWARE)], "2029-12-31T23:59:59Z", "must be at least 2030-01-01 00:00:00+00:00"),
    (Annotated[datetime, at.Ge(AWARE)], "2030-01-01T01:00:00+01:00", "2030-01-01T01:00:00+01:00"),
    (Annotated[time, at.Lt(time(18))], "18:00:00", "must be less than 18:00:00"),
    (Annotated[time, at.Lt(time(18))], "17:00:00Z", "must be less than 18:00:00"),
    (Annotated[Level, at.Gt(1)], "1", "must be greater than 1"),
    (Annotated[Literal[1, 2], at.Lt(2)], "2", "must be less than 2"),
    (Annotated[list[int], at.MaxLen(2)], ["1", "2", "3"], "must have at most 2 items"),
    (list[Annotated[int, at.Ge(1)]], ["1", "0"], "must be at least 1"),
    (Annotated[Percent, at.Le(100)], "101", "must be at most 100"),
    (Annotated[int | None, at.Ge(1)], "0", "must be at least 1"),
    (Annotated[int, at.Ge(1)] | None, "0", "must be at least 1"),
    (Annotated[Annotated[int, at.Ge(1)] | None, at.Le(5)], "6", "must be at most 5"),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), BOUNDS)
def test_bounds_of_annotated_types(annotation: Any, value: Any, expected: Any) -> None:
    assert checked_by(annotation, value) == expected


VALIDATORS = [
    (Annotated[int, validate.Range(min=1, max=5)], "5", 5),
    (Annotated[int, validate.Range(min=1, error="Pages begin at {min}.")], "0", "Pages begin at 1."),
    (Annotated[str, validate.Length(max=2)], "abc", "Longer than maximum length 2."),
    (Annotated[str, validate.Regexp("[a-z]+$")], "A", "String does not match expected pattern."),
    (Annotated[str, validate.OneOf(["a"])], "b", "Must be one of: a."),
    (Annotated[int, validate.And(validate.Range(min=1), even)], "3", "must be even"),
    (Annotated[bool, validate.Equal(False)], "false", False),
    (Annotated[int, even], "4", 4),
    (Annotated[int, even], "3", "must be even"),
    (Annotated[int, not_three], "3", "is not valid"),
    (Annotated[int, Odd()], "4", "is not valid"),
    (Annotated[int, Odd(), at.Lt(5)], "7", "must be less than 5"),
    (Annotated[str, str.isdigit], "a", "is not valid"),
    (Annotated[str, known_shop], "s-2", "no such shop"),
]


@pytest.mark.parametrize(("annotation", "value", "expected"), VALIDATORS)
def test_validators_that_raise_an_error_with_messages(annotation: Any, value: Any, expected: Any) -> None:
    assert checked_by(annotation, value) == expected


def test_what_a_users_check_raises_otherwise_is_a_500() -> None:
    def fails(number: int) -> None:
        raise LookupError("secret")

    @route
    def find(number: Annotated[int, fails]) -> Response:
        raise AssertionError

    answer = Client(find).get("/", query={"number": "1"})
    assert (answer.status, "secret" in answer.text) == (500, False)


@dataclass
class Line:
    count: Annotated[int, at.Interval(ge=1, le=9)]
    codes: Annotated[list[Annotated[str, at.MinLen(2)]], at.MaxLen(2)]
    notes: dict[Annotated[str, at.MaxLen(3)], Annotated[int, even]]
    price: Annotated[Decimal, validate.Range(min=Decimal("0.01"))] | None = None


class Item(TypedDict):
    name: Annotated[str, at.MinLen(1)]
    weight: NotRequired[Annotated[float, at.Gt(0)]]


def same_sum(line: Line) -> None:
    if sum(line.notes.values()) != line.count:
        raise ValidationError({"notes": ["must add up to the count"]})


def everywhere() -> Router:
    app = Router()
    Positive = Annotated[int, at.Gt(0)]  # noqa: N806

    @app.get("/{number:int}/{name}")
    def of_all(
        number: Positive,
        name: Annotated[str, validate.Length(max=2)],
        page: Positive,
        shop: Annotated[str, Header("X-Shop"), at.MinLen(2)],
        tags: Annotated[list[str], Header("X-Tags"), at.MaxLen(1)],
        session: Annotated[Positive, Cookie()],
        optional: Annotated[Positive, Query("o")] = 0,
    ) -> Response:
        return Response.ok([number, name, page, shop, tags, session, optional])

    @app.post("/members")
    def members(
        count: Annotated[int, Body("count"), at.Lt(3)], name: Annotated[str | None, Body("name"), at.MinLen(2)] = None
    ) -> Response:
        return Response.ok([count, name])

    @app.post("/line")
    def line(line: Annotated[Line, same_sum]) -> Response:
        return Response.ok(line)

    @app.post("/items")
    def items(items: Annotated[list[Item], at.MaxLen(1)]) -> Response:
        return Response.ok(items)

    @app.post("/text")
    def text(text: Annotated[str, Body(), at.MaxLen(3)], request: Request) -> Response:
        return Response.ok(text)

    @app.post("/bytes")
    def raw(data: Annotated[bytes, Body(), at.Len(1, 3)]) -> Response:
        return Response.ok(len(data))

    return app


def errors(answer: Any) -> list[tuple[str | None, str]]:
    assert answer.status == 400
    return [(each.get("field"), each["message"]) for each in answer.json()["errors"]]


def test_every_part_of_the_request_is_checked_and_every_error_named() -> None:
    client = Client(everywhere())
    headers = {"X-Shop": "s", "X-Tags": "a,b", "Cookie": "session=-1"}
    assert errors(client.get("/0/abc", query={"page": "0", "o": "-1"}, headers=headers)) == [
        ("number", "must be greater than 0"),
        ("name", "Longer than maximum length 2."),
        ("page", "must be greater than 0"),
        ("X-Shop", "must have at least 2 characters"),
        ("X-Tags", "must have at most 1 item"),
        ("session", "must be greater than 0"),
        ("o", "must be greater than 0"),
    ]
    good = {"X-Shop": "s-1", "X-Tags": "a", "Cookie": "session=1"}
    answer = client.get("/1/ab", query={"page": "1"}, headers=good)
    assert answer.json()["data"] == [1, "ab", 1, "s-1", ["a"], 1, 0]  # a default is the function's own


def test_members_and_the_whole_body_are_checked() -> None:
    client = Client(everywhere())
    assert errors(client.post("/members", body={"count": 3, "name": "a"})) == [
        ("count", "must be less than 3"),
        ("name", "must have at least 2 characters"),
    ]
    assert client.post("/members", body={"count": 2, "name": None}).json()["data"] == [2, None]
    wrong = {"count": 0, "codes": ["ab", "c", "de"], "notes": {"long": 2, "b": 3}, "price": "0.001"}
    assert errors(client.post("/line", body=wrong)) == [
        ("count", "must be at least 1"),
        ("codes.1", "must have at least 2 characters"),
        ("notes.long", "must have at most 3 characters"),
        ("price", "Must be greater than or equal to 0.01."),
    ]
    assert errors(client.post("/line", body={"count": 4, "codes": ["ab"], "notes": {"b": 3}})) == [
        ("notes.b", "must be even")
    ]
    assert errors(client.post("/line", body={"count": 4, "codes": [], "notes": {"b": 2}})) == [
        ("notes", "must add up to the count")
    ]
    assert client.post("/line", body={"count": 4, "codes": [], "notes": {"b": 4}, "price": None}).status == 200
    assert errors(client.post("/items", body=[{"name": "", "weight": 0}])) == [
        ("0.name", "must have at least 1 character"),
        ("0.weight", "must be greater than 0"),
    ]
    assert errors(client.post("/items", body=[{"name": "a"}] * 2)) == [(None, "must have at most 1 item")]
    assert errors(client.post("/text", body="abcd")) == [(None, "must have at most 3 characters")]
    assert errors(client.post("/bytes", body=b"abcd")) == [(None, "must have at most 3 bytes")]


async def later(value: int) -> None:
    raise AssertionError


def two_values(value: int, other: int) -> None:
    raise AssertionError


class Constraint:
    def __init__(self, **words: Any) -> None:
        vars(self).update(words)


class AfterValidator:
    """As pydantic's: it changes the value, and has the attribute of a Predicate."""

    def __init__(self, func: Any) -> None:
        self.func = func


NOT_UNDERSTOOD = [
    (Annotated[int, object()], "not understood"),
    (Annotated[int, "at most 5"], "a text, which checks nothing"),
    (Annotated[int, 5], "not understood"),
    (Annotated[int, None], "not understood"),
    (Annotated[int, {"ge": 1}], "not understood"),
    (Annotated[int, [at.Ge(1)]], "not understood"),
    (Annotated[int, validate.Range], "no instance"),
    (Annotated[int, at.Ge], "no instance"),
    (Annotated[int, int], "no instance"),
    (Annotated[int, Constraint(ge=1, strict=True)], "not understood"),
    (Annotated[int, Constraint(maximum=1)], "not understood"),
    (Annotated[int, AfterValidator(abs)], "not understood"),
    (Annotated[int, later], "no coroutine"),
    (Annotated[int, two_values], "can't be called with a value alone"),
    (Annotated[int, at.Ge("1")], "ge='1'"),
    (Annotated[int, at.Ge(math.nan)], "NaN"),
    (Annotated[int, at.MultipleOf(0)], "multiple_of=0"),
    (Annotated[str, at.MultipleOf(2)], "multiple_of=2"),
    (Annotated[int, at.MinLen(1)], "min_length=1"),
    (Annotated[str, at.MaxLen("a")], "max_length='a'"),
    (Annotated[int, validate.Length(max=1)], "Length"),
    (Annotated[list[int], validate.Range(max=1)], "Range"),
    (Annotated[int, at.Predicate(str.isdigit)], "isdigit"),
    (Annotated[int, Constraint(pattern="a")], "pattern='a'"),
    (Annotated[str, Constraint(pattern="(")], "pattern"),
    (Annotated[datetime, at.Ge(datetime(2030, 1, 1))], "ge=datetime"),  # noqa: DTZ001
    (Annotated[date, at.Ge(AWARE)], "ge=datetime"),
    (Annotated[int, at.Timezone(None)], "tz=None"),
    (Annotated[datetime, at.Timezone("Africa/Abidjan")], "the zone 'Africa/Abidjan'"),
    (Annotated[int, Constraint(field="kind")], "field='kind'"),
    (list[Annotated[int, object()]], "not understood"),
    (Annotated[int, Query(), Header()], "once"),
    (list[Annotated[int, Query()]], "around the annotation of a parameter"),
]


@pytest.mark.parametrize(("annotation", "reason"), NOT_UNDERSTOOD)
def test_what_is_not_understood_is_an_error_of_the_import(annotation: Any, reason: str) -> None:
    def find(value: Any) -> Response:
        raise AssertionError

    find.__annotations__["value"] = annotation
    with pytest.raises(AnnotationError, match=f"(?s)find.*{reason}.*'value'"):
        route(find)
    find.__defaults__ = (None,)
    with pytest.raises(AnnotationError):
        Router().get("/")(find)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, object()],
        dict[str, Annotated[int, object()]],
        dict[Annotated[str, "key"], int],
        Annotated[str, at.Ge(1)] | None,
    ],
)
def test_a_field_that_is_not_understood_is_an_error_of_the_import_that_names_it(annotation: Any) -> None:
    shape = dataclass(type("Shape", (), {"__annotations__": {"size": annotation}, "__module__": __name__}))

    def create(shape: Any) -> Response:
        raise AssertionError

    create.__annotations__["shape"] = list[shape]  # type: ignore[valid-type]
    with pytest.raises(AnnotationError, match=r"Shape\.size"):
        route(create)
    with pytest.raises(AnnotationError, match=r"Shape\.size"):
        route(create)  # the class is not taken for known


def test_a_request_is_not_checked() -> None:
    with pytest.raises(AnnotationError, match="can't be read"):

        @route
        def find(request: Annotated[Request, even]) -> Response:
            raise AssertionError


def test_a_parameter_of_the_functions_own_keeps_its_metadata() -> None:
    class Session:
        pass

    @route
    def find(limit: int = 1, session: Annotated[Session | None, object()] = None) -> Response:
        return Response.ok([limit, session])

    assert Client(find).get("/", query={"limit": "2", "session": "x"}).json()["data"] == [2, None]


def test_descriptions_and_the_marks_of_kits_packages_check_nothing() -> None:
    annotation = Annotated[
        int, at.DocInfo("The page."), at.Unit("page"), "kit_events.AggregateId", at.Interval(), at.Len()
    ]
    assert checked_by(annotation, "7") == 7


def test_words_are_known_whoever_says_them() -> None:
    annotation = Annotated[str, Constraint(min_length=2, pattern="^[a-z]+$", title="Code", max_length=None)]
    assert checked_by(annotation, "a") in ("must have at least 2 characters", "must match ^[a-z]+$")
    assert checked_by(annotation, "AB") == "must match ^[a-z]+$"
    assert checked_by(annotation, "ab") == "ab"


def test_a_check_of_anything_meets_values_of_other_types() -> None:
    @route
    def keep(value: Annotated[Any, Body("value"), at.Ge(1)]) -> Response:
        return Response.ok(value)

    client = Client(keep)
    assert client.post("/", body={"value": 2}).json()["data"] == 2
    for wrong in (0, "2", None, [], {"a": 1}):
        assert errors(client.post("/", body={"value": wrong})) == [("value", "must be at least 1")]
