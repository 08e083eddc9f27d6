"""What a class dumps fits its own JSON Schema, formats too; and keys come out of JSON as they went in."""

import datetime as dt
import enum
import json
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import jsonschema
import pytest
import rfc3339_validator  # noqa: F401  (without it jsonschema does not look at times)
from kit_schemas import BaseSchema, SchemaDefinitionError, ValidationError
from marshmallow import fields
from marshmallow.validate import Range


def valid(schema: dict[str, Any], data: Any) -> bool:
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(data)


class Perm(enum.Flag):
    R = 1
    W = 2


NAIVE = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001
AWARE = NAIVE.replace(tzinfo=dt.UTC, microsecond=6)


@pytest.mark.parametrize(
    ("hint", "values", "head"),
    [
        (dt.time, [dt.time(3, 4, 5), dt.time(3, 4, 5, 6), dt.time(3, tzinfo=dt.UTC)], {}),
        (dt.time, [dt.time(3, 4, 5), dt.time(3, 4, 5, 6), dt.time(3, tzinfo=dt.UTC)], {"strict": True}),
        (dt.datetime, [NAIVE, AWARE], {}),
        (dt.datetime, [NAIVE, AWARE], {"default_timezone": dt.UTC}),
        (dt.datetime, [NAIVE, AWARE], {"default_timezone": dt.UTC, "strict": True}),
        (dt.datetime, [AWARE, AWARE.astimezone(dt.timezone(dt.timedelta(hours=-5)))], {"strict": True}),
        (Annotated[dt.datetime, fields.NaiveDateTime()], [NAIVE], {}),
        (Annotated[dt.datetime, fields.DateTime(format="%d.%m.%Y")], [NAIVE], {}),
        (Annotated[dt.datetime, fields.DateTime(format="rfc")], [AWARE], {}),
        (Annotated[dt.datetime, fields.DateTime(format="timestamp")], [AWARE], {}),
        (Annotated[dt.date, fields.Date(format="%d.%m.%Y")], [dt.date(2026, 1, 2)], {}),
        (Annotated[dt.time, fields.Time(format="%H.%M")], [dt.time(3, 4)], {}),
        (dt.date, [dt.date(2026, 1, 2), dt.date(1, 1, 1)], {}),
        (dt.date, [dt.date(2026, 1, 2), dt.date(1, 1, 1)], {"strict": True}),
        (dt.timedelta, [dt.timedelta(days=1, microseconds=1)], {}),
        (Decimal, [Decimal("1E+3"), Decimal("-0"), Decimal("0.10"), Decimal("1E-7")], {}),
        (Decimal, [Decimal("1E+3"), Decimal("-0"), Decimal("0.10"), Decimal("1E-7")], {"strict": True}),
        (UUID, [UUID(int=5)], {}),
        (Perm, [Perm.R | Perm.W, Perm(0)], {}),
        (dict[int, int], [{1: 2}], {}),
        (dict[dt.time, int], [{dt.time(3): 1}, {dt.time(3, tzinfo=dt.UTC): 1}], {}),
        (dict[dt.time, int], [{dt.time(3): 1}, {dt.time(3, tzinfo=dt.UTC): 1}], {"strict": True}),
        (dict[dt.datetime, int], [{NAIVE: 1}, {AWARE: 1}], {}),
        (dict[dt.date | None, int], [{None: 1}, {dt.date(2026, 1, 2): 1}], {}),
        (dict[Literal["a", 1, None], int], [{"a": 1, 1: 2, None: 3}], {}),
        (dict[bool, int], [{True: 1}], {"strict": True}),
        (float, [1e300, 1.0], {}),
    ],
)
def test_what_a_class_dumps_fits_its_schema(hint, values, head):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}, "__module__": __name__}, **head)
    for value in values:
        assert valid(made.json_schema(), json.loads(made(value=value).dumps())), value


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (dt.datetime, {"type": "string", "format": "date-time"}),
        (dt.date, {"type": "string", "format": "date"}),
    ],
)
def test_what_has_a_zone_or_needs_none_has_a_format(hint, said):
    for head in ({"strict": True}, {"default_timezone": dt.UTC}):
        made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}}, **head)
        assert made.json_schema()["properties"]["value"] == said


def test_a_strict_time_has_a_pattern():
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": dt.time}}, strict=True)
    for text, fits in [("03:04:05", True), ("03:04:05.5Z", True), ("03:04", False), ("24:00:00", False), ("x", False)]:
        assert valid(made.json_schema(), {"value": text}) is fits
        if fits:
            assert made.load({"value": text}).value.hour == 3


def test_keys_that_are_choices_have_names():
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": dict[Literal["a", 1], int]}})
    assert made.json_schema()["properties"]["value"]["propertyNames"] == {"type": "string", "enum": ["a", "1"]}


class Level(enum.IntEnum):
    LOW = 1


class Half(enum.Enum):
    HALF = 0.5


class Yes(enum.Enum):
    YES = True


class Exact(enum.Enum):
    HALF = Decimal("0.5")


class Mixed(enum.Enum):
    NOTHING = None
    ONE = 1
    TEXT = "text"
    NO = False


KEYS = [
    (str, "a"),
    (int, -7),
    (float, 1.5),
    (float, 1e16),
    (float, -0.25),
    (bool, True),
    (bool, False),
    (Decimal, Decimal("1.50")),
    (Decimal, Decimal("1E+3")),
    (UUID, UUID(int=5)),
    (dt.datetime, AWARE),
    (dt.date, dt.date(2026, 1, 2)),
    (dt.time, dt.time(3, 4, 5)),
    (dt.time, dt.time(3, 4, 5, 6, tzinfo=dt.UTC)),
    (dt.timedelta, dt.timedelta(seconds=5)),
    (dt.timedelta, dt.timedelta(days=-1, microseconds=1)),
    (Level, Level.LOW),
    (Perm, Perm.R | Perm.W),
    (Half, Half.HALF),
    (Yes, Yes.YES),
    (Exact, Exact.HALF),
    (Mixed, Mixed.NOTHING),
    (Mixed, Mixed.ONE),
    (Mixed, Mixed.TEXT),
    (Mixed, Mixed.NO),
    (Literal[1, 2], 1),
    (Literal["a", 1], 1),
    (Literal["a", 1], "a"),
    (Literal[True], True),
    (Literal["a", None], None),
    (Literal[1, None], None),
    (Literal[1, True, None], True),
    (int | None, None),
    (int | None, 5),
    (UUID | None, None),
    (dt.date | None, dt.date(2026, 1, 2)),
    (Level | None, None),
    (Annotated[int, Range(min=1)] | None, 1),
]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(("hint", "key"), KEYS)
def test_a_key_of_each_type_comes_out_of_json_as_it_went_in(hint, key, strict):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": dict[hint, int]}}, strict=strict)
    instance = made(value={key: 1})
    assert made.loads(instance.dumps()) == made.load(instance.dump()) == instance
    found = next(iter(made.loads(instance.dumps()).value))
    assert type(found) is type(key)
    assert made.Schema().load(json.loads(instance.dumps())) == instance
    assert valid(made.json_schema(), json.loads(instance.dumps()))


@pytest.mark.parametrize(
    ("hint", "keys"),
    [
        (float, ["x", "1_0", " 1", "1.", ".5", "+1", "NaN", "Infinity", "1e999", "", "٣", True]),
        (bool, ["True", "yes", "1", 1, "", None]),
        (dt.timedelta, ["x", " 5", "NaN", "", True]),
        (Literal["a", 1], ["b", "1.0", 1.0, True, None, "null"]),
        (Mixed, ["2", "True", "ONE", 2]),
        (int | None, ["None", "", "nul", "1.0"]),
        (Annotated[int, Range(min=1)] | None, ["0"]),
    ],
)
def test_a_strict_key_is_its_text_and_no_other(hint, keys):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": dict[hint, int]}}, strict=True)
    for key in keys:
        with pytest.raises(ValidationError) as caught:
            made.load({"value": {key: 1}})
        assert "key" in caught.value.messages["value"][key]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (str | None, "None and 'null' are one text as keys in JSON"),
        (Literal["null", None], "None and 'null' are one text|'null' and None are one text"),
        (Literal["1", 1], "'1' and 1 are one text as keys in JSON"),
        (Literal[True, "true"], "True and 'true' are one text"),
        (enum.Enum("Twice", {"ONE": 1, "TEXT": "1"}), "are one text as keys in JSON, '1'"),
        (enum.Enum("Pairs", {"ONE": (1, 2), "TEXT": "1"}), r"JSON has no key for \(1, 2\)"),
        (tuple[int, int], r"the keys of a JSON object are texts, and a tuple\[int, int\] is none"),
        (frozenset[int], "the keys of a JSON object are texts"),
        (type("Inner", (BaseSchema,), {}), "the keys of a JSON object are texts, and a Inner is none"),
    ],
)
def test_what_json_has_no_key_for_is_refused(hint, message, strict):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": dict[hint, int]}}, strict=strict)
    with pytest.raises(SchemaDefinitionError, match=rf"^Made\.value: .*({message})"):
        made.load({"value": {}})
