"""Keys of several columns, keys that are not unique, generated keys, and versions."""

from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from kit_db import (
    Database,
    KeyNotUniqueError,
    RowNotFoundError,
    StaleRowError,
    StatementError,
    Store,
    StoreDefinitionError,
    TransactionAbortedError,
)

KEY = "a key of sixteen bytes, or more"


@dataclass
class Link:
    a: int
    b: str
    note: str | None = None


class Links(Store[Link]):
    entity = Link
    table = "app.links"
    key = ("a", "b")
    cursor_key = KEY


class LinksOfA(Links):
    key = "a"


@pytest.fixture
def links(database):
    database.execute(
        "create schema if not exists app; create table app.links (a int, b text, note text, primary key (a, b));"
        "insert into app.links select i / 5, chr(65 + i % 5), 'n' from generate_series(0, 14) i"
    )
    return Links(database)


def test_a_key_of_several_columns_is_a_tuple_or_a_mapping(links):
    assert links.find((1, "C")) == links.get([1, "C"]) == links.get({"b": "C", "a": 1}) == Link(1, "C", "n")
    assert links.find((9, "C")) is None
    with pytest.raises(RowNotFoundError) as caught:
        links.get((9, "C"))
    assert caught.value.key == (9, "C")


@pytest.mark.parametrize("key", [1, (1,), (1, "C", 2), "1C", {"a": 1}, {"a": 1, "b": "C", "c": 2}, None])
def test_a_key_of_another_form_is_refused(links, key):
    for call in (links.find, links.delete, lambda key: links.update(key, {"note": "x"})):
        with pytest.raises(TypeError, match=r"a key of 'app\.links' is a tuple of a, b"):
            call(key)


def test_writes_by_a_key_of_several_columns_change_one_row(links, database):
    assert links.update((1, "C"), {"note": "x"}) == Link(1, "C", "x")
    assert links.update((1, "D"), {"note": "y"}, where={"note": "z"}) is None
    assert links.delete((1, "A"))
    assert not links.delete((1, "A"))
    assert links.upsert(Link(1, "C", "w")).note == "w"
    assert links.upsert(Link(8, "C", "v")).note == "v"
    assert links.add_if_absent(Link(8, "C", "u")) is None
    counts = "count(*) as all, count(*) filter (where note <> 'n') as changed"
    assert database.execute(f"select {counts} from app.links") == [{"all": 15, "changed": 2}]
    with database.transaction():
        assert links.lock((8, "C"), wait=1).note == "v"
        assert links.lock((8, "D"), nowait=True) is None


@pytest.mark.parametrize("order_by", [None, "note", "-note", "b", "-b", ("-b", "a")])
def test_pages_by_a_key_of_several_columns_lose_and_repeat_nothing(links, order_by):
    found, after = [], None
    while True:
        page = links.page(order_by=order_by, limit=4, after=after)
        found += [(each.a, each.b) for each in page]
        after = page.next
        if after is None:
            break
    assert len(found) == len(set(found)) == 15
    orders = {"b": lambda each: (each[1], each[0]), ("-b", "a"): lambda each: (-ord(each[1]), each[0])}
    backwards = order_by in ("-note", "-b")
    order = orders.get(order_by if isinstance(order_by, tuple) else (order_by or "").removeprefix("-"))
    assert found == sorted(found, key=order, reverse=backwards)


def test_pages_are_read_from_the_index_of_the_key(links, database):
    database.execute("insert into app.links select i, 'x', 'm' from generate_series(100, 20000) i; analyze app.links")
    statements = links._prepare().statements
    query, parameters = statements.page({}, statements.total(None), ["15000", "x"], 51)
    plan = "\n".join(row["QUERY PLAN"] for row in database.execute(f"explain {query}", parameters))
    assert "Index Cond" in plan


def test_a_key_needs_columns_that_are_there(database):
    for key, problem in (((), "a column"), (("a", "a"), "that differ"), (("a", "c"), "no column 'c' for its key")):
        with pytest.raises(StoreDefinitionError, match=problem):
            type("Wrong", (Links,), {"key": key})(database).find((1, "A"))


@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_write_by_a_key_of_several_rows_changes_none_and_is_told(links, database, in_transaction):
    wrong = LinksOfA(database)
    before = database.execute("select * from app.links order by a, b")
    for write in (
        lambda: wrong.update(1, {"note": "x"}),
        lambda: wrong.delete(1),
        lambda: wrong.update(1, {"note": "x"}, where={"note": "n"}),
    ):
        around = database.transaction() if in_transaction else nullcontext()
        with pytest.raises(KeyNotUniqueError, match="a is not unique, name all columns of the key") as caught, around:
            write()
        assert (caught.value.table, caught.value.columns, caught.value.key) == ("app.links", ("a",), 1)
    assert database.execute("select * from app.links order by a, b") == before


def test_a_write_that_was_swallowed_ends_its_transaction(links, database):
    with pytest.raises(TransactionAbortedError), database.transaction():  # noqa: PT012
        links.update((1, "A"), {"note": "x"})
        with pytest.raises(KeyNotUniqueError):
            LinksOfA(database).delete(1)
    assert links.get((1, "A")).note == "n"


def test_reading_by_a_key_of_several_rows_is_told(links, database):
    wrong = LinksOfA(database)
    for read in (wrong.find, wrong.get):
        with pytest.raises(KeyNotUniqueError):
            read(1)
    with database.transaction(), pytest.raises(KeyNotUniqueError):
        wrong.lock(1)
    assert wrong.find(77) is None
    assert wrong.update(77, {"note": "x"}) is None
    assert not wrong.delete(77)


def test_a_write_by_such_a_key_that_matches_one_row_is_done(links, database):
    wrong = LinksOfA(database)
    for _ in range(2):
        assert wrong.update(1, {"note": "x"}, where={"b": "B"}) == Link(1, "B", "x")
    with pytest.raises(KeyNotUniqueError):
        wrong.update(1, {"note": "x"})
    assert wrong.delete(1, where={"b": "B"})


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 50])
def test_a_page_whose_key_repeats_is_an_error(links, database, limit):
    with pytest.raises(KeyNotUniqueError) as caught:
        LinksOfA(database).page(limit=limit)
    assert (caught.value.columns, caught.value.key) == (("a",), None)


def test_a_key_that_repeats_on_a_later_page_is_an_error_there(database):
    database.execute("create table loose (id int, note text)")
    database.execute("insert into loose select i, 'n' from generate_series(1, 9) i")

    class Loose(Store[dict]):
        entity = dict
        table = "loose"
        columns = ("id", "note")
        cursor_key = KEY

    database.execute("insert into loose values (6, 'again')")
    page = Loose(database).page(limit=5)
    assert len(page) == 5
    with pytest.raises(KeyNotUniqueError):
        Loose(database).page(limit=5, after=page.next)


@pytest.mark.parametrize(
    ("index", "unique"),
    [
        ("create unique index on free (id)", True),
        ("alter table free add unique (id)", True),
        ("create unique index on free (id) include (note)", True),
        ("create index on free (id)", False),
        ("create unique index on free (id, note)", False),
        ("create unique index on free (id) where note is null", False),
        ("create unique index on free ((id + 1))", False),
        ("alter table free add unique (id) deferrable", False),
    ],
)
def test_only_a_unique_index_makes_the_guard_needless(database, wire, index, unique):
    database.execute(f"create table free (id int, note text); {index}; insert into free values (1, 'a')")

    class Free(Store[dict]):
        entity = dict
        table = "free"
        columns = ("id", "note")

    watched = Database.from_url(wire.url)
    store = Free(watched)
    assert store.update(5, {"note": "x"}) is None
    assert store.update(1, {"note": "b"}) == {"id": 1, "note": "b"}
    wire.clear()
    assert store.update(1, {"note": "c"}) == {"id": 1, "note": "c"}
    assert store.delete(1)
    assert [("SELECT true" in query) for query in wire.queries] == [not unique] * 2
    watched.close()


def test_a_guarded_write_is_one_round_trip(links, wire):
    watched = Database.from_url(wire.url)
    watched.execute("select 1")
    store = Links(watched)
    wire.clear()
    store.update((1, "A"), {"note": "x"})
    store.update((1, "A"), {"note": "y"})
    store.delete((1, "A"))
    assert wire.trips == 3
    assert wire.queries[1:] == [
        """UPDATE "app"."links" SET "note" = 'y' WHERE "a" = 1 AND "b" = 'A' RETURNING "a", "b", "note\"""",
        """DELETE FROM "app"."links" WHERE "a" = 1 AND "b" = 'A'""",
    ]
    watched.close()


def test_a_view_is_written_by_key_as_well(links, database):
    database.execute("create view app.shown as select * from app.links where a < 2")
    shown = type("Shown", (Links,), {"table": "app.shown"})(database)
    for note in ("x", "y"):
        assert shown.update((1, "A"), {"note": note}).note == note
    assert shown.delete((1, "A"))


def test_a_table_with_partitions_is_written_by_key_as_well(database):
    database.execute(
        "create table parted (id int primary key, note text) partition by hash (id);"
        "create table parted_0 partition of parted for values with (modulus 2, remainder 0);"
        "create table parted_1 partition of parted for values with (modulus 2, remainder 1);"
        "insert into parted values (1, 'a'), (2, 'b')"
    )
    parted = type("Parted", (Store,), {"entity": dict, "table": "parted", "columns": ("id", "note")})(database)
    assert parted.update(1, {"note": "x"}) == {"id": 1, "note": "x"}
    assert parted.delete(2)


@dataclass
class User:
    mail: str
    name: str = ""
    id: int | None = None


class Users(Store[User]):
    entity = User
    table = "users"
    generated = ("id",)


@pytest.fixture
def users(database):
    database.execute(
        "create table users (id int generated always as identity primary key, mail text not null unique, name text)"
    )
    return Users(database)


def test_an_upsert_on_a_generated_key_changes_the_row_of_that_key(users):
    added = users.upsert(User("a@x", "Ann"))
    assert added.id == 1
    assert users.upsert(User("b@x", "Ann", id=1)) == User("b@x", "Ann", id=1)
    assert users.upsert(User("b@x", "Anna", id=1), update="name") == User("b@x", "Anna", id=1)
    assert users.count() == 1
    with pytest.raises(ValueError, match="generated"):
        users.upsert(User("b@x", id=1), update="id")


def test_an_upsert_on_a_generated_key_that_no_row_has_adds_one(users):
    added = users.upsert(User("a@x", id=77))
    assert (added.id, users.count()) == (1, 1)


def test_an_upsert_on_other_columns_leaves_a_generated_key(users):
    first = users.upsert(User("a@x", "Ann"), on="mail")
    assert users.upsert(User("a@x", "Anna"), on="mail") == User("a@x", "Anna", id=first.id)
    assert users.upsert(User("a@x", "Anne", id=99), on="mail") == User("a@x", "Anne", id=first.id)


def test_an_upsert_on_a_key_that_is_computed_of_other_columns(database):
    database.execute(
        "create table slugs (slug text generated always as (lower(title)) stored primary key, title text, n int)"
    )

    @dataclass
    class Slug:
        title: str
        n: int
        slug: str | None = None

    class Slugs(Store[Slug]):
        entity = Slug
        table = "slugs"
        key = "slug"
        generated = ("slug",)

    slugs = Slugs(database)
    assert slugs.upsert(Slug("A", 1)) == Slug("A", 1, "a")
    assert slugs.upsert(Slug("a", 2)) == Slug("a", 2, "a")
    assert slugs.upsert(Slug("B", 3, slug="a")) == Slug("B", 3, "b")
    assert slugs.count() == 1


def test_a_key_that_is_always_generated_and_not_declared_so_is_told(users, database):
    undeclared = type("Undeclared", (Users,), {"generated": ()})(database)
    assert undeclared.upsert(User("a@x")).id == 1
    with pytest.raises(StatementError, match='non-DEFAULT value into column "id"'):
        undeclared.upsert(User("a@x", id=1))


@dataclass
class Account:
    id: int
    balance: int
    version: int = 1


class Accounts(Store[Account]):
    entity = Account
    table = "app.accounts"
    version = "version"


@pytest.fixture
def accounts(database):
    database.execute(
        "create schema if not exists app;"
        "create table app.accounts (id int primary key, balance int, version int not null default 1)"
    )
    return Accounts(database)


def test_a_version_counts_the_changes_of_a_row(accounts):
    accounts.add(Account(1, 10))
    assert accounts.update(1, {"balance": 20}).version == 2
    assert accounts.upsert(Account(1, 30, version=99)) == Account(1, 30, 3)
    assert accounts.upsert(Account(1, 40), update="balance").version == 4
    assert accounts.upsert(Account(2, 5)) == Account(2, 5, 1)


def test_a_row_that_was_changed_meanwhile_is_stale(accounts, other):
    read = accounts.add(Account(1, 10))
    assert accounts.update(1, {"balance": 20}, version=read.version).version == 2
    for write in (
        lambda: accounts.update(1, {"balance": 30}, version=read.version),
        lambda: accounts.delete(1, version=read.version),
    ):
        with pytest.raises(StaleRowError, match=r"'app\.accounts' with the key 1") as caught:
            write()
        assert (caught.value.table, caught.value.key, caught.value.version) == ("app.accounts", 1, 1)
    assert accounts.get(1) == Account(1, 20, 2)
    assert accounts.delete(1, version=2)


def test_of_rivals_with_one_version_one_changes_the_row(accounts, database, other):
    read = accounts.add(Account(1, 10))
    theirs = Accounts(other)
    with other.transaction():
        theirs.update(1, {"balance": 20}, version=read.version)
    with pytest.raises(StaleRowError), database.transaction():
        accounts.update(1, {"balance": 30}, version=read.version)
    assert accounts.get(1) == Account(1, 20, 2)


def test_a_row_that_is_gone_or_does_not_match_is_not_stale(accounts):
    assert accounts.update(7, {"balance": 1}, version=1) is None
    assert accounts.delete(7, version=1) is False
    accounts.add(Account(1, 10))
    assert accounts.update(1, {"balance": 20}, where={"balance": 11}, version=1) is None
    with pytest.raises(StaleRowError):
        accounts.update(1, {"balance": 20}, where={"balance": 10}, version=2)


def test_a_version_is_never_written_by_hand(accounts, links):
    accounts.add(Account(1, 10))
    with pytest.raises(ValueError, match=r"'version' of 'app\.accounts' is its version"):
        accounts.update(1, {"version": 7})
    with pytest.raises(ValueError, match="is its version"):
        accounts.upsert(Account(1, 10), update=["version"])
    with pytest.raises(TypeError, match="Links declares no version column"):
        links.update((1, "A"), {"note": "x"}, version=1)


def test_a_version_that_is_no_column_is_told(accounts):
    with pytest.raises(StoreDefinitionError, match="no column 'revision' for its version"):
        type("Wrong", (Accounts,), {"version": "revision"})(accounts.database).find(1)
