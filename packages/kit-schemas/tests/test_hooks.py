"""Which hooks a class has: those that Python finds in it, as with marshmallow's own classes."""

import json
from typing import Any

import marshmallow
import pytest
from kit_schemas import BaseSchema, ValidationError, field, generated_source
from marshmallow import fields, post_load, pre_load, validates


def checking() -> Any:
    @validates("size")
    def check(self: Any, value: int, **options: Any) -> None:
        if value < 0:
            raise ValidationError("below zero")

    return check


def doubling() -> Any:
    @post_load
    def double(self: Any, data: Any, **options: Any) -> Any:
        return {**data, "size": data["size"] * 2}

    return double


class Parent(BaseSchema):
    size: int

    check = checking()
    double = doubling()


class Nothing:
    check = None


class Checked:
    check = checking()


class Undecorated(Parent):
    def double(self) -> int:
        return 2


class Redecorated(Parent):
    @post_load
    def double(self, data: Any, **options: Any) -> Any:
        return {**data, "size": data["size"] * 3}


class Off(Parent):
    check = None


OffToo = type("OffToo", (Off,), {})
On = type("On", (Off,), {"check": Parent.check})
Diamond = type("Diamond", (Off, Parent), {})
MixedInFirst = type("MixedInFirst", (Nothing, Parent), {})
MixedInLast = type("MixedInLast", (Parent, Nothing), {})
BaseOff = type("BaseOff", (BaseSchema,), {"__annotations__": {"size": int}, "check": None})
CheckedAfter = type("CheckedAfter", (BaseOff, Checked), {})
CheckedBefore = type("CheckedBefore", (Checked, BaseOff), {})


@pytest.mark.parametrize(
    ("made", "checks", "loaded"),
    [
        (Parent, True, 4),
        (Undecorated, True, 2),
        (Redecorated, True, 6),
        (Off, False, 4),
        (OffToo, False, 4),
        (On, True, 4),
        (Diamond, False, 4),
        (MixedInFirst, False, 4),
        (MixedInLast, True, 4),
        (CheckedAfter, False, 2),
        (CheckedBefore, True, 2),
    ],
)
def test_the_first_in_the_mro_decides_about_a_hook(made, checks, loaded):
    assert made.load({"size": 2}).size == loaded
    assert bool(made.Schema().validate({"size": -2})) is checks


def test_it_is_as_in_marshmallows_own_classes():
    class Plain(marshmallow.Schema):
        size = fields.Integer(required=True)
        check = checking()
        double = doubling()

    for body in ({"check": None}, {"double": lambda self: 2}, {"check": None, "double": None}):
        theirs, ours = type("Theirs", (Plain,), body), type("Ours", (Parent,), body)
        for size in (2, -2):
            assert ours.Schema().validate({"size": size}) == theirs().validate({"size": size})
            if not theirs().validate({"size": size}):
                assert ours.load({"size": size}).size == theirs().load({"size": size})["size"]


def test_a_hook_may_call_the_one_that_it_overrides_by_its_class():
    class Smaller(Parent):
        @validates("size")
        def check(self, value: int, **options: Any) -> None:
            Parent.check(self, value, **options)
            if value > 9:
                raise ValidationError("above nine")

    assert Smaller.load({"size": 9}).size == 18
    assert Smaller.Schema().validate({"size": -1}) == {"size": ["below zero"]}
    assert Smaller.Schema().validate({"size": 10}) == {"size": ["above nine"]}


def test_without_its_hooks_a_class_is_compiled():
    assert "def load" not in generated_source(Parent)
    assert "def load" in generated_source(type("Fast", (Parent,), {"check": None, "double": None}))


def test_a_field_may_take_the_name_of_a_hook():
    class Named(Parent):
        check: str = "x"

    assert Named.load({"size": -1}) == Named(size=-2, check="x")


def test_the_hooks_of_a_wrapped_schema_can_be_switched_off():
    class SizeSchema(marshmallow.Schema):
        size = fields.Integer(required=True)
        check = checking()
        replace = doubling()  # called like a method of BaseSchema, which is no answer to it

    wrapped = BaseSchema.from_schema(SizeSchema)
    off = type("Off", (wrapped,), {"check": None})
    neither = type("Neither", (off,), {"replace": BaseSchema.replace})
    assert wrapped.load({"size": 2}).size == 4
    assert wrapped.Schema().validate({"size": -1})
    assert off.load({"size": -1}).size == -2
    assert neither.load({"size": -1}).size == -1


class Named(BaseSchema):
    name: str

    @pre_load
    def tidy(self, data: Any, **options: Any) -> Any:
        return {**data, "name": data.get("name", "").strip()}


class Outer(BaseSchema):
    named: Named
    several: list[Named] = field(default_factory=list)


WRONG = {"_schema": ["Invalid input type."]}


@pytest.mark.parametrize("data", [None, [], "x", 5, True, [1]])
def test_what_is_no_mapping_is_a_validation_error_whatever_a_hook_makes_of_it(data):
    for load in (Named.load, Named.Schema().load, lambda data: Named.loads(json.dumps(data))):
        with pytest.raises(ValidationError) as caught:
            load(data)
        assert caught.value.messages == WRONG


def test_each_of_several_that_is_no_mapping_is_named():
    with pytest.raises(ValidationError) as caught:
        Named.load([{"name": " a "}, None, {"name": 5 * " "}, "x"], many=True)
    assert caught.value.messages == {1: WRONG, 3: WRONG}
    for data in (None, 5, "x", {"name": "a"}):
        with pytest.raises(ValidationError) as caught:
            Named.load(data, many=True)
        assert caught.value.messages == WRONG
    assert Named.load([{"name": " a "}], many=True) == [Named(name="a")]


def test_what_is_no_mapping_is_a_validation_error_in_nested_data_too():
    with pytest.raises(ValidationError) as caught:
        Outer.load({"named": "x", "several": [{"name": " a "}, 5]})
    assert caught.value.messages == {"named": WRONG, "several": {1: WRONG}}
    assert Outer.load({"named": {"name": " a "}}).named.name == "a"


def test_a_hook_may_make_a_mapping_of_something_else():
    class Coin(BaseSchema):
        amount: int
        currency: str

        @pre_load
        def split(self, data: Any, **options: Any) -> Any:
            if isinstance(data, str):
                amount, currency = data.split()
                return {"amount": amount, "currency": currency}
            return data

    class Bill(BaseSchema):
        total: Coin

    coin = Coin(amount=5, currency="EUR")
    assert Coin.load("5 EUR") == coin
    assert Coin.load(["5 EUR", {"amount": 5, "currency": "EUR"}], many=True) == [coin, coin]
    assert Bill.load({"total": "5 EUR"}).total == coin
    for data in ("5", None):
        with pytest.raises(ValidationError) as caught:
            Coin.load(data)
        assert caught.value.messages == WRONG


def test_an_error_of_a_hook_at_a_mapping_is_a_mistake_of_the_hook():
    class Made(BaseSchema):
        name: str

        @pre_load
        def fail(self, data: Any, **options: Any) -> Any:
            return {**data, "name": data["nmae"]}

    with pytest.raises(KeyError, match="nmae"):
        Made.load({"name": "x"})
    with pytest.raises(KeyError, match="nmae"):
        Made.load([{"name": "x"}], many=True)

    class Listed(BaseSchema):
        name: str

        @pre_load(pass_collection=True)
        def fail(self, data: Any, **options: Any) -> Any:
            return data["itmes"] if isinstance(data, dict) else [{"name": each["nmae"]} for each in data]

    with pytest.raises(KeyError, match="itmes"):
        Listed.load({"items": [{"name": "x"}]}, many=True)
    with pytest.raises(KeyError, match="nmae"):
        Listed.load([{"name": "x"}], many=True)
    with pytest.raises(ValidationError) as caught:
        Listed.load(["x"], many=True)
    assert caught.value.messages == {0: WRONG}


def test_a_hook_for_the_collection_gets_the_list():
    seen = []

    class Listed(BaseSchema):
        name: str

        @pre_load(pass_collection=True)
        def unpack(self, data: Any, many: bool, **options: Any) -> Any:
            seen.append((data, many))
            return [{"name": each["name"].strip()} for each in data["items"]] if many and "items" in data else data

    assert Listed.load({"items": [{"name": " a "}]}, many=True) == [Listed(name="a")]
    assert Listed.load({"name": "a"}) == Listed(name="a")
    assert [many for _, many in seen] == [True, False]
    for data, messages in ((None, WRONG), ([None], {0: WRONG})):
        with pytest.raises(ValidationError) as caught:
            Listed.load(data, many=True)
        assert caught.value.messages == messages
