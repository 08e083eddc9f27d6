"""A value that is none of its field's is no `{}` in a dump, and no text taken apart: it is an error with a place."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import pytest
from kit_schemas import BaseSchema, Discriminator, UndumpableValueError, field, set_compiled
from marshmallow import fields, post_load, pre_dump


class Address(BaseSchema):
    street: str = ""


class Longer(Address):
    zip: str = ""


class Person(BaseSchema):
    street: str = "the same name, and another class"


class Card(BaseSchema):
    kind: Literal["card"] = "card"


class Bank(BaseSchema):
    kind: Literal["bank"] = "bank"


class Order(BaseSchema):
    address: Address | None = None
    longer: Longer | None = None
    others: list[Address] = field(default_factory=list)
    every: set[str] = field(default_factory=set)
    sequence: Sequence[int] = ()
    tuples: tuple[Address, ...] = ()
    pair: tuple[Address, int] | None = None
    by_name: dict[str, Address] = field(default_factory=dict)
    by: Annotated[Card | Bank, Discriminator("kind")] | None = None
    own: Self | None = None


@pytest.fixture(params=[True, False], ids=["compiled", "marshmallow"], autouse=True)
def _compiled(request):
    set_compiled(request.param)
    yield
    set_compiled(True)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("address", UUID(int=5), "a UUID is no Address"),
        ("address", "High Street 1", "a str is no Address"),
        ("address", {"street": "High Street"}, "a dict is no Address"),
        ("address", Person(), "a Person is no Address"),
        ("address", [Address()], "a list is no Address"),
        ("address", False, "a bool is no Address"),
        ("address", Address, "a type is no Address"),
        ("longer", Address(), "a Address is no Longer"),
        ("others", {"street": "s"}, "a dict is no list"),
        ("others", {}, "a dict is no list"),
        ("others", "", "a str is no list"),
        ("others", ["a", 5], "a str is no Address"),
        ("others", [Address(), Person()], "a Person is no Address"),
        ("others", Address(), "it holds a Address"),
        ("others", 5, "it holds a int"),
        ("every", "abc", "a str is no set"),
        ("sequence", "12", "a str is no list"),
        ("sequence", b"12", "a bytes is no list"),
        ("tuples", (1,), "a int is no Address"),
        ("tuples", {"a": 1}, "a dict is no tuple"),
        ("pair", (Person(), 1), "a Person is no Address"),
        ("pair", "ab", "a str is no tuple"),
        ("by_name", {"a": "b"}, "a str is no Address"),
        ("by_name", {"a": {"street": "s"}}, "a dict is no Address"),
        ("by", "card", "a str is none of Card, Bank"),
        ("by", {"kind": "card"}, "a dict is none of Card, Bank"),
        ("own", Address(), "a Address is no Order"),
    ],
)
def test_a_value_that_is_none_of_its_fields_is_refused_with_its_place(name, value, message):
    order = Order(**{name: value})
    for dump in (order.dump, lambda: order.dump(skip_none=True), order.dumps, lambda: Order.Schema().dump(order)):
        with pytest.raises(UndumpableValueError) as caught:
            dump()
        assert isinstance(caught.value, TypeError)
        assert str(caught.value) == f"Order.{name} can't be dumped: {message}"
        assert caught.value.field == f"Order.{name}"


def test_the_place_is_the_innermost():
    with pytest.raises(UndumpableValueError, match=r"^Order\.address can't be dumped: a int is no Address$"):
        Order(own=Order(own=Order(address=5))).dump()


def test_what_is_of_the_class_is_dumped():
    order = Order(
        address=Longer(street="a", zip="1"),
        others=(Address(street="b"),),
        every={"c"},
        by_name={"d": Address()},
        pair=[Address(), 1],
        tuples=[Address()],
    )
    dumped = order.dump(skip_none=True)
    assert dumped["address"] == {"street": "a"}
    assert dumped["others"] == [{"street": "b"}]
    assert dumped["by_name"] == {"d": {"street": ""}}
    assert dumped["pair"] == ({"street": ""}, 1)


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


class PointSchema(BaseSchema):
    x: int

    @post_load
    def made(self, data: Any, **options: Any) -> Any:
        return Point(**data)


class Text(BaseSchema):
    x: int

    @pre_dump
    def split(self, value: Any, **options: Any) -> Any:
        return {"x": int(value)} if isinstance(value, str) else value


class Drawing(BaseSchema):
    point: PointSchema
    points: list[PointSchema] = field(default_factory=list)
    text: Text | None = None


def test_a_class_whose_hooks_make_or_take_something_else_dumps_it():
    drawing = Drawing.load({"point": {"x": 1}, "points": [{"x": 2}]})
    assert type(drawing.point) is Point
    assert drawing.dump(skip_none=True) == {"point": {"x": 1}, "points": [{"x": 2}]}
    assert drawing.replace(text="5").dump()["text"] == {"x": 5}


@pytest.mark.parametrize("value", [(1,), 5, Address(street="a"), object, {}, {"y": 1}])
def test_a_value_that_no_field_can_be_read_from_is_refused_there_too(value):
    with pytest.raises(UndumpableValueError, match=r"^Drawing\.point can't be dumped: a \w+ is no PointSchema$"):
        Drawing(point=value).dump()
    with pytest.raises(UndumpableValueError, match=r"^Drawing\.points can't be dumped: a \w+ is no PointSchema$"):
        Drawing(point=Point(1), points=[Point(2), value]).dump()


def test_a_marshmallow_schema_dumps_what_is_no_instance_as_ever():
    plain = {"address": {"street": "a"}, "others": [{"street": "b"}]}
    assert Order.Schema(only=("address", "others")).dump(plain) == plain

    class Other(BaseSchema):
        address: Person
        others: list[Person]

    other = Other(address=Person(street="a"), others=[Person(street="b")])
    assert Order.Schema(only=("address", "others")).dump(other) == plain

    class Holder(BaseSchema):
        address: Annotated[Any, fields.Nested(Address.Schema)]

    assert Holder(address={"street": "a"}).dump() == {"address": {"street": "a"}}
