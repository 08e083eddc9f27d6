"""What is sent, and how often; counted on the wire."""

# What is expected to fail here is a whole block, not one statement.
# ruff: noqa: PT012

import re
from types import SimpleNamespace

import pytest
from kit_core import invocation
from kit_db import Database, StatementError, UniqueViolationError

ADD = "insert into loans (id, amount, term) values (%s, 1, 1)"
LOAN = "00000000-0000-0000-0000-000000000001"
# "Avoiding pinning an RDS Proxy", Amazon RDS User Guide: what pins a connection for PostgreSQL. BEGIN's own options
# are no SET; `UPDATE … SET` and `ALTER … SET` are none either.
PINS = re.compile(
    r"(^|;)\s*(set|reset|prepare|execute|deallocate|discard|declare|listen|load|create\s+temp)\b|set_config|nextval|setval"
    r"|advisory",
    re.IGNORECASE,
)


@pytest.fixture
def connected(wire):
    """Makes a Database behind the wire, warm."""
    made = []

    def connect(**settings):
        database = Database.from_url(wire.url, **settings)
        made.append(database)
        database.execute("select 1")
        wire.clear()
        return database

    yield connect
    for each in made:
        each.close()


def test_a_unit_with_all_its_settings_is_one_round_trip(wire, connected):
    database = connected(lock_timeout=1.5)
    with invocation.enter(context=SimpleNamespace(get_remaining_time_in_millis=lambda: 8500)):
        rows = database.execute(
            "select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as waiting"
        )
    assert wire.trips == 1
    (query,) = wire.queries
    # The remaining time, less half a second for the function's answer.
    assert query.startswith("SET LOCAL statement_timeout = 8000; SET LOCAL lock_timeout = 1500; select")
    assert rows == [{"statement": "8s", "waiting": "1500ms"}]


def test_a_write_is_one_round_trip_and_done(wire, connected, remaining_ms, other):
    database = connected(statement_timeout=5)
    database.execute(ADD, [LOAN])
    assert wire.trips == 1
    assert other.execute("select count(*) from loans") == [{"count": 1}]
    with pytest.raises(UniqueViolationError):
        database.execute(ADD, [LOAN])
    assert wire.trips == 2
    assert database.execute("show statement_timeout")[0]["statement_timeout"] == "5s"
    wire.clear()
    assert other.execute("show statement_timeout")[0]["statement_timeout"] == "0"


def test_the_settings_of_a_unit_do_not_outlive_it(wire, connected, remaining_ms):
    database = connected()
    remaining_ms(5000)
    database.execute("select 1")
    remaining_ms(None)
    assert database.execute("show statement_timeout") == [{"statement_timeout": "0"}]


def test_a_transaction_is_as_many_round_trips_as_statements_and_a_commit(wire, connected, remaining_ms):
    database = connected(lock_timeout=1)
    remaining_ms(10_000)
    with database.transaction(isolation="serializable"):
        database.execute("select 1")
        database.execute("select 2")
    assert wire.trips == 3
    first, second, third = wire.queries
    settings = r"SET LOCAL statement_timeout = \d+; SET LOCAL lock_timeout = 1000"
    assert re.fullmatch(rf"BEGIN ISOLATION LEVEL SERIALIZABLE; {settings}; select 1", first)
    assert (second, third) == ("select 2", "COMMIT")


def test_the_server_is_told_again_when_much_less_time_is_left(wire, connected, remaining_ms):
    database = connected()
    with database.transaction():
        remaining_ms(10_000)
        database.execute("select 1")
        remaining_ms(4000)
        database.execute("select 2")
        database.execute("select 3")
        with pytest.raises(ZeroDivisionError), database.transaction():
            remaining_ms(3000)
            database.execute("select 4")
            raise ZeroDivisionError
        database.execute("select 5")
    told = ["statement_timeout" in query for query in wire.queries]
    said = [query.rpartition("; ")[2] for query in wire.queries]
    assert list(zip(said, told, strict=True)) == [
        ("select 1", True),
        ("select 2", True),
        ("select 3", False),
        ("SAVEPOINT kit_1", True),
        ("select 4", False),
        ("RELEASE SAVEPOINT kit_1", False),
        ("select 5", True),
        ("COMMIT", False),
    ]


def test_connecting_sends_no_statement(wire):
    database = Database.from_url(wire.url)
    assert database.execute("select 1 as one") == [{"one": 1}]
    assert wire.queries == ["select 1 as one"]
    database.close()


def test_a_statement_that_can_not_share_a_message_is_sent_alone(wire, connected, remaining_ms):
    database = connected(statement_timeout=60)
    database.execute("vacuum loans")
    first, settings, last = wire.queries
    assert (first, last) == ("SET LOCAL statement_timeout = 60000; vacuum loans", "vacuum loans")
    # Only if the server's process is the one that we have logged in to.
    assert re.fullmatch(
        r"SELECT set_config\('statement_timeout', '60000', false\) WHERE pg_backend_pid\(\) = \d+", settings
    )
    with pytest.raises(StatementError) as caught, database.transaction():
        database.execute("vacuum loans")
    assert caught.value.sqlstate == "25001"


def test_through_a_proxy_nothing_pins(wire, connected, remaining_ms, other):
    database = connected(proxy=True, statement_timeout=20, idle_check=0)
    remaining_ms(30_000)
    database.execute(ADD, [LOAN])
    with database.transaction(isolation="repeatable read", read_only=True):
        database.execute("select %s::uuid, %s", [LOAN, "x" * 100])
        with database.transaction():
            database.execute("select 1")
    with pytest.raises(UniqueViolationError), database.transaction():
        database.execute("update loans set term = 2")
        with pytest.raises(StatementError), database.transaction():
            database.execute("selec 1")
        database.execute(ADD, [LOAN])
    database.close()
    assert len(wire.queries) > 10
    assert [query for query in wire.queries if PINS.search(query)] == []
    kinds = {kind for kind, _ in wire.messages}
    assert kinds <= {"startup", "p", "Q", "X"}, "simple queries alone: no Parse, Bind or Execute"


def test_what_pins_is_recognised():
    for text in ("SET LOCAL x = 1; select 1", "select 1; set x = 1", "select nextval('a')", "CREATE TEMP TABLE t ()"):
        assert PINS.search(text)
    assert not PINS.search("update loans set term = 2")


def test_through_a_proxy_the_startup_has_no_options(wire):
    database = Database.from_url(wire.url, proxy=True)
    database.execute("select 1")
    kind, text = wire.messages[0]
    words = text[4:].rstrip(b"\0").split(b"\0")
    assert kind == "startup"
    assert set(words[::2]) == {b"user", b"database", b"application_name", b"client_encoding", b"datestyle"}
    database.close()
