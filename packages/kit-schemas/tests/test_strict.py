import datetime as dt
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from kit_schemas import (
    BaseSchema,
    Discriminator,
    UndumpableValueError,
    ValidationError,
    field,
    openapi_components,
    set_compiled,
)


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


class Piece(BaseSchema):
    """Says nothing of `strict`."""

    size: int
    part: "Piece | None" = None


class Strict(BaseSchema, strict=True):
    size: int


class Lax(BaseSchema, strict=False):
    size: int
    piece: Piece | None = None


class InheritsLax(Lax):
    pass


class Card(BaseSchema):
    kind: Literal["card"]
    number: int


class Bank(BaseSchema, strict=False):
    kind: Literal["bank"]
    number: int


class Box(BaseSchema, strict=True):
    piece: Piece | None = None
    pieces: list[Piece] = field(default_factory=list)
    by_name: dict[str, Piece] = field(default_factory=dict)
    pair: tuple[Piece, Lax] | None = None
    by: Annotated[Card | Bank, Discriminator("kind")] | None = None
    lax: Lax | None = None
    inherits: InheritsLax | None = None


NO_INTEGER = {"size": ["Not a valid integer."]}


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        ({"piece": {"size": 2.9}}, {"piece": NO_INTEGER}),
        ({"piece": {"size": 1, "part": {"size": "1"}}}, {"piece": {"part": NO_INTEGER}}),
        ({"pieces": [{"size": 1}, {"size": "1"}]}, {"pieces": {1: NO_INTEGER}}),
        ({"by_name": {"a": {"size": 1.0}}}, {"by_name": {"a": {"value": NO_INTEGER}}}),
        ({"pair": [{"size": "1"}, {"size": "1"}]}, {"pair": {0: NO_INTEGER}}),
        ({"by": {"kind": "card", "number": "1"}}, {"by": {"number": ["Not a valid integer."]}}),
    ],
)
def test_strictness_reaches_nested_classes_that_say_nothing(data, messages):
    for load in (Box.load, Box.Schema().load, lambda data: Box.load([data], many=True)):
        with pytest.raises(ValidationError) as caught:
            load(data)
        assert caught.value.messages in (messages, {0: messages})


@pytest.mark.parametrize(
    "data",
    [
        {"lax": {"size": "1"}},
        {"lax": {"size": "1", "piece": {"size": "1"}}},
        {"inherits": {"size": "1"}},
        {"by": {"kind": "bank", "number": "1"}},
        {"pair": [{"size": 1}, {"size": "1"}]},
    ],
)
def test_a_nested_class_that_says_otherwise_is_as_it_says(data):
    assert Box.load(data) == Box.Schema().load(data)


def test_a_class_in_a_strict_one_is_itself():
    box = Box.load({"piece": {"size": 1, "part": {"size": 2}}, "pieces": [{"size": 3}]})
    assert box == Box(piece=Piece(size=1, part=Piece(size=2)), pieces=[Piece(size=3)])
    assert type(box.piece) is Piece
    assert Box.load(box.dump()) == Box.loads(box.dumps()) == box
    assert Piece.load({"size": "1", "part": {"size": "2"}}) == Piece(size=1, part=Piece(size=2))
    assert Piece.__subclasses__() == []

    class Holder(BaseSchema):
        strict: Strict
        piece: Piece

    assert Holder.load({"strict": {"size": 1}, "piece": {"size": "1"}}).piece.size == 1
    with pytest.raises(ValidationError):
        Holder.load({"strict": {"size": "1"}, "piece": {"size": "1"}})


def test_what_is_strict_only_where_it_is_nested_is_described_so():
    class Money(BaseSchema):
        amount: Decimal

    class Lines(BaseSchema, strict=True):
        lines: list[Money]

    nested = Lines.json_schema()["$defs"]["Money"]["properties"]["amount"]
    assert nested["type"] == ["string", "integer"]
    both = openapi_components(Money, Lines)
    assert both["Money"]["properties"]["amount"]["type"] == ["string", "number"]
    assert both["Money-strict"]["properties"]["amount"] == nested
    assert both["Lines"]["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/Money-strict"}


def test_a_default_zone_comes_along_with_strictness():
    class At(BaseSchema):
        at: dt.datetime

    class Berlin(BaseSchema, default_timezone=ZoneInfo("Europe/Berlin")):
        at: dt.datetime

    class Trip(BaseSchema, strict=True, default_timezone=dt.UTC):
        start: At
        end: Berlin

    naive = {"at": "2026-07-02T03:04:05"}
    trip = Trip.load({"start": naive, "end": naive})
    assert trip.start.at.tzinfo is dt.UTC
    assert trip.end.at.isoformat() == "2026-07-02T03:04:05+02:00"

    class NoZone(BaseSchema, strict=True):
        start: At

    with pytest.raises(ValidationError, match="aware"):
        NoZone.load({"start": naive})
    assert At.load(naive).at.tzinfo is None


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (dt.date, "20260102"),
        (dt.date, "2026-W01-1"),
        (dt.date, "2026W011"),
        (dt.date, dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)),
        (dt.time, "03:04"),
        (dt.time, "T03:04:05"),
        (dt.time, "030405"),
        (dt.time, "24:00:00"),
        (dt.time, "03:04:05,5"),
        (dt.time, "03:04:05+0100"),
        (dt.time, "03:04:05+01:00:30"),
        (dt.datetime, "2026-01-02 03:04:05Z"),
        (dt.datetime, "20260102T030405Z"),
        (dt.datetime, "2026-W01-1T03:04:05Z"),
        (dt.datetime, "2026-01-02T03:04Z"),
        (dt.datetime, "2026-01-02T03Z"),
        (dt.datetime, "2026-01-02T24:00:00Z"),
        (dt.datetime, "2026-01-02T03:04:05+0100"),
        (dt.datetime, "2026-01-02T03:04:05,5Z"),
        (dt.datetime, "２026-01-02T03:04:05Z"),
    ],
)
def test_strict_dates_and_times_are_of_rfc_3339(hint, value):
    for head in ({}, {"default_timezone": dt.UTC}):
        with pytest.raises(ValidationError) as caught:
            load(hint, value, strict=True, **head)
        assert caught.value.messages == {"value": [f"Not a valid {hint.__name__}."]}


@pytest.mark.parametrize(
    ("hint", "value", "loaded"),
    [
        (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
        (dt.time, "03:04:05", dt.time(3, 4, 5)),
        (dt.time, "03:04:05.25", dt.time(3, 4, 5, 250000)),
        (dt.time, "03:04:05Z", dt.time(3, 4, 5, tzinfo=dt.UTC)),
        (dt.time, "03:04:05z", dt.time(3, 4, 5, tzinfo=dt.UTC)),
        (dt.datetime, "2026-01-02T03:04:05.123Z", dt.datetime(2026, 1, 2, 3, 4, 5, 123000, tzinfo=dt.UTC)),
        (dt.datetime, "2026-01-02t03:04:05z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        (dt.datetime, "2026-01-02T05:04:05+02:00", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    ],
)
def test_the_forms_of_rfc_3339_are_taken(hint, value, loaded):
    found = load(hint, value, strict=True)
    assert (found, type(found)) == (loaded, type(loaded))
    assert getattr(found, "tzinfo", None) == getattr(loaded, "tzinfo", None) or found.utcoffset()


def test_a_strict_class_dumps_only_what_it_loads():
    class At(BaseSchema, strict=True):
        at: dt.datetime | None = None

    naive = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001
    with pytest.raises(UndumpableValueError, match=r"At\.at can't be dumped: a datetime without a zone"):
        At(at=naive).dump()
    assert At(at=naive.replace(tzinfo=dt.UTC)).dump() == {"at": "2026-01-02T03:04:05+00:00"}
    assert At().dump() == {"at": None}

    class Zoned(BaseSchema, default_timezone=dt.UTC):
        at: dt.datetime

    assert Zoned(at=naive).dump() == {"at": "2026-01-02T03:04:05+00:00"}
    assert Zoned.load(Zoned(at=naive).dump()).at == naive.replace(tzinfo=dt.UTC)
