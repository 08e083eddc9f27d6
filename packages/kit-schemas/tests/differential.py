"""Generated schemas and values, given to the compiled code and to marshmallow alone: both must say the same.

marshmallow alone is the plain call of a class's `.Schema(…)`, which says nothing of `partial` and `many`.
A case is one value for one schema. Everything follows from its seed, so a difference is repeated by its number.
"""

import datetime as dt
import enum
import functools
import math
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import marshmallow
from kit_schemas import EXCLUDE, RAISE, BaseSchema, Discriminator, field
from kit_schemas.compiler.switch import dumper_of, loader_of
from marshmallow import ValidationError, fields, post_load, validates_schema
from marshmallow.validate import And, ContainsOnly, Equal, Length, NoneOf, OneOf, Range, Regexp

PER_SCHEMA = 100
"""How many values each schema gets: making a schema takes as long as loading some twenty values."""


NAIVE = dt.datetime(2026, 1, 2)  # noqa: DTZ001
EARLY = dt.datetime(1900, 1, 1)  # noqa: DTZ001


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"
    ALIAS = "red"  # noqa: PIE796


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(enum.StrEnum):
    YES = "yes"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Rate(enum.Enum):
    LOW = Decimal("0.1")
    HIGH = Decimal("1.50")


class Mixed(enum.Enum):
    NOTHING = None
    ONE = 1
    TEXT = "1"
    LIST = [1]  # noqa: RUF012


class Card(BaseSchema):
    kind: Literal["card", "debit"]
    number: Annotated[str, Length(equal=4)]


class Bank(BaseSchema, strict=True):
    kind: Literal["bank"] = field(data_key="kind")
    iban: str
    next: "Annotated[Card | Bank, Discriminator('kind')] | None" = None


class Numbered(BaseSchema):
    kind: Literal[1, 2]
    size: int = 0


class Tree(BaseSchema):
    name: str
    branches: "list[Tree]" = field(default_factory=list)


class Hooked(BaseSchema):
    low: int
    high: int = 10

    @validates_schema
    def _in_order(self, data: Any, **options: Any) -> None:
        if "low" in data and data["low"] > data["high"]:
            raise ValidationError("low is above high", "low")

    @post_load
    def _doubled(self, data: Any, **options: Any) -> Any:
        return {**data, "high": data["high"] * 2}


class PartSchema(marshmallow.Schema):
    one = fields.Integer(required=True)
    other = fields.Integer(required=True)


class PatchSchema(PartSchema):
    """Partial by itself."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"partial": ("other",), **options})


class ManySchema(PartSchema):
    """A list by itself."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"many": True, **options})


Patch: Any = BaseSchema.from_schema(PatchSchema)
Several: Any = BaseSchema.from_schema(ManySchema)


class Open(BaseSchema):
    """Says nothing of `strict`: it is as strict as the class that it is in."""

    count: int
    day: dt.date = dt.date(2026, 1, 2)
    at: dt.datetime | None = None
    own: "Open | None" = None


class Loose(BaseSchema, strict=False):
    count: int
    open: Open | None = None


class Shouted(fields.String):
    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        return super()._deserialize(value, attr, data, **options).upper()

    def _serialize(self, value: Any, attr: Any, obj: Any, **options: Any) -> Any:
        return None if value is None else str(value).lower()


class Text(str):
    __slots__ = ()


class Data(dict):
    pass


class Items(list):
    pass


class Later(dt.datetime):
    pass


class Odd(dt.tzinfo):
    def utcoffset(self, when: Any) -> None:
        return None


def _even(value: int) -> None:
    if value % 2:
        raise ValidationError("Not even.")


_TEXTS = [
    "", " ", "a", "abc", "card", "bank", "red", "1", "2", " 3 ", "1_000", "-5", "3.9", "1e3", "1e99999", "0.1",
    ".5", "5.",
    "-0", "NaN", "sNaN", "Infinity", "-inf", "٣", "true", "no", "On", "a\0b", "\ud800", "é", "😀", "x" * 40,
    "5b1f3c1e-6f0b-4f0e-9d0a-000000000001", "{5B1F3C1E-6F0B-4F0E-9D0A-000000000001}",
    "5b1f3c1e6f0b4f0e9d0a000000000001",
    "urn:uuid:5b1f3c1e-6f0b-4f0e-9d0a-000000000001", "5b1f3c1e-6f0b-4f0e-9d0a-00000000000g",
    "0x1f3c1e6f0b4f0e9d0a000000000001aa",
    "5b1f3c1e6f0b4f0e9d0a0000_0000_01", "5b1f-3c1e6f0b4f0e9d0a000000000001-", "+b1f3c1e6f0b4f0e9d0a000000000001",
    "2026-01-02", "20260102", "2026-W01-1", "2026-01-02T03:04:05", "2026-01-02T03:04:05Z",
    "2026-01-02 03:04:05.123456+05:30",
    "2026-01-02T03:04:05,5-00:00", "2026-13-01", "03:04", "03:04:05.5", "03:04:05+02:00", "T03:04", "24:00:00",
    "a@b.de",
    "https://example.com/x?y=1", "127.0.0.1", "::1", "a,b", "9" * 600, "0e-2000", "1e2000", "1" + "0" * 450,
    "0." + "0" * 1200 + "1",
]  # fmt: skip
_ODD: list[Any] = [
    None, True, False, 0, 1, 2, -1, 3.0, 3.9, -0.0, 1e300, 2**70, 10**500, math.inf, -math.inf, math.nan, 1j,
    b"abc", b"\xff", b"1234567890123456", bytearray(b"a"), Text("abc"), Text("1"), Color.RED, Level.LOW, Word.YES,
    Access.READ | Access.WRITE, Mixed.ONE, Decimal("1.50"), Decimal("1E+5"), Decimal("NaN"), Decimal("-0"),
    Decimal("1E-2000"),
    UUID(int=5), dt.date(2026, 1, 2), NAIVE, dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1), dt.datetime(2026, 1, 2, tzinfo=Odd()),
    Later(2026, 1, 2), dt.time(3, 4), dt.time(3, tzinfo=dt.UTC), dt.timedelta(days=1, microseconds=7), [], [1],
    ["a"], [None],
    (), (1, "b"), [1, "b"], [[1]], {}, {"a": 1}, {"a": None}, {1: 2}, {"name": "x"}, {"kind": "card"},
    {"kind": ["card"]},
    {"kind": True}, {"kind": 1}, Data(a=1), OrderedDict(name="x"), Items(["a"]), {1, 2}, frozenset("a"), range(2),
    object,
    Card(kind="card", number="1234"), Tree(name="t"),
]  # fmt: skip


_FLOATS: list[Any] = [math.inf, -math.inf, math.nan, True, "NaN", "1e400", 10**400, Decimal("1.5"), "1.5", b"1", 3]
_TIMES: list[Any] = ["2026-01-02", "2026-01-02T03:04", "20260102T030405Z", "2026-01-02T03:04:05.5+01:00", "x", "03:04Z"]
_NEAR: dict[Any, list[Any]] = {
    str: ["a\0b", "\ud800", "é", Text("abc"), Word.YES, b"abc", b"\xff", 1, "abcdef", ""],
    int: [3.0, 3.9, True, "3", " 3 ", "1_0", "x", b"3", Level.HIGH, Decimal(3), -1, 0, 101, 7, 8, 10**5000, "9" * 5000],
    float: _FLOATS,
    bool: ["yes", "NO", 1, 0, 1.0, 2, "1", b"1", None],
    Decimal: [
        *_FLOATS, "1e2000", "1e-2000", "1e900", "1e-900", "0e-1001", " 1.5 ", "1_0", "0.01", "0.001", "1000.01",
        Decimal("1e900"), Decimal("1E-7"), "", "1_0.5", "\t1", "1\n", "\x1f1", "1\x85", "٣.5", "+1.", "-.5E+2",
    ],
    UUID: [each for each in _TEXTS if "b1f" in each or "0x" in each] + [b"1234567890123456", UUID(int=1), 5, "g" * 32],
    dt.datetime: [*_TIMES, Later(2026, 1, 2), dt.date(2026, 1, 2), NAIVE, NAIVE.replace(tzinfo=Odd())],
    dt.date: [*_TIMES, NAIVE, Later(2026, 1, 2)],
    dt.time: [*_TIMES, dt.time(3, tzinfo=dt.UTC), dt.time(3, 4, 5, 6)],
    dt.timedelta: [*_FLOATS, 10**400, 1e15, -1.5, "1e15", 2**53 + 1],
    Color: ["RED", Word.YES, "green", ["red"], Color.ALIAS],
    Level: [True, 1.0, "1", 3, Level.LOW, Color.RED],
    Word: ["YES", Text("yes"), Word.YES],
    Open: [{"count": "1"}, {"count": 1.0, "day": "20260102"}, {"count": 1, "at": "2026-01-02T03:04"}, {}],
    Loose: [{"count": "1"}, {"count": "1", "open": {"count": "1"}}, {"count": 1, "open": 5}],
    Access: [True, 3, 4, Access.READ | Access.WRITE, 1.0],
    Mixed: [1, True, "1", [1], [2], 1.0, Mixed.LIST, Mixed.NOTHING],
    Literal: [True, 1.0, 1, 2, "b", "c", Text("a"), ["a"]],
}  # fmt: skip


class Kind:
    """A type that a field may have: its annotation, how a fitting value is made, and values that nearly fit."""

    def __init__(self, hint: Any, fitting: Callable[[random.Random], Any], near: Any = None) -> None:
        self.hint = hint
        self.fitting = fitting
        core = getattr(hint, "__origin__", hint)
        self.near: Callable[[random.Random], Any] = near or (lambda rng: rng.choice(_NEAR.get(core, _ODD)))

    def value(self, rng: random.Random, wrong: float) -> Any:
        if rng.random() >= wrong:
            return self.fitting(rng)
        return self.near(rng) if rng.random() < 0.6 else rng.choice(rng.choice([_TEXTS, _ODD]))


def _text(rng: random.Random) -> str:
    return rng.choice(_TEXTS) if rng.random() < 0.3 else "".join(rng.choices("abcdefghij 0123é", k=rng.randrange(12)))


def _uuid(rng: random.Random) -> Any:
    made = UUID(int=rng.getrandbits(128))
    return rng.choice([str(made), str(made), made.hex, str(made).upper(), made])


def _when(rng: random.Random) -> dt.datetime:
    zone = rng.choice([None, dt.UTC, dt.UTC, dt.timezone(dt.timedelta(minutes=rng.randrange(-700, 700)))])
    return dt.datetime.fromtimestamp(rng.randrange(2**31), dt.UTC).replace(
        tzinfo=zone, microsecond=rng.choice([0, 0, 5, 120000, 999999])
    )


def _number(rng: random.Random) -> Any:
    number = Decimal(rng.randrange(-(10**9), 10**9)).scaleb(-rng.randrange(12))
    return rng.choice([str(number), str(number), f"{number:f}", int(number), float(number), number])


def _part(rng: random.Random) -> dict[str, Any]:
    return rng.choice([{"one": 1}, {"one": 1, "other": 2}, {"one": "1", "more": 1}, {"other": 2}, {}])


SCALARS = [
    Kind(str, _text),
    Kind(int, lambda rng: rng.choice([rng.randrange(-5, 500), rng.randrange(-5, 500), str(rng.randrange(99))])),
    Kind(float, lambda rng: rng.choice([rng.uniform(-10, 10), rng.uniform(-10, 10), rng.randrange(9), "1.5"])),
    Kind(bool, lambda rng: rng.choice([True, False, True, False, "true", "no", 0, 1])),
    Kind(Decimal, _number),
    Kind(UUID, _uuid),
    Kind(dt.datetime, lambda rng: rng.choice([_when(rng).isoformat(), _when(rng).isoformat(" "), _when(rng)])),
    Kind(dt.date, lambda rng: rng.choice([_when(rng).date().isoformat(), _when(rng).date()])),
    Kind(dt.time, lambda rng: rng.choice([_when(rng).timetz().isoformat(), _when(rng).time()])),
    Kind(dt.timedelta, lambda rng: rng.choice([rng.uniform(-9e6, 9e6), rng.randrange(10**6), dt.timedelta(1)])),
    Kind(Color, lambda rng: rng.choice(["red", "blue", Color.BLUE])),
    Kind(Level, lambda rng: rng.choice([1, 2, Level.LOW])),
    Kind(Word, lambda rng: rng.choice(["yes", Word.YES])),
    Kind(Access, lambda rng: rng.randrange(4)),
    Kind(Rate, lambda rng: rng.choice(["0.1", "1.5", "1.50", Rate.LOW, Decimal("0.1")])),
    Kind(Mixed, lambda rng: rng.choice([1, "1", [1], None])),
    Kind(Literal["a", "b"], lambda rng: rng.choice("ab")),
    Kind(Literal[1, 2], lambda rng: rng.choice([1, 2])),
    Kind(Literal[1, "b", None], lambda rng: rng.choice([1, "b", None])),
    Kind(Any, lambda rng: rng.choice(_ODD)),
    Kind(Annotated[str, Length(min=1, max=5)], lambda rng: rng.choice(["a", "abcde"])),
    Kind(Annotated[str, Regexp("[a-z]+")], lambda rng: rng.choice(["abc", "a1"])),
    Kind(Annotated[str, OneOf(["a", "b", "c"])], lambda rng: rng.choice("abc")),
    Kind(Annotated[str, NoneOf(["x"])], _text),
    Kind(Annotated[int, Range(min=0, max=100)], lambda rng: rng.randrange(101)),
    Kind(Annotated[int, Range(min=0, min_inclusive=False), _even], lambda rng: rng.randrange(1, 9)),
    Kind(Annotated[int, Equal(7)], lambda rng: 7),
    Kind(Annotated[Decimal, Range(min=Decimal("0.01"), max=Decimal(1000))], lambda rng: f"{rng.uniform(1, 99):.2f}"),
    Kind(Annotated[float, Range(max=1.5, max_inclusive=False)], lambda rng: rng.random()),
    Kind(Annotated[str, fields.Email()], lambda rng: "a@example.com"),
    Kind(Annotated[str, fields.Url(), Length(max=30)], lambda rng: "https://example.com/"),
    Kind(Annotated[str, fields.IP()], lambda rng: rng.choice(["127.0.0.1", "::1"])),
    Kind(Annotated[float, fields.Float(allow_nan=True)], lambda rng: rng.choice([1.5, math.nan, "inf"])),
    Kind(Annotated[Decimal, fields.Decimal(places=2)], _number),
    Kind(Annotated[int, fields.Integer(strict=True, as_string=True)], lambda rng: rng.randrange(99)),
    Kind(Annotated[bool, fields.Boolean(truthy={"ja"}, falsy={"nein"})], lambda rng: rng.choice(["ja", "nein"])),
    Kind(Annotated[dt.datetime, fields.DateTime(format="%d.%m.%Y")], lambda rng: "02.01.2026"),
    Kind(Annotated[dt.datetime, fields.NaiveDateTime(timezone=dt.UTC)], lambda rng: _when(rng).isoformat()),
    Kind(Annotated[dt.datetime, fields.AwareDateTime()], lambda rng: "2026-01-02T03:04:05+01:00"),
    Kind(Annotated[Color, fields.Enum(Color)], lambda rng: rng.choice(["RED", "BLUE", "ALIAS"])),
    Kind(Literal["a", 1], lambda rng: rng.choice(["a", 1])),
    Kind(Annotated[dt.datetime, Range(min=EARLY.replace(tzinfo=dt.UTC))], lambda rng: f"{_when(rng):%FT%T}Z"),
    Kind(Annotated[dt.datetime, Range(min=EARLY, max_inclusive=False)], lambda rng: f"{_when(rng):%FT%T}"),
    Kind(Annotated[dt.time, Range(max=dt.time(23))], lambda rng: f"{_when(rng):%T}"),
    Kind(Annotated[Any, Range(min=1)], lambda rng: rng.choice([1, 1.5, Decimal(5)])),
    Kind(Annotated[Any, Length(max=3)], lambda rng: rng.choice(["abc", [], {}, (1, 2)])),
    Kind(Annotated[Any, And(Regexp("a"), OneOf({"a", "ab"}))], lambda rng: rng.choice(["a", "ab"])),
    Kind(Annotated[Decimal, fields.Decimal(allow_nan=True), Range(min=0)], lambda rng: rng.choice(["Infinity", "1"])),
]  # fmt: skip
NESTED = [
    Kind(Card, lambda rng: {"kind": "card", "number": "1234"}),
    Kind(Tree, lambda rng: _tree(rng, 3)),
    Kind(
        Annotated[Card | Bank, Discriminator("kind")],
        lambda rng: rng.choice([_card(rng), {"kind": "bank", "iban": "x", "next": rng.choice([None, _card(rng)])}]),
    ),
    Kind(
        Annotated[Card | Numbered, Discriminator("kind")],
        lambda rng: rng.choice([_card(rng), {"kind": rng.choice([1, 2]), "size": 5}]),
        lambda rng: {"kind": rng.choice([True, 1.0, Level.LOW, "1", Text("card"), None]), "number": "1234"},
    ),
    Kind(Open, lambda rng: {"count": rng.choice([1, 2, "3"]), "own": rng.choice([None, {"count": 1}])}),
    Kind(Loose, lambda rng: {"count": rng.choice([1, "2"]), "open": rng.choice([None, {"count": 1}, {"count": "1"}])}),
]  # fmt: skip
# With these marshmallow does all: rare, or little would be compared.
UNCOMPILED = [
    Kind(Hooked, lambda rng: {"low": rng.randrange(20)}),
    Kind(Annotated[str, Shouted()], _text),
    Kind(Annotated[Any, fields.Nested(PartSchema(partial=("other",)))], _part),
    Kind(Annotated[Any, fields.Nested(PartSchema(many=True))], lambda rng: [_part(rng)]),
    Kind(Patch, _part),
    Kind(Several, lambda rng: [_part(rng), _part(rng)]),
]


def _card(rng: random.Random) -> dict[str, Any]:
    return {"kind": rng.choice(["card", "debit"]), "number": "1234", "more": None}


def _tree(rng: random.Random, depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"name": "t"}
    if rng.random() < 0.7:
        tree["branches"] = [_tree(rng, depth - 1) for _ in range(rng.randrange(3))] if depth else []
    return tree


def _kind(rng: random.Random, depth: int = 2) -> Kind:
    chance = rng.random()
    if chance < 0.02:
        return rng.choice(UNCOMPILED)
    if chance < 0.12:
        return rng.choice(NESTED)
    if chance < 0.42 and depth:
        return _container(rng, _kind(rng, depth - 1), depth)
    if chance < 0.52:
        inner = _kind(rng, depth)
        return Kind(inner.hint | None, inner.fitting, inner.near)
    return rng.choice(SCALARS)


def _container(rng: random.Random, inner: Kind, depth: int) -> Kind:
    def fit(rng: random.Random) -> Any:
        return inner.value(rng, 0.02)

    def items(rng: random.Random) -> list[Any]:
        return [fit(rng) for _ in range(rng.randrange(4))]

    def pairs(rng: random.Random) -> dict[Any, Any]:
        return {rng.choice([_text(rng), str(_uuid(rng))]): fit(rng) for _ in range(rng.randrange(4))}

    def near_items(rng: random.Random) -> Any:
        made = rng.choice([list, Items, tuple, lambda each: dict(enumerate(each)), frozenset])
        try:
            return made(items(rng))
        except TypeError:
            return [[]]

    def near_pairs(rng: random.Random) -> Any:
        return rng.choice([Data, OrderedDict, list])(pairs(rng))

    many = [
        Kind(list[inner.hint], items, near_items),
        Kind(tuple[inner.hint, ...], items, near_items),
        Kind(set[inner.hint], items, near_items),
        Kind(frozenset[inner.hint], items, near_items),
        Kind(Annotated[list[inner.hint], Length(max=2)], items, near_items),
        Kind(Annotated[list[str], ContainsOnly(["a", "b"])], lambda rng: rng.choices("abc", k=2), near_items),
        Kind(dict[str, inner.hint], pairs, near_pairs),
        Kind(dict[int, inner.hint], lambda rng: {rng.choice([1, "1", "01", "x"]): fit(rng)}, near_pairs),
        Kind(dict[Level, inner.hint], lambda rng: {rng.choice(["1", 2, Level.LOW]): fit(rng)}, near_pairs),
        Kind(dict[UUID, inner.hint], lambda rng: {str(_uuid(rng)): fit(rng) for _ in range(2)}, near_pairs),
        Kind(dict[float, inner.hint], lambda rng: {rng.choice([1.5, "1.5", "1e+16", "x"]): fit(rng)}, near_pairs),
        Kind(dict[bool, inner.hint], lambda rng: {rng.choice([True, "true", "yes", 1]): fit(rng)}, near_pairs),
        Kind(dict[dt.timedelta, inner.hint], lambda rng: {rng.choice([5, "5.0", "x"]): fit(rng)}, near_pairs),
        Kind(dict[dt.date | None, inner.hint], lambda rng: {rng.choice(["null", "2026-01-02"]): fit(rng)}, near_pairs),
        Kind(dict[Literal["a", 1, None], inner.hint], lambda rng: {rng.choice("a1n"): fit(rng)}, near_pairs),
        Kind(dict, pairs, near_pairs),
    ]  # fmt: skip
    if depth > 1:
        other = _kind(rng, 0)
        many.append(Kind(tuple[inner.hint, other.hint], lambda rng: [fit(rng), other.fitting(rng)], near_items))
        many.append(Kind(tuple[int, int], lambda rng: rng.choice(["1,2", [1, 2], "1", "", "1,x"]), near_items))
    return rng.choice(many)


def make_schema(rng: random.Random) -> tuple[type[BaseSchema], dict[str, Kind]]:
    """Return a schema class and what its fields are, by their names in the data."""
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__annotations__": annotations, "__module__": __name__}
    keys: dict[str, Kind] = {}
    for number in range(rng.randrange(1, 9)):
        name, kind = f"f{number}", _kind(rng)
        options: dict[str, Any] = {}
        if rng.random() < 0.4:
            options = rng.choice(
                [{"default": None}, {"default": "given"}, {"default": ()}, {"default_factory": list}, {"default": int}]
            )
        if rng.random() < 0.1:
            options = {**options, "data_key": f"key {number}"}
        if rng.random() < 0.05:
            options = {**options, "load_only": True}
        if rng.random() < 0.05 and ("default" in options or "default_factory" in options):
            options = {**options, "dump_only": True}
        annotations[name] = kind.hint
        if options:
            body[name] = field(**options)
        keys[options.get("data_key", name)] = kind
    head: dict[str, Any] = {"strict": rng.random() < 0.3, "split": rng.random() < 0.1}
    if rng.random() < 0.2:
        head["unknown"] = RAISE
    if rng.random() < 0.2:
        head["default_timezone"] = rng.choice([dt.UTC, ZoneInfo("Europe/Berlin")])
    return type("Generated", (BaseSchema,), body, **head), keys


def make_value(rng: random.Random, keys: Mapping[str, Kind]) -> Any:
    """Return data for a schema: most of it fits, some does not, and some is not even a dict."""
    if rng.random() < 0.01:
        return rng.choice(_ODD)
    data = {}
    # Mostly one field alone is odd: the others would hide what becomes of it.
    odd = rng.choice([*keys, *keys, *[None] * 4 * len(keys)])
    wrong = rng.choice([0, 0, 0, 0, 0, 0.3])
    for key, kind in keys.items():
        if rng.random() < 0.97:
            data[key] = kind.value(rng, 1 if key == odd else wrong)
    if rng.random() < 0.1:
        data["unknown"] = 1
    return Data(data) if rng.random() < 0.02 else data


class Counts:
    """How many cases were compared, and how many of them the generated code took on itself."""

    def __init__(self) -> None:
        self.cases = self.accepted = self.loads_compiled = self.dumps = self.dumps_compiled = 0

    def add(self, other: "Counts") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def run(first: int, schemas: int) -> Counts:
    """Compare `schemas` schemas with PER_SCHEMA values each; AssertionError names the seed of a difference."""
    counts = Counts()
    for seed in range(first, first + schemas):
        rng = random.Random(seed)
        schema, keys = make_schema(rng)
        for number in range(PER_SCHEMA):
            try:
                _compare(rng, (schema, keys), make_value(rng, keys), counts)
            except AssertionError as difference:
                raise AssertionError(f"seed {seed}, value {number}: {difference}") from None
    return counts


def _compare(rng: random.Random, made: tuple[type[BaseSchema], dict[str, Kind]], data: Any, counts: Counts) -> None:
    schema, kinds = made
    unknown = rng.choice([None, None, EXCLUDE, RAISE])
    alone = plain_schema(schema, unknown=unknown)
    expected = _outcome(lambda: alone.load(_dumped(data)))
    found = _outcome(lambda: schema.load(data, unknown=unknown))
    _same(found, expected, data)
    assert not isinstance(expected, tuple) or expected[0] == "invalid", f"{data!r}: {expected!r}"
    counts.cases += 1
    if not isinstance(expected, BaseSchema):
        return
    counts.accepted += 1
    counts.loads_compiled += _is_taken(loader_of(schema, unknown), data)
    if rng.random() < 0.2:
        # What the constructor, which trusts its caller, may have been given.
        name = rng.choice(list(vars(expected)))
        key = schema.__kit_fields__[name].data_key or name
        vars(expected)[name] = kinds[key].value(rng, 1)
        if rng.random() < 0.2:
            del vars(expected)[name]
    skip_none = rng.random() < 0.5
    plain = _outcome(lambda: plain_schema(schema, skip_none=skip_none).dump(expected))
    _same(_outcome(lambda: expected.dump(skip_none=skip_none)), plain, expected)
    counts.dumps += 1
    counts.dumps_compiled += _is_taken(dumper_of(schema, skip_none), expected)


@functools.lru_cache(maxsize=20)
def plain_schema(schema: type[BaseSchema], **options: Any) -> marshmallow.Schema:
    """Return a class's marshmallow Schema as anybody makes it."""
    return schema.Schema(**options)


def _dumped(data: Any) -> Any:
    return data.dump() if isinstance(data, BaseSchema) else data


def _is_taken(function: Callable[[Any], Any], value: Any) -> bool:
    try:
        function(value)
    except Exception:  # noqa: BLE001  (a doubt, or what marshmallow raises as well)
        return False
    return True


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ValidationError as error:
        return ("invalid", error.messages)
    except Exception as error:  # noqa: BLE001  (whatever marshmallow raises, the compiled code does as well)
        return ("raised", type(error), str(error))


def _same(found: Any, expected: Any, data: Any) -> None:
    assert identical(found, expected), f"{data!r}: {found!r} instead of {expected!r}"


def _ordered(members: Any) -> list[Any]:
    return sorted(members, key=lambda each: (type(each).__name__, hash(each)))


def identical(one: Any, other: Any) -> bool:
    """Tell whether two values are equal down to their types, zones, signs and the order of keys."""
    if type(one) is not type(other):
        return False
    if isinstance(one, BaseSchema):
        return identical(vars(one), vars(other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            identical(key, second) and identical(value, other[second])
            for (key, value), second in zip(one.items(), other, strict=True)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(identical, one, other))
    if isinstance(one, (set, frozenset)):
        return len(one) == len(other) and all(map(identical, _ordered(one), _ordered(other)))
    if isinstance(one, (dt.datetime, dt.time)):
        return repr(one) == repr(other) and one.fold == other.fold and one.tzinfo == other.tzinfo
    if isinstance(one, (float, Decimal, complex)):
        return repr(one) == repr(other)
    if isinstance(one, UUID):
        return one == other and one.is_safe is other.is_safe
    return bool(one == other)
