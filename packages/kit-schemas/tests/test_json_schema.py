import datetime as dt
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import jsonschema
import pytest
from kit_schemas import RAISE, BaseSchema, Discriminator, field, openapi_components
from marshmallow import fields
from marshmallow.validate import (
    URL,
    And,
    ContainsNoneOf,
    ContainsOnly,
    Email,
    Equal,
    Length,
    NoneOf,
    OneOf,
    Range,
    Regexp,
)


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Access(Flag):
    READ = 1
    WRITE = 2


class Level(IntEnum):
    LOW = 1
    LEAST = 1
    HIGH = 2


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
        "placed_at": {"type": "string"},  # it may have no zone
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
    assert not valid(schema, {"amount": "1e5"})


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


def named(name: str, **annotations: Any) -> Any:
    return type(name, (BaseSchema,), {"__annotations__": annotations, "__module__": "shop"})


def test_classes_of_one_name_have_names_of_their_own():
    lines = [named("Line", **{f"field{number}": int}) for number in range(4)]
    top = named("Line", **{f"line{number}": line for number, line in enumerate(lines)}, again=lines[2])
    schema = top.json_schema()
    assert list(schema["$defs"]) == ["Line", "shop.Line", "shop.Line-2", "shop.Line-3"]
    for number in range(4):
        name = schema["properties"][f"line{number}"]["$ref"].removeprefix("#/$defs/")
        assert list(schema["$defs"][name]["properties"]) == [f"field{number}"]
    assert schema["properties"]["again"] == schema["properties"]["line2"]
    assert valid(schema, {f"line{number}": {f"field{number}": 1} for number in range(4)} | {"again": {"field2": 1}})
    assert top.json_schema() == schema
    components = openapi_components(top, *lines)
    assert list(components) == ["Line", "shop.Line", "shop.Line-2", "shop.Line-3", "shop.Line-4"]
    assert list(components["shop.Line"]["properties"]) == ["field0"]


def test_a_name_is_plain_in_a_reference():
    schema = named("Holder", it=named("Größe/a~b", size=int)).json_schema()
    assert schema["properties"]["it"] == {"$ref": "#/$defs/Gr__e_a_b"}
    assert valid(schema, {"it": {"size": 1}})


@pytest.mark.parametrize(
    ("hint", "fits", "fails"),
    [
        (Annotated[str, Regexp("a"), Regexp(".b")], ["ab"], ["a", "bb"]),
        (Annotated[str, OneOf(["a", "b"]), OneOf(["b", "c"])], ["b"], ["a", "c"]),
        (Annotated[str, Length(min=2), Length(min=1)], ["ab"], ["a"]),
        (Annotated[str, And(Length(min=2), Length(max=3))], ["ab"], ["a", "abcd"]),
        (Annotated[int | None, Range(min=1), Range(min=3)], [3, None], [1]),
        (Annotated[list[int], ContainsNoneOf([1])], [[2], []], [[1]]),
        (Annotated[list[UUID], ContainsOnly([UUID(int=1)])], [[str(UUID(int=1))]], [[str(UUID(int=2))]]),
        (Annotated[dt.timedelta, fields.TimeDelta("minutes"), Range(max=dt.timedelta(minutes=2))], [1.5], [3]),
        (Annotated[Access, fields.Enum(Access, by_value=True)], [0, 3], ["x"]),
        (Annotated[Level, fields.Enum(Level)], ["LOW", "LEAST"], ["x"]),
        (Annotated[Level, OneOf([Level.LOW])], [1], [2]),
        (Annotated[int, fields.Integer(as_string=True)], [1, "1"], [[]]),
        (Literal["a", 1], ["a", 1], ["1", True]),
    ],
)
def test_several_constraints_hold_together(hint, fits, fails):
    test_constraints_hold_what_the_class_holds(hint, fits, fails)
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}})
    for value in fits:
        assert valid(made.json_schema(), made.load({"value": value}).dump())


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (Annotated[str, Range(min="a")], "string"),
        (Annotated[float, Range(max=float("inf"))], "number"),
        (Annotated[int, OneOf(["a"])], "integer"),
        (Annotated[str, Regexp("a{,3}$")], "string"),
    ],
)
def test_a_constraint_without_a_word_is_left_out(hint, kind):
    assert type("Made", (BaseSchema,), {"__annotations__": {"value": hint}}).json_schema()["properties"] == {
        "value": {"type": kind}
    }


def test_defaults_are_as_json_has_them():
    class Made(BaseSchema):
        pair: tuple[int, str] = (1, "a")
        wrong: int = "none"
        nothing: float = float("nan")

    properties = Made.json_schema()["properties"]
    assert properties["pair"]["default"] == [1, "a"]
    assert "default" not in properties["wrong"]
    assert "default" not in properties["nothing"]


def test_a_union_needs_its_discriminator_even_if_members_have_a_default():
    class Ping(BaseSchema):
        kind: Literal["ping"] = "ping"

    class Pong(BaseSchema):
        kind: Literal["pong"] = "pong"
        size: int

    made = named("Made", it=Annotated[Ping | Pong, Discriminator("kind")])
    schema = made.json_schema()
    assert valid(schema, {"it": {"kind": "pong", "size": 1}})
    for it in ({}, {"size": 1}):
        assert not valid(schema, {"it": it})
        assert made.Schema().validate({"it": it})


def test_a_docstring_is_the_description_without_its_indentation():
    class Made(BaseSchema):
        """A line.

        And another.
        """

    assert Made.json_schema()["description"] == "A line.\n\nAnd another."


def test_an_example_may_be_given_as_the_class_holds_it():
    class Made(BaseSchema):
        price: Decimal = field(metadata={"example": Decimal("1.20"), "examples": ["2.00", Decimal(3)]})
        day: dt.date = field(metadata={"example": dt.date(2026, 1, 2)})
        color: Color = field(metadata={"example": Color.RED})
        line: Line = field(metadata={"example": {"sku": "pen", "price": "1.20"}})

    schema = Made.json_schema()
    assert schema["properties"]["price"]["examples"] == ["1.20", "2.00", "3"]
    assert schema["examples"] == [
        {"price": "1.20", "day": "2026-01-02", "color": "red", "line": {"sku": "pen", "price": "1.20"}}
    ]
    assert valid(schema, schema["examples"][0])
    assert Made.load(schema["examples"][0]).color is Color.RED


class Own(fields.Field[Any]):
    """A field of one's own, of which JSON Schema can't know."""


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (Annotated[str, Own()], {"type": "string"}),
        (Annotated[list[int] | None, Own()], {"type": ["array", "null"], "items": {"type": "integer"}}),
        (Annotated[str, Own(), Length(max=3)], {"type": "string", "maxLength": 3}),
        (Annotated[str, fields.IP()], {"type": "string"}),
        (Annotated[complex, Own()], {}),
        (Annotated[complex, Own(metadata={"type": "string"})], {"type": "string"}),
        (Annotated[int, Own(metadata={"type": "string", "format": "isbn"})], {"type": "string", "format": "isbn"}),
        (Annotated[str | None, Own(metadata={"format": "isbn"})], {"type": ["string", "null"], "format": "isbn"}),
    ],
)
def test_a_field_of_ones_own_is_described_by_its_type_and_its_metadata(hint, schema):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}})
    assert made.json_schema()["properties"]["value"] == schema


def test_words_of_json_schema_in_metadata_go_in():
    class Book(BaseSchema):
        isbn: Annotated[str, Regexp("^97")] = field(metadata={"format": "isbn", "pattern": "^[0-9-]+$", "shelf": 5})
        weight: Decimal = field(metadata={"type": "string", "required": True})

    assert Book.json_schema()["properties"] == {
        "isbn": {"type": "string", "format": "isbn", "pattern": "^[0-9-]+$", "allOf": [{"pattern": "^97"}]},
        "weight": {"type": "string", "format": "decimal"},
    }


@pytest.mark.parametrize(
    ("hint", "word"),
    [
        (Annotated[str, Email()], "email"),
        (Annotated[str, fields.Email()], "email"),
        (Annotated[str, URL()], "uri"),
        (Annotated[str, fields.Url()], "uri"),
        (Annotated[str, URL(relative=True)], "uri-reference"),
        (Annotated[str, fields.Url(relative=True)], "uri-reference"),
    ],
)
def test_addresses_have_their_format(hint, word):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}})
    assert made.json_schema()["properties"]["value"] == {"type": "string", "format": word}


def test_a_class_that_refuses_unknown_fields_says_so():
    class Closed(BaseSchema, unknown=RAISE):
        size: int

    class Outer(BaseSchema):
        closed: Closed

    schema = Outer.json_schema()
    assert "additionalProperties" not in schema
    assert schema["$defs"]["Closed"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("metadata", "schema"),
    [
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": ("string", "null")}, {"type": ["string", "null"]}),
        ({"type": "null"}, {"type": ["null"]}),
        ({"type": "string"}, {"type": ["string", "null"]}),
    ],
)
def test_null_is_said_once(metadata, schema):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": str | None}, "value": field(metadata=metadata)})
    assert made.json_schema()["properties"]["value"] == schema
    jsonschema.Draft202012Validator.check_schema(made.json_schema())


def test_what_json_has_no_word_for_is_left_out():
    class Made(BaseSchema):
        day: dt.date = field(metadata={"minimum": dt.date(2020, 1, 1), "format": "date", "title": object()})
        days: list[dt.date] = field(metadata={"example": [dt.date(2020, 1, 1)]})

    properties = Made.json_schema()["properties"]
    assert properties["day"] == {"type": "string", "format": "date"}
    assert properties["days"] == {"type": "array", "items": {"type": "string", "format": "date"}}
