"""Rows that were there, and could not be read: the error has their column, and says whether they were written."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg2.extensions
import pytest
from kit_db import Store, TransactionAbortedError, UnreadableRowError

YEAR = "12000-01-01"


@dataclass
class Event:
    id: int
    day: date | None = None
    data: Any = None
    name: str | None = None
    ends: list[datetime] | None = None


class Events(Store[Event]):
    entity = Event
    table = "events"
    arrays = ("ends",)


@pytest.fixture
def events(database):
    database.execute("create table events (id int primary key, day date, data jsonb, name text, ends timestamptz[])")
    return Events(database)


def test_the_error_has_the_column_and_the_row(events, database):
    database.execute(
        "insert into events values (1, '2026-01-02', '{}', 'a', null), (2, %s, '[1]', 'secret', '{2026-01-02}')", [YEAR]
    )
    for call in (lambda: database.execute("select * from events order by id"), lambda: events.where(order_by="id")):
        with pytest.raises(
            UnreadableRowError, match="the statement was done, but the column 'day' can't be read"
        ) as caught:
            call()
        assert (caught.value.column, caught.value.written) == ("day", False)
        assert caught.value.row == (2, YEAR, "[1]", "secret", ["2026-01-02 00:00:00+00"])
        assert "secret" not in str(caught.value)
        assert YEAR not in str(caught.value)


def test_the_first_column_of_several_is_told(database):
    query = f"select 1 as a, '{YEAR}'::date as b, '24:00'::time as c, '1 mon'::interval as d"
    with pytest.raises(UnreadableRowError) as caught:
        database.execute(query)
    assert caught.value.column == "b"
    assert caught.value.row == (1, YEAR, "24:00:00", "1 mon")


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("json", "[1e999]"),
        ("json", '{"a": {"b": -1e400}}'),
        ("jsonb", f"1{'0' * 400}.5"),
        ("jsonb", f'{{"a": -1{"0" * 400}.5}}'),
    ],
)
def test_a_number_in_json_that_no_float_can_hold_is_told_with_its_column(database, document, kind):
    with pytest.raises(UnreadableRowError, match=r"'data'.*number") as caught:
        database.execute(f"select 1 as id, %s::{kind} as data", [document])
    assert caught.value.column == "data"
    assert caught.value.row[0] == 1
    with pytest.raises(UnreadableRowError, match="'datas'"):
        database.execute(f"select array[%s]::{kind}[] as datas", [document])


@pytest.mark.parametrize(
    "kind", [psycopg2.InterfaceError, psycopg2.DataError, ValueError, KeyError, psycopg2.NotSupportedError]
)
def test_whatever_a_type_s_function_raises_is_told_with_the_column(database, kind):
    def refuse(text, cursor):
        raise kind(f"failed to parse {text!r}")

    connection = database.take()
    psycopg2.extensions.register_type(psycopg2.extensions.new_type((25,), "TEXT", refuse), connection._raw)
    database.give(connection)
    with pytest.raises(UnreadableRowError, match=kind.__name__) as caught:
        database.execute("select 1 as id, 'hunter2'::text as word")
    assert "hunter2" not in str(caught.value)
    assert (caught.value.column, caught.value.row) == ("word", (1, None))
    assert database._idle == [connection], "it isn't lost"


WRITES = [
    "insert into events (id, day) values (2, '{year}') returning *",
    "update events set day = '{year}' where id = 1 returning *",
    "with added as (insert into events (id, day) values (3, '{year}') returning *) select * from added",
    """with changed as (update only public."events" as e set day = '{year}' returning *) select day from changed""",
    "insert into events (id, day) values (4, '{year}'); select day from events",
    "with gone as (delete from events returning id) insert into events select 5, '{year}' from gone returning day",
    "/* a comment; 'it' */ call adds('{year}', null)",
]


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("write", WRITES)
def test_an_error_after_a_write_of_ones_own_says_that_it_was_written(events, database, remaining_ms, write, bounded):
    database.execute(
        "create procedure adds(given date, inout day date) language plpgsql as $$ begin "
        "insert into events (id, day) values (6, given); day := given; end $$"
    )
    events.add(Event(1))
    remaining_ms(20_000 if bounded else None)
    with pytest.raises(UnreadableRowError, match="the statement was done and is committed") as caught:
        database.execute(write.format(year=YEAR))
    assert caught.value.written
    assert len(database.execute("select 1 from events where day > '10000-01-01'")) == 1


@pytest.mark.parametrize(
    "read",
    [
        "select day from events",
        "select day from events for no key update of events",
        "select day, 'insert into events' as text from events",
        'select day, day as "update x set" from events -- delete from events',
    ],
)
def test_an_error_after_a_read_says_no_such_thing(events, database, read):
    database.execute("insert into events (id, day) values (2, %s)", [YEAR])
    with pytest.raises(UnreadableRowError, match="the statement was done, but the column 'day'") as caught:
        database.execute(read)
    assert not caught.value.written


def stores_writes(events):
    """Yield calls of a store that write, each on a row whose array can't be read."""
    return {
        "add": lambda: events.add(Event(2)),
        "add_all": lambda: events.add_all([Event(2), Event(3)]),
        "add_if_absent": lambda: events.add_if_absent(Event(2)),
        "upsert": lambda: events.upsert(Event(1, name="x")),
        "update": lambda: events.update(1, {"name": "x"}),
    }


@pytest.mark.parametrize("call", ["add", "add_all", "add_if_absent", "upsert", "update"])
def test_an_error_after_a_write_of_a_store_says_that_it_was_written(events, database, call):
    database.execute("insert into events (id, ends) values (1, '{infinity}')")
    database.execute("alter table events alter ends set default '{infinity}'")
    before = database.execute("select count(*), max(name) from events")
    write = stores_writes(events)[call]
    with pytest.raises(UnreadableRowError, match="what the statement wrote is committed") as caught:
        write()
    assert (caught.value.column, caught.value.written) == ("ends", True)
    assert database.execute("select count(*), max(name) from events") != before


@pytest.mark.parametrize("call", ["add", "add_all", "add_if_absent", "upsert", "update"])
def test_in_a_transaction_it_says_no_such_thing(events, database, call):
    database.execute("insert into events (id, ends) values (1, '{infinity}')")
    database.execute("alter table events alter ends set default '{infinity}'")
    before = database.execute("select count(*), max(name) from events")
    write = stores_writes(events)[call]
    with pytest.raises(UnreadableRowError) as caught, database.transaction():
        write()
    assert not caught.value.written
    assert "committed" not in str(caught.value)
    assert database.execute("select count(*), max(name) from events") == before


def test_more_rows_than_one_statement_holds_are_all_undone(events, database):
    database.execute("alter table events alter ends set default '{infinity}'")
    with pytest.raises(UnreadableRowError) as caught:
        events.add_all(Event(number) for number in range(1001))
    assert not caught.value.written
    assert events.count() == 0


def test_an_entity_that_can_not_be_made_after_a_write_says_that_it_was_written(events, database):
    class Strict:
        id: int
        name: str | None = None

        def __init__(self, id, name=None, made=False):  # noqa: A002
            if name == "secret":
                raise ValueError(f"no {name}")
            self.id, self.name = id, name

    class Stricts(Store[Strict]):
        entity = Strict
        table = "events"

    database.execute("alter table events alter name set default 'secret'")
    with pytest.raises(UnreadableRowError, match="ValueError; what the statement wrote is committed") as caught:
        Stricts(database).add(Strict(1))
    assert (caught.value.column, caught.value.written) == (None, True)
    assert "secret" not in str(caught.value)


def test_a_row_that_was_swallowed_in_a_transaction_ends_it(events, database):
    with pytest.raises(TransactionAbortedError), database.transaction():  # noqa: PT012
        with pytest.raises(UnreadableRowError):
            database.execute("insert into events (id, day) values (1, %s) returning day", [YEAR])
        database.execute("insert into events (id) values (2)")
    assert events.count() == 0


def test_many_rows_before_the_unreadable_one_are_no_matter(database):
    query = (
        "select i, case when i = 5000 then '24:00'::time else '01:00'::time end as t from generate_series(1, 6000) i"
    )
    with pytest.raises(UnreadableRowError) as caught:
        database.execute(query)
    assert caught.value.row == (5000, "24:00:00")
    assert database.execute("select 1 as one") == [{"one": 1}]
