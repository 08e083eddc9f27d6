"""Which hooks a class has: those that Python finds in it, as with marshmallow's own classes."""

from typing import Any

import marshmallow
import pytest
from kit_schemas import BaseSchema, ValidationError, generated_source
from marshmallow import fields, post_load, validates


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
