"""Values that psycopg2 would change: read and written as they are, or refused by the name of their column."""

from contextlib import closing
from dataclasses import dataclass, field, make_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from kit_db import Database, InvalidValueError, Store, UnreadableRowError
from kit_db.driver.documents import parse_json
from kit_db.filters import lt

STYLES = ["postgres", "postgres_verbose", "sql_standard", "iso_8601"]

TABLE = """
create table edges (
    id int generated always as identity primary key, n numeric, span interval, at timestamptz, local timestamp,
    day date, clock time, zoned timetz, spans interval[], ats timestamptz[], locals timestamp[], days date[],
    clocks time[], ns numeric[]
)
"""


@dataclass(kw_only=True)
class Edge:
    id: int | None = None
    n: Decimal | None = None
    span: timedelta | None = None
    at: datetime | None = None
    local: datetime | None = None
    day: date | None = None
    clock: time | None = None
    zoned: time | None = None
    spans: list[timedelta] | None = None
    ats: list[datetime] | None = None
    locals: list[datetime] | None = None
    days: list[date] | None = None
    clocks: list[time] | None = None
    ns: list[Decimal] | None = None


ARRAYS = ("spans", "ats", "locals", "days", "clocks", "ns")


class Edges(Store[Edge]):
    entity = Edge
    table = "edges"
    arrays = ARRAYS


@dataclass(kw_only=True)
class Text:
    id: int
    span: str | None = None
    at: str | None = None
    local: str | None = None
    day: str | None = None
    clock: str | None = None
    n: str | None = None
    spans: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)


class Texts(Store[Text]):
    entity = Text
    table = "edges"
    arrays = ("spans", "days")


@pytest.fixture
def edges(database):
    database.execute(TABLE)
    return Edges(database)


@pytest.fixture
def styled(edges, postgres_url):
    """Opens the store again where the database has another IntervalStyle by default; `proxy` leaves it as it is."""
    opened = []

    def reopen(style, *, proxy):
        name = postgres_url.rpartition("/")[2]
        edges.database.execute(f'alter database "{name}" set intervalstyle = {style}')
        opened.append(Database.from_url(postgres_url, proxy=proxy))
        return Edges(opened[-1])

    yield reopen
    for database in opened:
        database.close()


def stored(database, column, cast="text"):
    return database.execute(f"select {column}::{cast} as it from edges")[0]["it"]


@pytest.mark.parametrize("style", STYLES)
def test_connections_have_one_form_of_intervals_whatever_the_database_says(edges, styled, style):
    assert styled(style, proxy=False).database.execute("show intervalstyle") == [{"IntervalStyle": "postgres"}]
    assert styled(style, proxy=True).database.execute("show intervalstyle") == [{"IntervalStyle": style}]


SPANS = [
    timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=5),
    timedelta(days=-1, hours=1),
    timedelta(microseconds=-1),
    timedelta(0),
    timedelta(days=-400, seconds=-3600),
    timedelta(days=100_000),
]


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_intervals_are_read_and_written_in_every_style(edges, styled, style, proxy):
    store = styled(style, proxy=proxy)
    for span in SPANS:
        added = store.add(Edge(span=span, spans=[span, span]))
        assert (added.span, added.spans) == (span, [span, span])
        assert store.find(added.id) == added
        assert store.count(span=span) == store.count(span=[span]) == 1
        assert (
            Decimal(
                edges.database.execute("select extract(epoch from span) as it from edges where id = %s", [added.id])[0][
                    "it"
                ]
            )
            == Decimal(span // timedelta(microseconds=1)) / 1_000_000
        )
        store.delete(added.id)
    assert store.database.execute("select %s as it", [timedelta(days=-1, seconds=1)]) == [
        {"it": timedelta(days=-1, seconds=1)}
    ]


@pytest.mark.parametrize("proxy", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_months_are_no_timedelta(edges, styled, style, proxy):
    store = styled(style, proxy=proxy)
    for text in ("1 mon", "1 year -11 mons", "-1 mons +1 day", "1 year 2 mons 3 days 04:05:06"):
        edges.database.execute("delete from edges")
        edges.database.execute("insert into edges (span, spans) values (%s, array[%s]::interval[])", [text, text])
        for call in (store.first, lambda: store.database.execute("select span from edges")):
            with pytest.raises(UnreadableRowError, match="the column 'span' can't be read") as caught:
                call()
            assert (caught.value.column, caught.value.written) == ("span", False)
        with pytest.raises(UnreadableRowError, match="'spans'"):
            store.database.execute("select spans from edges")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.integers(-4000, 4000),
    microseconds=st.integers(-(10**12), 10**12),
    style=st.sampled_from(STYLES),
    months=st.sampled_from([0, 0, 1, -14]),
)
def test_every_interval_is_read_right_or_not_at_all(edges, days, microseconds, style, months):
    database = edges.database
    with database.transaction():
        database.execute(f"set local intervalstyle = {style}")
        query = "select make_interval(months => %s, days => %s) + make_interval(secs => %s::numeric / 1000000) as it"
        call = lambda: database.execute(query, [months, days, microseconds])  # noqa: E731
        if months:
            with pytest.raises(UnreadableRowError), database.transaction():
                call()
        else:
            assert call() == [{"it": timedelta(days=days, microseconds=microseconds)}]


def test_a_column_annotated_as_text_has_the_servers_text(edges):
    edges.database.execute(
        "insert into edges (span, at, local, day, clock, n, spans, days) values ('1 mon 1 day', 'infinity', "
        "'0044-03-15 12:00 BC', '294276-01-01'::timestamp, '24:00', '1.10', '{1 mon,-1 day}', '{infinity}')"
    )
    texts = Texts(edges.database)
    expected = Text(
        id=1, span="1 mon 1 day", at="infinity", local="0044-03-15 12:00:00 BC", day="294276-01-01", clock="24:00:00",
        n="1.10", spans=["1 mon", "-1 days"], days=["infinity"],
    )  # fmt: skip
    assert texts.find(1) == texts.find(1) == texts.where()[0] == expected
    assert texts.update(1, {"span": expected.span, "clock": expected.clock, "spans": expected.spans}) == expected
    assert texts.count(span="1 mon 1 day", at="infinity") == 1


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1E+20", "-0.10"])
def test_decimals_are_stored_as_they_are(edges, number):
    value = Decimal(number)
    added = edges.add(Edge(n=value, ns=[value]))
    assert [str(added.n), str(added.ns[0])] == [str(Decimal(f"{value:f}")) if value.is_finite() else number] * 2
    assert stored(edges.database, "n") == (f"{value:f}" if value.is_finite() else number)
    assert edges.count(n=value) == edges.count(n=[value]) == 1
    assert edges.update(added.id, {"n": added.n}).n.compare_total(added.n) == 0
    assert str(edges.database.execute("select %s as it", [value])[0]["it"]) == str(added.n)


def test_an_infinity_is_greater_than_numbers_and_no_nan(edges):
    edges.database.execute("insert into edges (n) values (5), ('Infinity'), ('NaN')")
    assert [each.n for each in edges.where(n=Decimal("Infinity"))] == [Decimal("Infinity")]
    assert [each.n for each in edges.where(n=lt(Decimal("Infinity")))] == [5]


def test_a_signalling_nan_is_refused(edges):
    with pytest.raises(InvalidValueError):
        edges.add(Edge(n=Decimal("sNaN")))
    assert edges.count() == 0


@pytest.mark.parametrize("column", ["clock", "clocks", "zoned"])
def test_the_end_of_the_day_is_no_time_of_pythons(edges, column):
    text = {"clock": "24:00", "clocks": "{01:00,24:00}", "zoned": "24:00+02"}[column]
    edges.database.execute(f"insert into edges ({column}) values (%s)", [text])
    for call in (edges.first, lambda: edges.database.execute(f"select {column} from edges")):
        with pytest.raises(UnreadableRowError, match=f"'{column}'"):
            call()


def test_other_times_of_the_day_are_read(edges):
    zone = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timetz()
    added = edges.add(Edge(clock=time(23, 59, 59, 999999), zoned=zone, clocks=[time(0), time(1, 2, 3)]))
    assert (added.clock, added.zoned, added.clocks) == (time(23, 59, 59, 999999), zone, [time(0), time(1, 2, 3)])


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("column", "last", "first"),
    [
        ("at", datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)),
        ("local", datetime.max, datetime.min),  # noqa: DTZ901
        ("day", date.max, date.min),
    ],
)
def test_infinity_is_the_end_of_the_calendar_and_written_back_as_infinity(edges, column, last, first, sign):
    edges.database.execute(f"insert into edges ({column}) values (%s)", [f"{sign}infinity"])
    found = edges.first()
    value = getattr(found, column)
    assert value == (first if sign else last)
    assert edges.update(found.id, {column: value}) == found
    assert stored(edges.database, column) == f"{sign}infinity"
    assert edges.count({column: value}) == edges.count({column: [value]}) == 1
    assert edges.database.execute("select %s::text as it", [value]) == [{"it": f"{sign}infinity"}]


@pytest.mark.parametrize("column", ["at", "local", "day"])
def test_a_date_that_was_made_of_infinity_is_a_date(edges, column):
    edges.database.execute(f"insert into edges ({column}) values ('infinity')")
    value = getattr(edges.first(), column)
    for changed in (value.replace(year=2026), value - timedelta(days=1)):
        assert getattr(edges.update(1, {column: changed}), column) == changed
        assert "infinity" not in stored(edges.database, column)


def test_the_last_day_of_the_calendar_is_no_infinity(edges):
    added = edges.add(Edge(day=date.max, at=datetime.max.replace(tzinfo=UTC)))
    assert edges.update(added.id, {"day": added.day, "at": added.at}) == added
    assert stored(edges.database, "day") == "9999-12-31"
    assert stored(edges.database, "at", "date::text") == "9999-12-31"


@pytest.mark.parametrize("column", ["ats", "locals", "days"])
def test_infinity_in_an_array_is_an_unreadable_row(edges, column):
    edges.database.execute(f"insert into edges ({column}) values ('{{2026-01-01,infinity}}'), ('{{}}')")
    for call in (lambda: edges.where(limit=10), lambda: edges.database.execute(f"select {column} from edges")):
        with pytest.raises(UnreadableRowError) as caught:
            call()
        assert caught.value.column == column


@pytest.mark.parametrize("value", ["10000-01-01", "0044-03-15 BC", "294276-12-31"])
@pytest.mark.parametrize("column", ["at", "local", "day"])
def test_years_that_python_lacks_are_an_unreadable_row(edges, column, value):
    edges.database.execute(f"insert into edges ({column}) values (%s::timestamp)", [value])
    with pytest.raises(UnreadableRowError, match=f"'{column}'"):
        edges.first()


def test_an_offset_with_seconds_is_kept(edges):
    with edges.database.transaction():
        edges.database.execute("set local timezone to 'Europe/Amsterdam'")
        (row,) = edges.database.execute("select '1900-01-01 12:00:00.5+00'::timestamptz as at")
    assert row["at"].utcoffset() == timedelta(seconds=1172)
    assert row["at"] == datetime(1900, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("style", ["German, DMY", "SQL, DMY", "Postgres, MDY"])
def test_connecting_sends_no_statement_whatever_the_servers_date_style_is(wire, edges, postgres_url, style):
    name = postgres_url.rpartition("/")[2]
    edges.database.execute(f"alter database \"{name}\" set datestyle = '{style}'")
    with closing(Database.from_url(wire.url)) as database:
        store = Edges(database)
        at = datetime(2026, 3, 2, 1, tzinfo=UTC)
        assert store.add(Edge(at=at, day=date(2026, 3, 2), ats=[at])).at == at
        assert store.find(1) == Edge(id=1, at=at, day=date(2026, 3, 2), ats=[at])
    assert not any("SET" in query.upper().split() for query in wire.queries if not query.startswith("INSERT"))
    kinds = [kind for kind, _ in wire.messages]
    assert kinds.index("Q") > kinds.index("startup")
    assert wire.queries[0].startswith("INSERT")


def test_the_order_of_day_and_month_is_that_of_the_environment(wire, monkeypatch):
    monkeypatch.setenv("PGDATESTYLE", "ISO, DMY")
    with closing(Database.from_url(wire.url)) as database:
        assert database.execute("select '02/03/2026'::date as day") == [{"day": date(2026, 3, 2)}]
    assert len(wire.queries) == 1


def test_options_of_the_environment_are_kept(database, postgres_url, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=1MB")
    with closing(Database.from_url(postgres_url)) as other:
        assert other.execute("select current_setting('work_mem') as a, current_setting('intervalstyle') as b") == [
            {"a": "1MB", "b": "postgres"}
        ]


def test_a_statement_of_ones_own_that_sets_the_date_style_makes_no_wrong_dates(database):
    with database.transaction():
        database.execute("set local datestyle to 'SQL, DMY'")
        with pytest.raises(UnreadableRowError), database.transaction():
            database.execute("select '2026-03-02'::date as day")


@dataclass
class Document:
    id: int
    prices: dict[str, Decimal] | None = None
    anything: Any = None


class Documents(Store[Document]):
    entity = Document
    table = "documents2"


def test_a_number_in_json_stays_a_number_with_all_its_digits(database):
    database.execute("create table documents2 (id int primary key, prices jsonb, anything jsonb)")
    digits = "19.99000000000000000001"
    database.execute("insert into documents2 values (1, %s, null)", [f'{{"a": {digits}, "b": 1e30}}'])
    documents = Documents(database)
    found = documents.find(1)
    assert found.prices == {"a": Decimal(digits), "b": Decimal("1e30")}
    documents.update(1, {"prices": found.prices})
    documents.add(Document(2, {"a": Decimal(digits), "b": Decimal("-0.10"), "c": Decimal("1E+2")}))
    query = "select prices ->> 'a' as a, jsonb_typeof(prices -> 'a') as kind, jsonb_typeof(prices -> 'b') as b"
    assert database.execute(f"{query} from documents2") == [{"a": digits, "kind": "number", "b": "number"}] * 2
    assert documents.find(2).prices == {"a": Decimal(digits), "b": Decimal("-0.10"), "c": Decimal(100)}
    assert documents.exists(prices=found.prices)
    with pytest.raises(InvalidValueError, match=r"'prices'.*\$\.a: the Decimal Infinity"):
        documents.update(1, {"prices": {"a": Decimal("Infinity")}})


def test_a_decimal_without_an_annotation_is_a_text_in_json(database):
    database.execute("create table documents2 (id int primary key, prices jsonb, anything jsonb)")
    added = Documents(database).add(Document(1, anything={"a": Decimal("1.10")}))
    assert added.anything == {"a": "1.10"}


@dataclass
class Priced:
    amount: Any
    rate: float


@dataclass
class Reading:
    id: int
    data: Any = None
    listed: list[Any] | None = None
    priced: Priced | None = None
    number: Decimal | None = None


class Readings(Store[Reading]):
    entity = Reading
    table = "readings"
    arrays = ("listed",)


LONG = "19.99000000000000000001"
# As the server has it; whether a float has room for it; and how it is written back.
NUMBERS = [
    (LONG, False),
    (f"-{LONG}", False),
    ("12345678901234567.25", False),
    ("0.1000000000000000055511151231257827", False),
    ("1234567890.0123456789", False),
    ("0.30000000000000004", True),
    ("0.1", True),
    ("-1.5", True),
    ("0.123456789012345", True),
    ("123456789012345678901234567890", None),
]


@pytest.fixture
def readings(database):
    database.execute(
        "create table readings (id int primary key, data jsonb, listed jsonb[], priced jsonb, number numeric)"
    )
    return Readings(database)


@pytest.mark.parametrize(("digits", "fits"), NUMBERS)
def test_a_number_in_json_keeps_its_digits_without_an_annotation(readings, database, digits, fits):
    document = f'{{"a": {{"b": [{digits}, "{digits}", 1.5]}}, "n": 1}}'
    database.execute(
        "insert into readings (id, data, listed, priced) values (1, %s, array[%s, %s]::jsonb[], %s)",
        [document, digits, document, f'{{"amount": {digits}, "rate": 1}}'],
    )
    found = readings.get(1)
    for number in (found.data["a"]["b"][0], found.listed[0], found.listed[1]["a"]["b"][0], found.priced.amount):
        assert Decimal(str(number)) == Decimal(digits)
        assert isinstance(number, int if fits is None else float)
        assert float(number) == float(digits)
        assert type(number) in (float, int) or not fits
    assert found.data["a"]["b"][1:] == [digits, 1.5]
    for again in (
        readings.update(1, {"data": found.data, "listed": found.listed, "priced": found.priced}),
        readings.add(replace(found, id=2)),
        readings.upsert(replace(found, id=1)),
    ):
        assert replace(again, id=1) == found
    assert readings.exists(id=1, data=found.data)
    query = "select data #>> '{a,b,0}', listed[1] #>> '{}', listed[2] #>> '{a,b,0}', priced ->> 'amount' from readings"
    assert set(database.run(query).rows) == {(digits,) * 4}


def test_a_number_of_a_document_keeps_its_digits_in_a_statement(readings, database):
    [row] = database.execute("select %s::jsonb as data, %s::json as other", [LONG, f"[-{LONG}, 1.2345678e-320]"])
    assert (str(row["data"]), [str(each) for each in row["other"]]) == (LONG, [f"-{LONG}", "1.2345678e-320"])
    database.execute("insert into readings (id, number) values (1, %s), (2, 1-%s)", [row["data"], row["other"][0]])
    assert [each.number for each in readings.where(order_by="id")] == [Decimal(LONG), 1 + Decimal(LONG)]
    assert readings.update(1, {"number": row["other"][0]}).number == -Decimal(LONG)


@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][-+]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["{}", "[{}]", '{{"e-310": {}, "a": "0e-000"}}', '["550e8400-e29b-41d4", 1.5, {}]']),
)
@example("12345678901234567890e5", "{}")
@example("9007199254740993e1", "{}")
@example("4.9e-324", "{}")
@settings(max_examples=500, deadline=None)
def test_no_number_of_a_document_loses_a_digit(digits, document):
    text = document.format(digits)
    assume(abs(float(digits)) != float("inf"))
    found = parse_json(text)
    while isinstance(found, (list, dict)):
        found = next(iter(found.values())) if isinstance(found, dict) else found[-1]
    assert Decimal(str(found)) == Decimal(digits)
    assert found == float(digits) if isinstance(found, float) else found == int(digits)


def test_a_document_of_ordinary_numbers_has_plain_floats(database):
    ordinary = '{"a": 1.50, "b": 1e2, "c": 0.30000000000000004, "d": "550e8400-e29b", "e": [1E-7, 12345678901234.5]}'
    found = database.execute("select %s::json as data", [ordinary])[0]["data"]
    assert found == {"a": 1.5, "b": 100.0, "c": 0.1 + 0.2, "d": "550e8400-e29b", "e": [1e-7, 12345678901234.5]}
    assert {type(each) for each in (found["a"], found["b"], found["c"], *found["e"])} == {float}


def test_a_numeric_beyond_a_float_is_no_infinity(readings, database):
    class Floats(Readings):
        entity = make_dataclass("Floats", [("id", int), ("number", float)])
        columns = ("id", "number")
        arrays = ()

    database.execute("insert into readings (id, number) values (1, 'Infinity'), (2, -1e400), (3, 1e-400)")
    floats = Floats(database)
    assert floats.get(1).number == float("inf")
    assert floats.get(3).number == 0
    with pytest.raises(UnreadableRowError) as caught:
        floats.get(2)
    assert caught.value.column == "number"
