"""Columns whose types the driver does not know, and JSON columns with single values: by annotation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from kit_db import Database, InvalidValueError, StatementError, Store, StoreDefinitionError, UnreadableRowError
from kit_db.filters import ne

TABLE = """
create type mood as enum ('sad', 'o,k"');
create domain quantity as int check (value > 0);
create domain moment as timestamptz;
create type point2 as (x int, y numeric);
create type address as (street text, city text, moods mood[], at point2, seen timestamptz, extra jsonb, raw bytea);
create domain checked_address as address;
create type "odd %s name" as (a int, b text);
create table things (
    id int generated always as identity primary key, moods mood[], grid mood[][], quantities quantity[],
    moments moment[], flags boolean[], raws bytea[], addresses address[], address address, checked checked_address,
    pair "odd %s name", pairs "odd %s name"[], data jsonb, plain json, datas jsonb[], name text, number numeric
)
"""


class Mood(Enum):
    SAD = "sad"
    OK = 'o,k"'


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


@dataclass
class Point:
    x: int
    y: Decimal


@dataclass
class Address:
    city: str
    street: str | None
    moods: list[Mood] = field(default_factory=list)
    at: Point | None = None
    seen: datetime | None = None
    extra: dict[str, Any] | None = None
    raw: bytes | None = None


class Pair(NamedTuple):
    b: str | None
    a: int


ADDRESS = Address(
    "Ulm, (D)", 'Str. "1" \\', [Mood.OK, Mood.SAD], Point(1, Decimal("1.50")), datetime(2026, 1, 2, tzinfo=UTC),
    {"a": [1, "x"]}, b"\x00\\",
)  # fmt: skip


@pytest.fixture
def things(database):
    """Makes a store of the table with an id and one column, which has learned nothing yet."""
    database.execute(TABLE)

    def make(name: str, hint: Any, *, array: bool = False, **options: Any) -> Store[Any]:
        entity = make_dataclass("Thing", [("id", int | None, None), (name, hint | None, None)], kw_only=True)
        arrays = (name,) if array else ()
        kind = type("Things", (Store,), {"entity": entity, "table": "things", "arrays": arrays, **options})
        return kind(database)

    return make


def round_trip(store: Store[Any], name: str, value: Any) -> None:
    """Assert that a value comes back from each way to write it, and is found."""
    added = store.add(store.entity(**{name: value}))
    changed = store.update(added.id, {name: value})
    for found in (
        added,
        changed,
        store.find(added.id),
        store.where()[0],
        store.add_all([store.entity(**{name: value})])[0],
    ):
        assert getattr(found, name) == value
        assert type(getattr(found, name)) is type(value)
    # Another one knows nothing of the types; in a transaction only its first statement can be sent again.
    again = store if store.database.in_transaction else type(store)(store.database)
    assert again.count({name: value}) == 2
    assert again.find_by({name: value}) is not None
    assert again.count({name: ne(value)}) == 0
    assert again.update(added.id, {name: None}, where={name: value}).id == added.id
    assert getattr(again.find(added.id), name) is None


ARRAYS = [
    ("moods", list[Mood], [Mood.OK, Mood.SAD, None]),
    ("moods", Sequence[Mood], []),
    ("moods", set[Mood], {Mood.OK, Mood.SAD}),
    ("moods", tuple[Mood, ...], (Mood.SAD,)),
    ("moods", tuple[Mood, str], (Mood.SAD, "sad")),
    ("grid", list[list[Mood]], [[Mood.OK, Mood.SAD], [Mood.SAD, Mood.SAD]]),
    ("quantities", list[int], [1, 12]),
    ("quantities", list[Size], [Size.LARGE]),
    ("quantities", list[Decimal], [Decimal(3)]),
    ("quantities", list[str], ["3"]),
    ("moments", list[datetime], [datetime(2026, 1, 2, 3, tzinfo=UTC), None]),
    ("flags", list[bool], [True, False, None]),
    ("raws", list[bytes], [b"\x00\xff", b""]),
    ("addresses", list[Address], [ADDRESS, None, Address("", None)]),
    ("pairs", list[Pair], [Pair('b,"', 1), Pair("", 2), Pair(None, 3)]),
    ("datas", list[dict[str, Any]], [{"a": 1}, {"b": [None]}]),
    ("datas", list[str], ["a", "1", "null"]),
    ("datas", list[Point], [Point(1, Decimal("2.50"))]),
    ("datas", list[datetime], [datetime(2026, 1, 2, 3, tzinfo=UTC)]),
]


@pytest.mark.parametrize(("name", "hint", "value"), ARRAYS, ids=lambda each: str(each)[:40])
def test_arrays_of_every_type_come_back_as_annotated(things, name, hint, value):
    round_trip(things(name, hint, array=True), name, value)


def test_an_array_of_citext_comes_back_as_annotated(database, postgres_server, postgres_url):
    with postgres_server.connect(postgres_url.rpartition("/")[2]) as admin, admin.cursor() as cursor:
        cursor.execute("select count(*) from pg_available_extensions where name = 'citext'")
        if cursor.fetchone() == (0,):
            pytest.skip("the server has no citext")
        cursor.execute("create extension citext")
    database.execute("create table tagged (id int primary key, tags citext[], mail citext unique)")

    @dataclass
    class Tagged:
        id: int
        tags: list[str]
        mail: str

    Tagged.__annotations__ = {"id": int, "tags": list[str], "mail": str}

    class TaggedStore(Store[Tagged]):
        entity = Tagged
        table = "tagged"
        arrays = ("tags",)

    store = TaggedStore(database)
    tagged = Tagged(1, ['A,"b\\', "NULL", ""], "Ann@x")
    assert store.add(tagged) == store.find(1) == tagged
    assert store.count(tags=['a,"B\\', "null", ""], mail="ANN@X") == 1
    assert store.upsert(Tagged(1, ["c"], "ann@X"), on="mail").tags == ["c"]


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize(
    ("name", "hint", "value"),
    [
        ("address", Address, ADDRESS),
        ("address", Address, Address("x", None)),
        ("checked", Address, ADDRESS),
        ("pair", Pair, Pair("b", 1)),
    ],
    ids=lambda each: str(each)[:30],
)
def test_composite_types_come_back_as_annotated(things, database, name, hint, value, in_transaction):
    store = things(name, hint)
    if in_transaction:
        with database.transaction():
            round_trip(store, name, value)
    else:
        round_trip(store, name, value)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Any, {"a": [1, None, "x", 19.5]}),
        (object, "x"),
        (str, "1"),
        (str, "x y"),
        (dict[str, Decimal], {"a": Decimal(1)}),
    ],
)
def test_json_in_a_composite_type_comes_back_as_annotated(things, database, hint, value):
    kind = make_dataclass("Made", [("a", int), ("data", hint | None if hint is not Any else Any)])
    database.execute(
        "create type made as (a int, data jsonb); create table mades (id int primary key, m made, ms made[])"
    )
    entity = make_dataclass("Mades", [("id", int), ("m", kind), ("ms", list[kind])])
    store = type("MadesStore", (Store,), {"entity": entity, "table": "mades", "arrays": ("ms",)})(database)
    added = entity(1, kind(2, value), [kind(3, value), kind(4, None)])
    assert store.add(added) == store.get(1) == added
    long = "19.99000000000000000001"
    database.execute("update mades set m.data = %s", [long])
    if hint is Any:
        found = store.get(1)
        assert str(found.m.data) == long
        assert str(store.update(1, {"m": found.m, "ms": [found.m]}).ms[0].data) == long


def test_attributes_are_told_by_name_not_by_place(things, database):
    things("address", Address).add_all([things("address", Address).entity(address=Address("Ulm", "Street"))])
    assert database.execute("select (address).city as city, (address).street as street from things") == [
        {"city": "Ulm", "street": "Street"}
    ]


def test_a_class_with_other_fields_than_the_type_is_told(things, database):
    @dataclass
    class Short:
        city: str

    Short.__annotations__ = {"city": str}
    store = things("address", Short)
    with pytest.raises(StoreDefinitionError, match=r"Short stands for .* street, city, moods"):
        store.add(store.entity(address=Short("Ulm")))
    assert database.execute("select count(*) from things") == [{"count": 0}]
    with pytest.raises(UnreadableRowError, match="Short stands for") as caught:
        store.add(store.entity())
    assert caught.value.written
    assert database.execute("select count(*) from things") == [{"count": 1}]


def test_a_composite_type_that_has_changed_meanwhile_is_an_unreadable_row(things, database):
    store = things("address", Address)
    store.add(store.entity(address=ADDRESS))
    database.execute("alter type address add attribute zip text")
    with pytest.raises(UnreadableRowError) as caught:
        store.first()
    assert caught.value.column == "address"


SCALARS = [
    (str, "abc"), (str, "123"), (str, "null"), (str, "true"), (str, '{"a": 1}'), (str, '"'), (str, ""), (str, "-"),
    (int, 5), (float, 1.5), (bool, True), (bool, False), (Decimal, Decimal("1.10")), (Mood, Mood.OK),
    (UUID, UUID(int=5)), (datetime, datetime(2026, 1, 2, tzinfo=UTC)), (date, date(2026, 1, 2)), (time, time(1, 2)),
    (Any, "abc"), (Any, "1"), (Any, 7), (Any, True), (str | int, "5"), (str | int, 5), (Any, {"a": 1}),
    (dict[str, Any], {"a": "1"}), (Point, Point(1, Decimal("2.5"))),
]  # fmt: skip


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize(("hint", "value"), SCALARS, ids=lambda each: str(each)[:30])
def test_single_values_in_json_come_back_as_annotated(things, database, hint, value, in_transaction):
    store = things("data", hint)
    if in_transaction:
        with database.transaction():
            round_trip(store, "data", value)
    else:
        round_trip(store, "data", value)
    kind = database.execute("select jsonb_typeof(data) as it from things where data is not null")[0]["it"]
    texts = (str, Mood, UUID, datetime, date, time)
    numbers = (int, float, Decimal)
    expected = "boolean" if type(value) is bool else "string" if isinstance(value, texts) else "number"
    assert kind == ("object" if not isinstance(value, (*texts, *numbers)) else expected)


def test_single_values_in_a_list_are_matched(things):
    store = things("data", str)
    store.add_all([store.entity(data=each) for each in ("abc", "123", None)])
    assert things("data", str).count(data=["abc", "x"]) == 1
    assert things("data", str).count(data=["123", None]) == 2
    assert store.count(data=["123", "abc"]) == 2
    assert store.count(data=ne(["123"])) == 2


def test_single_values_in_json_of_the_plain_type(things, database):
    store = things("plain", str)
    assert store.add(store.entity(plain="abc")).plain == "abc"
    assert store.find(1).plain == "abc"
    assert database.execute("select plain::text as it from things") == [{"it": '"abc"'}]


def test_json_that_is_declared_needs_no_look_at_the_table(things, wire):
    watched = Database.from_url(wire.url)
    made = things("data", str, json=("data",))
    store = type(made)(watched)
    with watched.transaction():
        watched.execute("select 1")
        wire.clear()
        assert store.add(store.entity(data="abc")).data == "abc"
        assert len(wire.queries) == 1
    watched.close()
    with pytest.raises(StoreDefinitionError, match="dta"):
        things("data", str, json=("dta",)).first()


def test_a_text_that_its_json_column_refuses_late_in_a_transaction_has_a_hint(things, database):
    store = things("data", str)
    with pytest.raises(InvalidValueError) as caught, database.transaction():  # noqa: PT012
        database.execute("select 1")
        store.add(store.entity(data="abc"))
    assert any("json" in note for note in caught.value.__notes__)
    assert store.add(store.entity(data="abc")).data == "abc"


@pytest.mark.parametrize("text", ['{"a": 1}', "[1]", "5"])
def test_json_that_is_no_text_under_an_annotation_of_text_is_an_unreadable_row(things, database, text):
    database.execute("insert into things (data) values (%s)", [text])
    with pytest.raises(UnreadableRowError) as caught:
        things("data", str).first()
    assert caught.value.column == "data"


def test_texts_that_look_like_json_stay_texts(things, database):
    for value in ("123", "null", '{"a": 1}', "[1]"):
        store = things("name", str)
        assert store.add(store.entity(name=value)).name == value
        assert things("name", str).count(name=value) == 1


def test_ordinary_values_cost_no_look_at_the_table(things, wire):
    watched = Database.from_url(wire.url)
    made = things("name", str)
    store = type(made)(watched)
    watched.execute("select 1")
    wire.clear()
    store.add(store.entity(name="Ann"))
    store.where(name="Ann")
    with watched.transaction():
        store.update(1, {"name": "Bob"})
    assert len(wire.queries) == 4
    watched.close()


def test_a_first_statement_of_a_transaction_that_was_refused_is_sent_again_with_the_rest_of_it(things, database, other):
    store = things("data", str)
    with database.transaction(isolation="repeatable read"), database.transaction():
        assert store.add(store.entity(data="abc")).data == "abc"
        assert database.execute("show transaction_isolation") == [{"transaction_isolation": "repeatable read"}]
        assert other.execute("select count(*) from things") == [{"count": 0}]
    assert other.execute("select count(*) from things") == [{"count": 1}]


@pytest.mark.parametrize(
    ("hint", "value", "kind"),
    [(int, "x", StatementError), (UUID, "x", InvalidValueError), (Decimal, "x", StatementError)],
)
def test_a_value_that_fits_no_type_is_refused_as_before(things, hint, value, kind):
    store = things("number", hint)
    with pytest.raises(kind):
        store.add(store.entity(number=value))


def test_other_values_under_an_annotation_of_text(database):
    database.execute(
        "create table mixed (id int primary key, n numeric, f float8, b bool, u uuid, e interval);"
        "insert into mixed values (1, 1e-7, 1e22, true, '00000000-0000-0000-0000-000000000001', '1 day')"
    )

    @dataclass
    class Mixed:
        id: str
        n: str
        f: str
        b: str
        u: str
        e: str

    Mixed.__annotations__ = dict.fromkeys(("id", "n", "f", "b", "u", "e"), str)

    class MixedStore(Store[Mixed]):
        entity = Mixed
        table = "mixed"

    store = MixedStore(database)
    found = store.find(1)
    assert found == Mixed("1", "0.0000001", "1e+22", "true", "00000000-0000-0000-0000-000000000001", "1 day")
    assert store.upsert(found) == found
