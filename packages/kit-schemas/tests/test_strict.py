import datetime as dt
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from kit_schemas import BaseSchema, ValidationError, set_compiled


class Level(IntEnum):
    LOW = 1


class Color(Enum):
    RED = "red"


def load(hint: Any, value: Any, **head: Any) -> Any:
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": hint}}, **head)
    return made.load({"value": value}).value


@pytest.fixture(params=[True, False], ids=["compiled", "marshmallow"], autouse=True)
def _compiled(request):
    set_compiled(request.param)
    yield
    set_compiled(True)


REFUSED = [
    (int, 3.9, "Not a valid integer."),
    (int, 3.0, "Not a valid integer."),
    (int, "3", "Not a valid integer."),
    (float, "1.5", "Not a valid number."),
    (bool, "yes", "Not a valid boolean."),
    (bool, 1, "Not a valid boolean."),
    (str, b"abc", "Not a valid string."),
    (str, "a\0b", "Null characters are not allowed."),
    (str, "\ud800", "Not a valid utf-8 string."),
    (Decimal, 1.1, "Not an exact number: send it as text."),
    (Decimal, "1E5", "Not a valid number."),
    (Decimal, "1e-5", "Not a valid number."),
    (Decimal, "1e999", "Not a valid number."),
    (Decimal, "1.", "Not a valid number."),
    (Decimal, ".5", "Not a valid number."),
    (Decimal, "+1", "Not a valid number."),
    (Decimal, "٣", "Not a valid number."),
    (Decimal, "1\n", "Not a valid number."),
    (Decimal, " 1", "Not a valid number."),
    (Decimal, "1_000", "Not a valid number."),
    (UUID, "{5b1f3c1e-6f0b-4f0e-9d0a-000000000001}", "Not a valid UUID."),
    (UUID, "5b1f3c1e6f0b4f0e9d0a000000000001", "Not a valid UUID."),
    (UUID, b"1234567890123456", "Not a valid UUID."),
    (dt.datetime, "2026-01-02T03:04:05", "Not a valid aware datetime."),
    (dt.timedelta, "5", "Not a valid period of time."),
    (dt.timedelta, True, "Not a valid period of time."),
    (Level, True, "Must be one of: 1."),
    (Level, 1.0, "Must be one of: 1."),
    (Literal[1], 1.0, "Not a valid integer."),
]


@pytest.mark.parametrize(("hint", "value", "message"), REFUSED)
def test_what_only_marshmallow_takes_is_refused(hint, value, message):
    with pytest.raises(ValidationError) as caught:
        load(hint, value, strict=True)
    assert caught.value.messages == {"value": [message]}
    load(hint, value)  # lax as marshmallow: no error


@pytest.mark.parametrize(
    ("hint", "value", "loaded"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (float, 1.5, 1.5),
        (bool, False, False),
        (str, "é😀", "é😀"),
        (Decimal, "-1.50", Decimal("-1.50")),
        (Decimal, "007", Decimal(7)),
        (Decimal, "-0", Decimal("-0")),
        (Decimal, 5, Decimal(5)),
        (Decimal, Decimal("1.1"), Decimal("1.1")),
        (UUID, "5B1F3C1E-6F0B-4F0E-9D0A-000000000001", UUID("5b1f3c1e-6f0b-4f0e-9d0a-000000000001")),
        (UUID, UUID(int=1), UUID(int=1)),
        (dt.datetime, "2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        (dt.timedelta, 1.5, dt.timedelta(seconds=1.5)),
        (Level, 1, Level.LOW),
        (Color, Color.RED, Color.RED),
        (str | None, None, None),
    ],
)
def test_what_an_annotation_means_is_taken(hint, value, loaded):
    found = load(hint, value, strict=True)
    assert (found, type(found)) == (loaded, type(loaded))


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("hint", "key"), [(int, -7), (Level, Level.LOW), (Literal[1, 2], 2), (UUID, UUID(int=1)), (Color, Color.RED)]
)
def test_keys_come_out_of_json_as_they_went_in(hint, key, strict):
    made = type("Made", (BaseSchema,), {"__annotations__": {"value": dict[hint, int]}}, strict=strict)
    instance = made(value={key: 1})
    assert made.loads(instance.dumps()) == made.load(instance.dump()) == instance
    assert type(next(iter(made.loads(instance.dumps()).value))) is type(key)


@pytest.mark.parametrize("key", ["1_0", " 1", "01", "+1", "1.0", "٣", "", "-", 1.0, True, None])
@pytest.mark.parametrize("hint", [int, Level, Literal[1]])
def test_a_strict_key_is_an_int_or_its_digits(hint, key):
    with pytest.raises(ValidationError):
        load(dict[hint, int], {key: 1}, strict=True)


@pytest.mark.parametrize("value", ["NaN", float("nan"), float("inf"), -float("inf"), Decimal("Infinity")])
@pytest.mark.parametrize("hint", [float, Decimal])
@pytest.mark.parametrize("strict", [True, False])
def test_no_float_or_decimal_is_infinite_or_nan(hint, value, strict):
    with pytest.raises(ValidationError):
        load(hint, value, strict=strict)


@pytest.mark.parametrize("strict", [True, False])
def test_a_time_without_a_zone_may_be_given_one(strict):
    zone = ZoneInfo("Europe/Berlin")
    loaded = load(dt.datetime, "2026-07-02T03:04:05", strict=strict, default_timezone=zone)
    assert loaded.isoformat() == "2026-07-02T03:04:05+02:00"
    assert load(dt.datetime, "2026-07-02T03:04:05Z", strict=strict, default_timezone=zone).tzinfo is dt.UTC


def test_subclasses_inherit_strictness_and_may_drop_it():
    class Strict(BaseSchema, strict=True):
        size: int

    class Same(Strict):
        other: int

    class Lax(Strict, strict=False):
        pass

    with pytest.raises(ValidationError):
        Same.load({"size": 1, "other": "1"})
    assert Lax.load({"size": "1"}).size == 1


def test_strictness_is_each_classs_own():
    class Inner(BaseSchema):
        size: int

    class Outer(BaseSchema, strict=True):
        inner: Inner

    assert Outer.load({"inner": {"size": "1"}}).inner.size == 1
