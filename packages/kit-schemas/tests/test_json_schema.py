import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import jsonschema
import pytest
from kit_schemas import BaseSchema, Discriminator, field, openapi_components
from marshmallow import fields
from marshmallow.validate import ContainsOnly, Equal, Length, NoneOf, OneOf, Range, Regexp


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseSchema):
    """One position."""

    sku: Annotated[str, Length(min=1, max=20)] = field(metadata={"example": "pen"})
    price: Annotated[Decimal, Range(min=Decimal("0.01"))] = field(metadata={"examples": ["1.20"]})


class Card(BaseSchema):
    kind: Literal["card"]


class Bank(BaseSchema):
    kind: Literal["bank"]


class Order(BaseSchema):
    """An order."""

    uid: UUID = field(data_key="id")
    placed_at: dt.datetime
    lines: Annotated[list[Line], Length(min=1)]
    by: Annotated[Card | Bank, Discriminator("kind")]
    color: Color | None = None
    note: str | None = field(default=None, metadata={"title": "A note", "description": "Anything", "deprecated": True})
    pin: str = field(default="", load_only=True)
    number: int = field(default=0, dump_only=True)
    extra: dict[str, Any] = field(default_factory=dict)


DATA = {
    "id": str(UUID(int=1)),
    "placed_at": "2026-01-02T03:04:05Z",
    "lines": [{"sku": "pen", "price": "1.20"}],
    "by": {"kind": "bank"},
}


def valid(schema: dict[str, Any], data: Any) -> bool:
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(data)


def test_the_schema_of_a_class():
    schema = Order.json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["title"], schema["description"]) == ("Order", "An order.")
    assert schema["required"] == ["id", "placed_at", "lines", "by"]
    assert schema["properties"] == {
        "id": {"type": "string", "format": "uuid"},
        "placed_at": {"type": "string", "format": "date-time"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "minItems": 1},
        "by": {"oneOf": [{"$ref": "#/$defs/Card"}, {"$ref": "#/$defs/Bank"}]},
        "color": {"anyOf": [{"type": "string", "enum": ["red", "blue"]}, {"type": "null"}], "default": None},
        "note": {
            "type": ["string", "null"],
            "title": "A note",
            "description": "Anything",
            "deprecated": True,
            "default": None,
        },
        "pin": {"type": "string", "writeOnly": True, "default": ""},
        "number": {"type": "integer", "readOnly": True, "default": 0},
        "extra": {"type": "object", "additionalProperties": {}},
    }
    assert schema["$defs"]["Line"] == {
        "title": "Line",
        "description": "One position.",
        "type": "object",
        "properties": {
            "sku": {"type": "string", "minLength": 1, "maxLength": 20, "examples": ["pen"]},
            "price": {"type": ["string", "number"], "format": "decimal", "minimum": 0.01, "examples": ["1.20"]},
        },
        "required": ["sku", "price"],
        "examples": [{"sku": "pen", "price": "1.20"}],
    }


def test_it_takes_what_load_takes_and_what_dump_gives():
    schema = Order.json_schema()
    assert valid(schema, DATA)
    assert valid(schema, Order.load(DATA).dump())
    assert not valid(schema, {**DATA, "lines": []})
    assert not valid(schema, {**DATA, "by": {"kind": "cash"}})
    assert not valid(schema, {**DATA, "id": "x"})
    assert not valid(schema, {})


@pytest.mark.parametrize(
    ("hint", "fits", "fails"),
    [
        (Annotated[str, Length(equal=2)], ["ab"], ["a", "abc"]),
        (Annotated[str, Regexp("[a-z]+$")], ["abc"], ["1abc", "ab1"]),
        (Annotated[str, Regexp("a|b")], ["bx"], ["xa"]),
        (Annotated[str, OneOf(["a", "b"])], ["a"], ["c"]),
        (Annotated[str, NoneOf(["a"])], ["b"], ["a"]),
        (Annotated[str, Equal("a")], ["a"], ["b"]),
        (Annotated[int, Range(min=1, max=3, min_inclusive=False)], [2, 3], [1, 4]),
        (Annotated[int, Range(min=1, max=3, max_inclusive=False)], [1, 2], [0, 3]),
        (Annotated[list[str], ContainsOnly(["a"])], [["a"], []], [["b"]]),
        (Annotated[dict[str, int], Length(max=1)], [{"a": 1}], [{"a": 1, "b": 2}, {"a": "x"}]),
        (dict[Annotated[str, Length(max=1)], int], [{"a": 1}], [{"ab": 1}]),
        (Literal[1, "b"], [1, "b"], [2]),
        (Literal["a", None], ["a", None], ["b"]),
        (tuple[int, str], [[1, "a"]], [[1], [1, 2], ["a", "a"]]),
        (list[int | None], [[1, None]], [["a"]]),
        (set[int], [[1, 2]], [["a"]]),
        (Annotated[str, fields.Email()], ["a@b.de"], ["a"]),
        (float, [1.5, 1], ["x"]),
        (bool, [True], ["x"]),
        (dt.date, ["2026-01-02"], ["x"]),
        (dt.timedelta, [1.5], ["x"]),
        (Annotated[dt.timedelta, Range(max=dt.timedelta(seconds=2))], [1.5], [3]),
        (Any, [1, "a", None, []], []),
    ],
)
def test_constraints_hold_what_the_class_holds(hint, fits, fails):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}, "__doc__": None})
    schema = made.json_schema()
    for value in fits:
        assert valid(schema, {"value": value})
        made.load({"value": value})
    for value in fails:
        assert not valid(schema, {"value": value})
        assert made.Schema().validate({"value": value})


@pytest.mark.parametrize("pattern", [r"(?i)a", r"\Aa\Z", r"(?P<x>a)", r"a++"])
def test_a_pattern_that_only_python_reads_is_left_out(pattern):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": Annotated[str, Regexp(pattern)]}})
    assert made.json_schema()["properties"]["value"] == {"type": "string"}


def test_a_strict_decimal_is_no_json_number_with_a_point():
    class Price(BaseSchema, strict=True):
        amount: Decimal

    schema = Price.json_schema()
    assert valid(schema, {"amount": "1.5"})
    assert valid(schema, {"amount": 1})
    assert not valid(schema, {"amount": 1.5})


def test_a_class_that_contains_itself():
    class Tree(BaseSchema):
        name: str
        branches: "list[Tree]" = field(default_factory=list)

    schema = Tree.json_schema()
    assert schema["properties"]["branches"]["items"] == {"$ref": "#/$defs/Tree"}
    assert valid(schema, {"name": "a", "branches": [{"name": "b", "branches": []}]})
    assert not valid(schema, {"name": "a", "branches": [{"name": "b", "branches": [{}]}]})


def test_components_of_openapi():
    class Envelope(BaseSchema):
        order: Order

    other = type("Line", (BaseSchema,), {"__annotations__": {"size": int}, "__module__": "other"})
    components = openapi_components(Envelope, Order, other)
    assert set(components) == {"Envelope", "Order", "Line", "Card", "Bank", "other.Line"}
    assert components["Envelope"]["properties"]["order"] == {"$ref": "#/components/schemas/Order"}
    assert components["Order"]["properties"]["by"]["discriminator"] == {
        "propertyName": "kind",
        "mapping": {"card": "#/components/schemas/Card", "bank": "#/components/schemas/Bank"},
    }
    assert "$schema" not in components["Order"]
