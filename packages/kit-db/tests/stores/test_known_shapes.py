"""Whatever names and values come in, the server sees statements of known shapes alone, and errors show no value.

What the server was told is read from its own log (`log_statement = all`).
"""

import contextlib
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit_db import Database, DatabaseError, InvalidValueError, Store, UnknownColumnError
from kit_db.entities.shape import Shape
from kit_db.filters import between, ge, gt, le, lt, ne
from kit_db.stores.statements import Statements

KEY = "a key of sixteen bytes, or more"
ALL = '"id", "name", "tags", "data"'
PLACE = ', "name"::text, "id"::text'
UNIQUE = (
    "EXISTS (SELECT FROM pg_catalog.pg_index AS kit_index WHERE indrelid = ?::pg_catalog.regclass AND indisunique AND "
    "indisvalid AND indimmediate AND indpred IS NULL AND indexprs IS NULL AND (SELECT array_agg(attname::text) FROM "
    "pg_catalog.pg_attribute WHERE attrelid = indrelid AND attnum = ANY "
    "((indkey::int2[])[?:kit_index.indnkeyatts -?])) <@ ARRAY[?]::text[])"
)


@dataclass
class Note:
    id: str
    name: str | None = None
    tags: list[str] | None = None
    data: dict | None = None


class NoteStore(Store[Note]):
    entity = Note
    table = "app.notes"
    arrays = ("tags",)
    cursor_key = KEY


@pytest.fixture(scope="module")
def logging_server():
    """A server of this module's own, and the file with all that it was told."""
    from kit_testing.servers import Postgres

    with Postgres() as server:
        if getattr(server, "external", False):
            pytest.skip("the log of somebody else's server is not ours to read")
        with contextlib.closing(server.connect()) as admin, admin.cursor() as cursor:
            cursor.execute("alter database postgres set log_statement = 'all'")
            cursor.execute("alter database postgres set log_min_error_statement = 'panic'")
            cursor.execute("create schema app")
            cursor.execute("create table app.notes (id text primary key, name text, tags text[], data jsonb)")
            cursor.execute("show data_directory")
            log = Path(cursor.fetchone()[0]).parent / "postgres.log"
        yield server, log


@pytest.fixture(scope="module")
def notes(logging_server):
    server, _ = logging_server
    database = Database.from_url(server.url)
    yield NoteStore(database)
    database.close()


TOKEN = re.compile(
    r"""(?P<identifier>"(?:[^"]|"")+")
      | (?P<value>E'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | (?<![\w"])-?\d+(?:\.\d+)?)
      | (?P<other>[^'"])""",
    re.VERBOSE | re.DOTALL,
)


def shape(statement):
    """Put a ? for every literal, as PostgreSQL's lexer finds them ("Lexical Structure" in its manual)."""
    parts, at = [], 0
    while at < len(statement):
        found = TOKEN.match(statement, at)
        assert found, f"no token at {statement[at:]!r}"
        parts.append("?" if found["value"] else found[0])
        at = found.end()
    # The driver puts a space of its own before an E'…'.
    return re.sub(r"\s+\?", "?", "".join(parts))


def told(path, since):
    """Return the statements in the log from a place on; a statement's later lines begin with a tab."""
    text = path.read_bytes()[since:].decode("utf-8")
    entries = re.split(r"^\d{4}-\d\d-\d\d [^\n]*? UTC \[\d+\] ", text, flags=re.MULTILINE)
    statements = [entry.partition("statement: ")[2] for entry in entries if entry.startswith("LOG:  statement: ")]
    assert not any(entry.startswith(("FATAL", "PANIC")) for entry in entries)
    return [each.removesuffix("\n").replace("\n\t", "\n") for each in statements]


def guarded(condition):
    """Return the condition of a write by key that fails if the key is that of several rows."""
    where = f'WHERE "id" = ? AND {condition}'
    return f'{where} AND (SELECT true FROM "app"."notes" {where})'


def known_shapes():
    one = lambda column: [  # noqa: E731
        f"{column} = ?",
        f"{column} IS NULL",
        f"{column} IS NOT NULL",
        f"{column} IS DISTINCT FROM ?",
        f"{column} = ANY(?)",
        f"({column} = ANY(?) OR {column} IS NULL)",
        f"({column} <> ALL(?) AND {column} IS NOT NULL)",
        f"({column} <> ALL(?) OR {column} IS NULL)",
        f"{column} BETWEEN ? AND ?",
        *(f"{column} {sign} ?" for sign in (">", ">=", "<", "<=")),
    ]
    conditions = [f" WHERE {each}" for each in one('"name"')]
    table, cells = '"app"."notes"', ["?", "DEFAULT", "NULL"]
    insert = f"INSERT INTO {table} ({ALL}) VALUES "
    back = f" RETURNING {ALL}"
    rows = [f"({', '.join(['?', *row])})" for row in product(cells, repeat=3)]
    changes = ['"name" = EXCLUDED."name"', '"tags" = EXCLUDED."tags"', '"data" = EXCLUDED."data"']
    chosen = [
        ", ".join(each for each, there in zip(changes, mask, strict=True) if there)
        for mask in product((0, 1), repeat=3)
    ]
    after = '("id" > ?)', '("id" < ?)', '("name" > ? OR "name" IS NULL)'
    ordered = [
        ' ORDER BY "name", "id" LIMIT ?',
        ' ORDER BY "name" DESC, "id" DESC LIMIT ?',
        ' ORDER BY "id" LIMIT ?',
    ]
    paged = [
        f' ORDER BY {table}."name", {table}."id" LIMIT ?',
        f' ORDER BY {table}."name" DESC, {table}."id" DESC LIMIT ?',
    ]
    positions = [
        f'(({after[2]}) OR ("name" = ? AND "id" > ?))',
        '(("name" IS NULL AND "id" > ?))',
        '"name" <= ? AND (("name" < ?) OR ("name" = ? AND "id" < ?))',
        '(("name" IS NOT NULL) OR ("name" IS NULL AND "id" < ?))',
    ]
    return {
        "BEGIN", "COMMIT", "ROLLBACK",
        f'SELECT {ALL} FROM {table} WHERE "id" = ?',
        *(f"SELECT {ALL} FROM {table}{condition}{order}" for condition in ["", *conditions] for order in ordered),
        *(
            f"SELECT {ALL}{PLACE} FROM {table}{condition}{order}"
            for condition in ["", *conditions] for order in paged
        ),
        *(f"SELECT {ALL} FROM {table}{condition} LIMIT ?" for condition in conditions),
        *(
            f"SELECT {ALL}{PLACE} FROM {table}{condition}{' AND ' if condition else ' WHERE '}{position}{order}"
            for condition in ["", *conditions] for position in positions for order in paged
        ),
        *(f"SELECT count(*) FROM {table}{condition}" for condition in conditions),
        *(f"SELECT EXISTS (SELECT FROM {table}{condition})" for condition in conditions),
        *(f"{insert}{row}{back}" for row in rows),
        *(f"{insert}{row}, {other}{back}" for row in rows for other in rows),
        *(f'{insert}{row} ON CONFLICT ("id") DO NOTHING{back}' for row in rows),
        *(f'{insert}{row} ON CONFLICT ("id") DO UPDATE SET {each}{back}' for row in rows for each in chosen if each),
        *(
            f'UPDATE {table} SET "name" = {value} WHERE "id" = ? AND {condition}{back}'
            for value in ("?", "NULL") for condition in one('"name"')
        ),
        *(f'DELETE FROM {table} WHERE "id" = ? AND {condition}' for condition in one('"name"')),
        # The first writes by key of a process also ask whether the key is unique.
        *(
            f'UPDATE {table} SET "name" = {value} {guarded(condition)} RETURNING {ALL}, {UNIQUE}'
            for value in ("?", "NULL") for condition in one('"name"')
        ),
        *(f'DELETE FROM {table} {guarded(condition)} RETURNING true, {UNIQUE}' for condition in one('"name"')),
        f'BEGIN; SELECT {ALL} FROM {table} WHERE "id" = ? FOR UPDATE NOWAIT',
    }  # fmt: skip


MEAN = [
    "'; drop table app.notes; --", "\\'; drop table app.notes; --", "' or ''='", "E'\\'", "$$; select 1; $$",
    "%s", "%(id)s", "%%", '"', "'", "\\", "\\\\'", "-- ", "/*", "*/", ";", "\n", "{}", '{"', "NULL", "?", "\u2028",
    "ʼ; drop table app.notes; --", "＇ or 1=1",
]  # fmt: skip
texts = (
    st.sampled_from(MEAN) | st.text(max_size=20) | st.tuples(st.sampled_from(MEAN), st.text(max_size=5)).map("".join)
)
values = st.one_of(
    st.none(),
    texts,
    st.lists(texts | st.none(), max_size=3),
    st.frozensets(texts, max_size=3),
    st.builds(between, texts, texts),
    *(st.builds(compare, texts) for compare in (gt, ge, lt, le)),
    st.builds(ne, texts | st.none() | st.lists(texts | st.none(), max_size=3)),
)
notes_to_add = st.builds(
    Note,
    id=texts,
    name=st.none() | texts,
    tags=st.none() | st.lists(st.none() | texts, max_size=3),
    data=st.none() | st.dictionaries(texts, texts, max_size=2),
)


def attempt(call):
    """Call it; what PostgreSQL can't hold may be refused, and nothing else."""
    try:
        return call()
    except InvalidValueError:
        return None


def everything(store, note, other, match):
    """Do all that a store can."""
    store.database.execute("delete from app.notes", repeatable=True)
    yield attempt(lambda: store.add(note))
    yield attempt(lambda: store.add_if_absent(note))
    with contextlib.suppress(ValueError):
        yield attempt(lambda: store.upsert(other))
    store.delete("", where={"name": None})
    for call in (
        lambda: store.find(note.id),
        lambda: store.find_by(name=match),
        lambda: store.first(name=match, order_by="-name"),
        lambda: store.where(name=match, order_by=("name", "id"), limit=5),
        lambda: store.count(name=match),
        lambda: store.exists(name=match),
        lambda: store.update(note.id, {"name": other.name}, where={"name": match}),
        lambda: store.delete(other.id, where={"name": match}),
    ):
        yield attempt(call)
    for order in ("name", "-name"):
        page = attempt(lambda order=order: store.page(order_by=order, limit=1, name=match))
        if page is not None and page.next is not None:
            yield attempt(
                lambda order=order, page=page: store.page(order_by=order, limit=1, name=match, after=page.next)
            )
    with store.database.transaction():
        yield attempt(lambda: store.lock(note.id, nowait=True))


def test_values_never_change_the_shape_of_a_statement(notes, logging_server):
    _, log = logging_server
    since = log.stat().st_size
    clearing = "delete from app.notes"

    @settings(max_examples=100, deadline=None)
    @given(note=notes_to_add, other=notes_to_add, match=values)
    def check(note, other, match):
        with contextlib.suppress(DatabaseError):
            for _ in everything(notes, note, other, match):
                pass

    check()
    shapes = {shape(each) for each in told(log, since)} - {clearing}
    assert len(shapes) > 30
    assert shapes - {each.replace(" ?", "?") for each in known_shapes()} == set()


@settings(max_examples=100, deadline=None)
@given(note=notes_to_add)
def test_values_come_back_as_they_went(notes, note):
    notes.database.execute("delete from app.notes")
    added = attempt(lambda: notes.add(note))
    if added is not None:
        assert (added.id, added.name, added.tags, added.data) == (note.id, note.name, note.tags, note.data)
        assert notes.find(note.id) == added
        assert notes.where(id=[note.id], limit=None) == [added]
        assert notes.find_by(name=note.name, tags=note.tags) == added


@pytest.mark.parametrize("mean", MEAN)
def test_errors_show_no_value(notes, mean):
    secret = f"hunter2{mean}"
    notes.database.execute("delete from app.notes")
    notes.add(Note(secret))
    for call in (
        lambda: notes.add(Note(secret)),
        lambda: notes.add(Note("x", name=f"{secret}\0")),
        lambda: notes.find(f"{secret}\0"),
        lambda: notes.update(secret, {"data": [secret, float("nan")]}),
        lambda: notes.update(secret, {"tags": secret}),
        lambda: notes.where({secret: 1}),
        lambda: notes.page(after=secret),
    ):
        with pytest.raises(DatabaseError) as caught:
            call()
        if not isinstance(caught.value, UnknownColumnError):
            assert "hunter2" not in str(caught.value) + repr(caught.value)


names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=15)


@settings(max_examples=40, deadline=None)
@given(
    table=st.sampled_from(MEAN).map(lambda name: name[:20]) | names,
    columns=st.lists(names | st.sampled_from(MEAN), min_size=2, max_size=4, unique=True),
)
def test_names_are_nothing_but_names(notes, logging_server, table, columns):
    """A table and its columns may be called anything: the statements on it are those of any other."""
    _, log = logging_server
    table = table.replace(".", "_")

    class Odd(Store[dict]):
        entity = dict

    Odd.table, Odd.columns, Odd.key = table, columns, columns[0]
    store = Odd(notes.database, cursor_key=KEY)
    spelled = {name: '"' + name.replace('"', '""') + '"' for name in [table, *columns]}
    since = log.stat().st_size
    database = notes.database
    written = ", ".join(f"{spelled[name]} text" for name in columns)
    with contextlib.suppress(LookupError), database.transaction():
        database.execute(f"create table {spelled[table]} ({written})")
        assert store.where({columns[0]: "'"}, order_by=[f"-{columns[-1]}"], limit=3) == []
        assert store.update("'", dict.fromkeys(columns, "x")) is None
        assert store.delete(columns[0]) is False
        raise LookupError
    *_, where, update, delete, rollback = told(log, since)
    every = ", ".join(spelled[name] for name in columns)
    key, last, name = spelled[columns[0]], spelled[columns[-1]], spelled[table]
    assert shape(where) == shape(f"SELECT {every} FROM {name} WHERE {key} = '' ORDER BY {last} DESC LIMIT 0")
    sets = ", ".join(f"{spelled[each]} = ''" for each in columns)
    guard = f"WHERE {key} = '' AND (SELECT true FROM {name} WHERE {key} = '')"
    assert shape(update) == shape(f"UPDATE {name} SET {sets} {guard} RETURNING {every}, ") + UNIQUE.replace(" ?", "?")
    assert shape(delete) == shape(f"DELETE FROM {name} {guard} RETURNING true, ") + UNIQUE.replace(" ?", "?")
    assert rollback == "ROLLBACK"


@settings(max_examples=200, deadline=None)
@given(name=st.text() | st.sampled_from(MEAN) | st.integers() | st.none() | st.tuples(st.text()))
def test_names_that_are_not_declared_get_nowhere(name):
    statements = Statements("app.notes", Shape(Note, columns=None, arrays=()), "id")
    if name in ("id", "name", "tags", "data"):
        return
    for call in (
        lambda: statements.where({name: 1}),
        lambda: statements.terms([f"--{name}"]),
        lambda: statements.update([1], {name: 1}, {}, guarded=False),
        lambda: statements.upsert(["x"] * 4, [name], None),
        lambda: statements.upsert(["x"] * 4, ["id"], [name]),
        lambda: statements.insert_absent(["x"] * 4, [name]),
    ):
        with pytest.raises(UnknownColumnError):
            call()
