"""Classes that are read and written without marshmallow, until it has something to say."""

import datetime as dt
import enum
import subprocess
import sys
import typing
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

import marshmallow
import pytest
from kit_schemas import EXCLUDE, RAISE, BaseEntity, BaseSchema, ValidationError, field, generated_source, set_compiled
from kit_schemas.compiler.conversions import to_bool
from kit_schemas.compiler.doubts import Unusual
from kit_schemas.compiler.plain import plain_fields
from kit_schemas.validate import Equal, Length, OneOf, Range, Regexp
from marshmallow import fields, validate
from marshmallow.validate import Range as OtherRange


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseSchema):
    sku: Annotated[str, Length(min=1, max=5), Regexp("[a-z]+$")]
    count: Annotated[int, Range(min=1, max=9, max_inclusive=False)] = 1
    even: int | None = field(default=None, validate=lambda value: value % 2 == 0)
    version: Annotated[int, Equal(2)] = 2


class Everything(BaseSchema):
    text: str
    number: int
    ratio: float
    flag: bool
    price: Decimal
    key: uuid.UUID
    at: dt.datetime
    day: dt.date
    time: dt.time
    took: dt.timedelta
    colour: Colour
    anything: Any
    state: Annotated[str, OneOf(["draft", "sent"])]
    kind: Literal["a", "b"]
    lines: list[Line]
    best: Line | None
    tags: set[str]
    pair: tuple[int, ...]
    names: dict[str, int]
    loose: dict
    parent: "Everything | None" = None
    secret: str = field(default="", load_only=True)
    made: int = field(default=7, dump_only=True)
    other: str = field(default="x", data_key="Other")


class Strict(Everything, strict=True, unknown=RAISE):
    pass


GOOD: dict[str, Any] = {
    "text": "ada",
    "number": 1,
    "ratio": 0.5,
    "flag": True,
    "price": "1.10",
    "key": "5b1f3c1e-6f0b-4f0e-9d0a-000000000001",
    "at": "2026-01-31T03:04:05+00:00",
    "day": "2026-01-31",
    "time": "03:04:05",
    "took": 1.5,
    "colour": "red",
    "anything": None,
    "state": "draft",
    "kind": "a",
    "lines": [{"sku": "pen", "count": 2, "even": 4}],
    "best": {"sku": "ink"},
    "tags": ["x"],
    "pair": [1, 2],
    "names": {"a": 1},
    "loose": {"b": [None]},
}
PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
sys.modules["marshmallow"] = None  # whoever imports it fails
sys.modules["pytest"] = type(sys)("pytest")
from kit_schemas import BaseSchema, field
from kit_schemas.validate import Length, Range
from typing import Annotated

class Line(BaseSchema):
    sku: Annotated[str, Length(max=5)]
    count: Annotated[int, Range(min=1)] = 1
    note: str = field(default="", load_only=True)

class Order(BaseSchema, strict=True):
    lines: list[Line]

order = Order.loads('{{"lines": [{{"sku": "pen", "note": "n"}}]}}')
print(order.dumps(), order, order.replace(lines=[]) == Order(lines=[]))
"""


def test_valid_data_needs_no_marshmallow() -> None:
    code = PROGRAM.format(folder=".")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = '{"lines": [{"sku": "pen", "count": 1}]} Order(lines=[Line(sku=\'pen\', count=1, note=\'***\')]) True'
    assert done.stdout.strip() == shown


@pytest.mark.parametrize("cls", [Everything, Strict, Line, BaseEntity])
def test_the_usual_classes_are_plain(cls: Any) -> None:
    assert plain_fields(cls) is not None
    assert "def load(data" in generated_source(cls)
    assert "def dump(instance)" in generated_source(cls)


@pytest.mark.parametrize("cls", [Everything, Strict])
def test_a_value_is_read_and_written_as_by_marshmallow(cls: Any) -> None:
    loaded = cls.load({**GOOD, "parent": GOOD})
    found = loaded.dump(), repr(loaded), loaded.dump(skip_none=True)
    set_compiled(False)
    try:
        other = cls.load({**GOOD, "parent": GOOD})
        assert (other.dump(), repr(other), other.dump(skip_none=True)) == found
        assert other == loaded
    finally:
        set_compiled(True)


WRONG: list[dict[str, Any]] = [
    {},
    *({**GOOD, name: wrong} for name in GOOD for wrong in (None, "", "x", -1, [], {}, 1e400)),
    {**GOOD, "lines": [{"sku": "toolong", "count": 9, "even": 3, "version": 1}, {"sku": "P"}, 5]},
    {**GOOD, "state": "other", "kind": "c", "surplus": 1, "Other": 5, "made": 1},
    {**GOOD, "parent": {**GOOD, "number": "x"}},
]


@pytest.mark.parametrize("cls", [Everything, Strict])
def test_errors_are_marshmallows_own(cls: Any) -> None:
    def outcome(data: Any) -> Any:
        try:
            return cls.load(data)
        except ValidationError as error:
            return error.messages, error.valid_data

    ours = [outcome(data) for data in WRONG]
    set_compiled(False)
    try:
        theirs = [outcome(data) for data in WRONG]
    finally:
        set_compiled(True)
    assert ours == theirs


class Own(fields.String):
    pass


def _hooked() -> Any:
    class Hooked(BaseSchema):
        a: int

        @marshmallow.pre_load
        def change(self, data: Any, **_: Any) -> Any:
            return {"a": data["a"] + 1}

    return Hooked


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, OtherRange(min=1)],
        Annotated[str, Own()],
        Annotated[str, validate.And(validate.Length(max=2))],
        dict[uuid.UUID, int],
        tuple[int, str],
        Literal["a", 1],
        Literal[True],
    ],
)
def test_what_is_unusual_is_made_by_marshmallows_side(annotation: Any) -> None:
    cls: Any = type("Made", (BaseSchema,), {"__annotations__": {"value": annotation}, "__module__": __name__})
    assert plain_fields(cls) is None
    outer: Any = type("Outer", (BaseSchema,), {"__annotations__": {"made": list[cls]}, "__module__": __name__})
    assert plain_fields(outer) is None


def test_hooks_run() -> None:
    cls = _hooked()
    assert plain_fields(cls) is None
    assert cls.load({"a": 1}).a == 2


def test_a_function_may_raise_marshmallows_error() -> None:
    def refuse(value: int) -> None:
        raise ValidationError("Not today.")

    cls: Any = type(
        "Made", (BaseSchema,), {"__annotations__": {"value": Annotated[int, refuse]}, "__module__": __name__}
    )
    assert plain_fields(cls) is not None
    with pytest.raises(ValidationError) as caught:
        cls.load({"value": 1})
    assert caught.value.messages == {"value": ["Not today."]}


@pytest.mark.parametrize(
    ("ours", "theirs", "values"),
    [
        (Length(2, 3), validate.Length(2, 3), ["a", "ab", "abcd"]),
        (Length(equal=2, error="two"), validate.Length(equal=2, error="two"), ["a", "ab"]),
        (Range(1, 3), validate.Range(1, 3), [0, 1, 3, 4]),
        (
            Range(1, min_inclusive=False, error="{input}"),
            validate.Range(1, min_inclusive=False, error="{input}"),
            [1, 2],
        ),
        (OneOf(["a"], ["A"]), validate.OneOf(["a"], ["A"]), ["a", "b"]),
        (Equal(1), validate.Equal(1), [1, 2]),
        (Regexp("a"), validate.Regexp("a"), ["ab", "ba"]),
    ],
)
def test_a_validator_says_what_marshmallows_does(ours: Any, theirs: Any, values: list[Any]) -> None:
    def outcome(validator: Any, value: Any) -> Any:
        try:
            return validator(value)
        except ValidationError as error:
            return error.messages

    assert [outcome(ours, value) for value in values] == [outcome(theirs, value) for value in values]
    assert type(theirs).__name__ in repr(ours)


def test_a_length_is_not_two_things() -> None:
    with pytest.raises(ValueError, match="equal"):
        Length(min=1, equal=2)


def test_a_validator_may_be_used_in_a_plain_schema() -> None:
    assert marshmallow.Schema.from_dict({"a": fields.Integer(validate=Range(min=1))})().validate({"a": 0}) == {
        "a": ["Must be greater than or equal to 1."]
    }


def test_the_constants_are_marshmallows() -> None:
    assert (EXCLUDE, RAISE) == (marshmallow.EXCLUDE, marshmallow.RAISE)
    for kind in (fields.DateTime, fields.Date, fields.Time):
        parse = getattr(dt, kind.OBJ_TYPE).fromisoformat
        assert kind.DESERIALIZATION_FUNCS["iso"] == parse
    words = fields.Boolean.truthy | fields.Boolean.falsy
    for word in {*words, "x", "", 2, "tRUE"}:
        try:
            found: Any = to_bool(word)
        except Unusual:
            found = None
        expected = True if word in fields.Boolean.truthy else False if word in fields.Boolean.falsy else None
        assert found is expected
    assert typing.get_type_hints(Line)["count"] is int
