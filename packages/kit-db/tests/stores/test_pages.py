"""Pages of rows: none is lost, none comes twice, and no cursor leads anywhere else."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit_db import DatabaseCredentialError, InvalidCursorError, Store, UnknownColumnError
from kit_db.filters import ge, gt

KEY = "a key of sixteen bytes, or more"

TABLE = """
create table entries (
    id uuid primary key, name text collate "C", rank integer, amount numeric not null, ratio float8, at timestamptz,
    day date, mood text, span interval, raw bytea, flag boolean not null default false
)
"""


@dataclass(kw_only=True)
class Entry:
    id: UUID
    name: str | None = None
    rank: int | None = None
    amount: Decimal = Decimal(0)
    ratio: float | None = None
    at: datetime | None = None
    day: date | None = None
    span: timedelta | None = None
    raw: bytes | None = None
    flag: bool = False


class EntryStore(Store[Entry]):
    entity = Entry
    table = "entries"


@pytest.fixture
def entries(database, monkeypatch):
    monkeypatch.setenv("KIT_DB_CURSOR_KEY", KEY)
    database.execute(TABLE)
    return EntryStore(database)


def walk(store, **options):
    pages = [store.page(**options)]
    while pages[-1].next is not None:
        pages.append(store.page(after=pages[-1].next, **options))
        assert len(pages) < 1000
    return pages


def test_pages_follow_each_other(entries):
    entries.add_all(Entry(id=UUID(int=number)) for number in range(7))
    pages = walk(entries, limit=3)
    assert [[each.id.int for each in page] for page in pages] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [(len(page), page.has_more, page.next is None) for page in pages] == [
        (3, True, False),
        (3, True, False),
        (1, False, True),
    ]


def test_a_last_page_that_is_full_has_no_next(entries):
    entries.add_all(Entry(id=uuid4()) for _ in range(4))
    assert [len(page.items) for page in walk(entries, limit=2)] == [2, 2]
    assert len(walk(entries, limit=1000)) == 1


def test_no_rows_are_one_empty_page(entries):
    page = entries.page(name="nobody")
    assert (page.items, page.next, page.has_more) == ([], None, False)


def test_rows_that_come_and_go_repeat_and_hide_no_other(entries):
    entries.add_all(Entry(id=UUID(int=number)) for number in range(10, 20))
    page = entries.page(limit=5)
    entries.add(Entry(id=UUID(int=1)))
    entries.delete(page.items[-1].id)
    assert [each.id.int for each in entries.page(limit=5, after=page.next)] == [15, 16, 17, 18, 19]


COLUMNS = ("name", "rank", "amount", "at", "flag", "id")
orders = st.lists(st.sampled_from(COLUMNS), max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*[st.sampled_from([name, f"-{name}"]) for name in names])
)
few = st.lists(
    st.builds(
        Entry,
        id=st.uuids(),
        name=st.none() | st.sampled_from(["", "a", "A", "b", "'", "\\", "%s", '"', "é", "null", "NULL"]),
        rank=st.none() | st.integers(-2, 2),
        amount=st.sampled_from([Decimal(0), Decimal("-1.5"), Decimal("1e20"), Decimal("0.00000000001")]),
        at=st.none() | st.sampled_from([datetime(2026, 1, 1, microsecond=n, tzinfo=UTC) for n in range(3)]),
        flag=st.booleans(),
    ),
    max_size=9,
    unique_by=lambda entry: entry.id,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=few, order_by=orders, limit=st.integers(1, 4), positive=st.booleans())
def test_pages_together_are_the_whole_in_its_order(entries, database, rows, order_by, limit, positive):
    database.execute("truncate entries")
    entries.add_all(rows)
    match = {"amount": ge(0)} if positive else {}
    last = "-id" if order_by and order_by[-1].startswith("-") else "id"
    whole = entries.where(match, order_by=[*order_by, last] if last[-2:] not in map(plain, order_by) else order_by)
    pages = []
    page = entries.page(match, order_by=order_by, limit=limit)
    while True:
        pages.append(page)
        if not page.has_more:
            break
        page = entries.page(match, order_by=order_by, limit=limit, after=page.next)
    assert [each.id for page in pages for each in page] == [each.id for each in whole]
    assert all(len(page) == limit for page in pages[:-1])


def plain(name):
    return name.removeprefix("-")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("ratio", [-0.1, 0.1, 1 / 3, 1e300, float("inf")]),
        ("at", [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in range(5)]),
        ("day", [date(2026, 1, n) for n in range(1, 6)]),
        ("span", [timedelta(days=-1), timedelta(), timedelta(seconds=1), timedelta(microseconds=1000001)]),
        ("raw", [b"", b"\x00", b"\\", b"\xff"]),
        ("amount", [Decimal("-0.0000001"), Decimal(0), Decimal("12345678901234567890.1")]),
    ],
)
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_kind_of_value_leads_on_exactly(entries, column, values, sign):
    entries.add_all(Entry(id=uuid4(), **{column: value}) for value in values)
    found = [getattr(each, column) for page in walk(entries, order_by=sign + column, limit=1) for each in page]
    assert found == (values[::-1] if sign else values)


@pytest.mark.parametrize(("order_by", "index"), [("amount", "amount, id"), (("-amount", "rank"), "amount desc, rank")])
def test_a_page_far_in_is_read_from_an_index_where_it_begins(entries, database, order_by, index):
    database.execute(
        "insert into entries (id, amount) select gen_random_uuid(), number from generate_series(1, 20000) number;"
        f"create index on entries ({index}); analyze entries"
    )
    statements = entries._prepare().statements
    terms = statements.total(order_by)
    position = ["10000", None, str(uuid4())] if len(terms) == 3 else ["10000", str(uuid4())]
    query, parameters = statements.page({}, terms, position, 51)
    (plan,) = database.execute(f"explain (analyze, buffers, format json) {query}", parameters)
    text = json.dumps(plan)
    assert "Index Cond" in text
    assert (
        plan["QUERY PLAN"][0]["Plan"]["Shared Hit Blocks"] + plan["QUERY PLAN"][0]["Plan"]["Shared Read Blocks"] < 200
    )


def test_a_cursor_that_was_altered_is_refused(entries):
    entries.add_all(Entry(id=uuid4(), name="secret") for _ in range(3))
    cursor = entries.page(limit=1).next
    assert entries.page(limit=1, after=cursor).items
    for at, character in enumerate(cursor):
        altered = cursor[:at] + ("A" if character != "A" else "B") + cursor[at + 1 :]
        with pytest.raises(InvalidCursorError):
            entries.page(limit=1, after=altered)
    for wrong in (
        "",
        "x",
        "é",
        cursor[:-1],
        cursor + "=",
        cursor + "A",
        cursor + "\n",
        " " + cursor,
        5,
        b"x",
        [cursor],
    ):
        with pytest.raises(InvalidCursorError):
            entries.page(limit=1, after=wrong)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")))
def test_what_is_no_cursor_is_refused(entries, cursor):
    with pytest.raises(InvalidCursorError):
        entries.page(after=cursor)


def test_a_cursor_leads_on_in_its_own_listing_only(entries, database, monkeypatch):
    entries.add_all(Entry(id=uuid4(), rank=1, name="n") for _ in range(3))
    cursor = entries.page(limit=1, order_by="rank", name="n", rank=[1]).next
    same = {"limit": 2, "order_by": "rank", "rank": [1], "name": "n"}
    assert len(entries.page(after=cursor, **same)) == 2

    class Others(EntryStore):
        table = "public.entries"

    for store, changed in (
        (Others(database), {}),
        (entries, {"order_by": "-rank"}),
        (entries, {"order_by": None}),
        (entries, {"order_by": ("rank", "name")}),
        (entries, {"name": "m"}),
        (entries, {"name": None}),
        (entries, {"rank": gt(0)}),
        (entries, {"flag": False}),
        (EntryStore(database, cursor_key="another key of sixteen bytes"), {}),
    ):
        with pytest.raises(InvalidCursorError):
            store.page(after=cursor, **{**same, **changed})


def test_a_set_that_is_matched_is_the_same_listing_in_any_order(entries):
    entries.add_all(Entry(id=uuid4(), name=name) for name in "abcdef")
    cursor = entries.page(limit=1, name=set("abcdef")).next
    assert len(entries.page(after=cursor, name=set("fedcba"))) == 5


@pytest.mark.parametrize("key", [None, "", "fifteen bytes.."])
def test_a_page_needs_a_key(entries, monkeypatch, key):
    monkeypatch.delenv("KIT_DB_CURSOR_KEY")
    with pytest.raises(DatabaseCredentialError, match="KIT_DB_CURSOR_KEY") as caught:
        EntryStore(entries.database, cursor_key=key).page()
    assert caught.value.names == ("cursor_key",)
    assert "fifteen" not in str(caught.value)


def test_the_key_of_the_store_goes_before_that_of_the_environment(entries):
    entries.add_all(Entry(id=uuid4()) for _ in range(2))
    own = EntryStore(entries.database, cursor_key=b"\xff" * 16)
    cursor = own.page(limit=1).next
    assert len(own.page(after=cursor)) == 1
    with pytest.raises(InvalidCursorError):
        entries.page(after=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001, True, "5", None, 2.0])
def test_a_limit_that_no_page_has_is_refused(entries, limit):
    with pytest.raises(ValueError, match="limit"):
        entries.page(limit=limit)


def test_an_order_by_what_is_no_column_is_refused(entries):
    with pytest.raises(UnknownColumnError):
        entries.page(order_by="name; drop table entries")


def test_a_page_is_one_round_trip(entries, wire):
    from kit_db import Database

    database = Database.from_url(wire.url)
    entries.add_all(Entry(id=uuid4()) for _ in range(5))
    store = EntryStore(database)
    cursor = store.page(limit=2).next
    wire.clear()
    store.page(limit=2, after=cursor)
    assert wire.trips == 1
    database.close()


def test_pages_do_not_show_their_rows():
    from kit_db import Page

    assert repr(Page(["secret"], "x")) == "<Page of 1, more to come>"
    assert all(first is not second for first, second in pairwise(Page([object(), object()], None)))


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        ("at", "timestamptz", ["-infinity", "2026-01-01", "2027-01-01", "infinity"]),
        ("day", "date", ["-infinity", "2026-01-01", "infinity"]),
        ("span", "interval", ["1 day", "25 hours", "2 days", "49 hours"]),
    ],
)
def test_what_python_holds_less_exactly_leads_on_as_well(entries, database, column, kind, values, sign):
    for number, value in enumerate(values * 2):
        database.execute(
            f"insert into entries (id, amount, rank, {column}) values (gen_random_uuid(), 0, %s, %s::{kind})",
            [number % len(values), value],
        )
    found = [each.rank for page in walk(entries, order_by=sign + column, limit=1) for each in page]
    expected = [number for number in range(len(values)) for _ in (1, 2)]
    assert found == (expected[::-1] if sign else expected)
