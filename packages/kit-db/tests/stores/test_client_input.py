"""Errors about what a client has sent have messages, as kit-handler and marshmallow know them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from kit_db import Database, InvalidCursorError, InvalidLimitError, InvalidValueError, Store
from kit_db.filters import ne


@dataclass
class Count:
    id: int
    n: int | None = None
    p: Decimal | None = None
    f: float | None = None
    ns: list[int] | None = None
    data: Any = None


@dataclass
class Inner:
    amount: Any


class Counts(Store[Count]):
    entity = Count
    table = "counted"
    arrays = ("ns",)


KEY = "a key of sixteen bytes, or more"


@dataclass
class Note:
    id: str
    name: str | None = None
    tags: list[str] = field(default_factory=list)
    data: dict[str, Any] | None = None


class Notes(Store[Note]):
    entity = Note
    table = "notes"
    arrays = ("tags",)
    cursor_key = KEY


@pytest.fixture
def notes(database):
    database.execute("create table notes (id text primary key, name text, tags text[], data jsonb)")
    return Notes(database)


def messages(call: Any) -> Any:
    with pytest.raises((InvalidCursorError, InvalidLimitError, InvalidValueError)) as caught:
        call()
    assert caught.value.normalized_messages() == caught.value.messages
    assert isinstance(caught.value, (ValueError, InvalidValueError))
    return caught.value.messages


def locked(notes: Notes, key: str) -> Note | None:
    assert notes.database is not None
    with notes.database.transaction():
        return notes.lock(key)


def test_a_cursor_needs_no_database_to_be_refused():
    notes = Notes(Database("u", "127.0.0.1", 1, "n", "p", connect_wait=0))
    for after in ("garbage", "", "é", "AAAA", 5):
        assert messages(lambda after=after: notes.page(after=after)) == {"after": ["Not a valid cursor."]}


@pytest.mark.parametrize("limit", [0, -1, 2000, True, "5", None, 2.5])
def test_a_limit_of_a_page_has_messages(notes, limit):
    assert messages(lambda: notes.page(limit=limit)) == {"limit": ["Must be from 1 to 1000."]}


@pytest.mark.parametrize("limit", [-1, True, "5"])
def test_a_limit_of_where_has_messages(notes, limit):
    assert messages(lambda: notes.where(limit=limit)) == {"limit": ["Must be at least 0."]}


def test_a_limit_that_postgresql_has_no_number_for_has_messages(notes):
    assert messages(lambda: notes.where(limit=2**63)) == {"limit": [f"Must be from 0 to {2**63 - 1}."]}
    assert notes.where(limit=2**63 - 1) == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_a_text_that_postgresql_can_not_hold_has_messages_by_its_column(notes, text):
    notes.add(Note("a"))
    told = lambda name: {name: ["Has a character that can't be stored."]}  # noqa: E731
    for column, call in (
        ("name", lambda: notes.add(Note("x", name=text))),
        ("id", lambda: notes.add(Note(text))),
        ("name", lambda: notes.add_all([Note("x"), Note("y", name=text)])),
        ("tags", lambda: notes.add(Note("x", tags=["a", text]))),
        ("data", lambda: notes.add(Note("x", data={"a": ["b", text]}))),
        ("data", lambda: notes.update("a", {"data": {text: 1}})),
        ("name", lambda: notes.update("a", {"name": text})),
        ("name", lambda: notes.update("a", {"tags": []}, where={"name": text})),
        ("name", lambda: notes.upsert(Note("a", name=text))),
        ("name", lambda: notes.where(name=text)),
        ("name", lambda: notes.where(name=["a", text])),
        ("name", lambda: notes.page(name=text)),
        ("name", lambda: notes.count(name=text)),
        ("name", lambda: notes.exists(name=text)),
        ("id", lambda: notes.find(text)),
        ("id", lambda: notes.get(text)),
        ("id", lambda: notes.delete(text)),
        ("id", lambda: notes.update(text, {"name": "x"})),
        ("id", lambda: locked(notes, text)),
    ):
        assert messages(call) == told(column)
    assert notes.count() == 1


def test_the_same_in_a_statement_of_ones_own_names_no_column(database):
    for text in ("a\0b", "\ud800"):
        assert messages(lambda text=text: database.execute("select %s", [text])) == {
            "_schema": ["Has a character that can't be stored."]
        }
    assert messages(lambda: database.execute("select %s::jsonb", ['"\\u0000"'])) == {
        "_schema": ["Has a character that can't be stored."]
    }


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), Decimal("Infinity"), Decimal("NaN")])
def test_a_number_that_is_infinite_has_messages_by_its_column(database, number):
    database.execute(
        "create table counted (id int primary key, n int, p numeric(10, 2), f float8, ns int[], data jsonb);"
        "insert into counted values (1)"
    )
    counts = Counts(database)
    told = lambda name: {name: ["Must be a finite number."]}  # noqa: E731
    for column, call in (
        ("n", lambda: counts.add(Count(2, n=number))),
        ("n", lambda: counts.add_all([Count(2, f=float("inf")), Count(3, n=number, f=float("inf"))])),
        ("n", lambda: counts.update(1, {"n": number})),
        ("n", lambda: counts.where(n=[1, number])),
        ("n", lambda: counts.where(n=ne([number]))),
        ("ns", lambda: counts.update(1, {"ns": [1, number]})),
        ("data", lambda: counts.add(Count(2, data={"a": [1, number]}))),
        ("data", lambda: counts.update(1, {"data": {"a": Inner(number)}})),
        ("data", lambda: counts.exists(data={"a": number})),
        ("_schema", lambda: database.execute("insert into counted (id, n) values (2, %s)", [number])),
        ("_schema", lambda: database.execute("update counted set n = %(n)s", {"n": number})),
    ):
        assert messages(call) == told(column)
    if number == number and number > 0:
        assert messages(lambda: counts.update(1, {"p": number})) == told("p")
    assert counts.where() == [Count(1)]
    assert repr(counts.update(1, {"f": number}).f) == repr(float(number))
    assert counts.find(number) is None


def test_a_number_that_is_only_too_large_has_none(database):
    database.execute(
        "create table counted (id int primary key, n int, p numeric(10, 2), f float8, ns int[], data jsonb)"
    )
    for call in (
        lambda: Counts(database).add(Count(1, n=10**30)),
        lambda: database.execute("insert into counted (id, n) values (2, %s)", [Decimal("1e4000")]),
    ):
        with pytest.raises(InvalidValueError) as caught:
            call()
        assert not hasattr(caught.value, "messages")


def test_other_values_that_do_not_fit_have_none(database):
    for query in ("select 'x'::int", "select 1 / 0", "select 99999999999::int"):
        with pytest.raises(InvalidValueError) as caught:
            database.execute(query)
        assert not hasattr(caught.value, "messages")
