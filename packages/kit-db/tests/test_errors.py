import contextlib
import copy
import importlib
import inspect
import pickle
import pkgutil
import threading

import kit_db
import psycopg2
import psycopg2.extensions
import pytest
from kit_db import (
    CheckViolationError,
    Database,
    DatabaseError,
    DeadlockError,
    DiskFullError,
    ExclusionViolationError,
    ForeignKeyViolationError,
    InsufficientPrivilegeError,
    IntegrityError,
    InvalidValueError,
    NotNullViolationError,
    ReadOnlyError,
    SerializationError,
    StatementCancelledError,
    StatementError,
    StatementTimeoutError,
    TooManyConnectionsError,
    TransactionAbortedError,
    UniqueViolationError,
    UnreadableRowError,
)

LOAN = "00000000-0000-0000-0000-000000000001"
ADD = "insert into loans (id, amount, term, note) values (%s, %s, %s, 'hunter2')"


@pytest.mark.parametrize(
    ("statement", "parameters", "kind", "attributes"),
    [
        (ADD, [LOAN, 1, 1], UniqueViolationError, {"sqlstate": "23505", "constraint": "loans_pkey", "table": "loans"}),
        (
            ADD,
            ["00000000-0000-0000-0000-000000000002", -1, 1],
            CheckViolationError,
            {"sqlstate": "23514", "constraint": "amount_is_positive"},
        ),
        (ADD, [LOAN, 1, None], NotNullViolationError, {"sqlstate": "23502", "column": "term", "table": "loans"}),
        (
            "insert into documents values ('hunter2', gen_random_uuid(), 1)",
            None,
            ForeignKeyViolationError,
            {"sqlstate": "23503", "constraint": "document_of_loan", "table": "documents"},
        ),
        ("select 'hunter2'::uuid", None, InvalidValueError, {"sqlstate": "22P02"}),
        ("select %s", ["hunter2\x00"], InvalidValueError, {"sqlstate": None}),
        ("select %s", ["hunter2\ud800"], InvalidValueError, {"sqlstate": None}),
        ("select '12000-01-01'::timestamptz, 'hunter2'", None, UnreadableRowError, {}),
        ("select 99999999999::int", None, InvalidValueError, {"sqlstate": "22003"}),
        ("select 1/0", None, InvalidValueError, {"sqlstate": "22012"}),
        ("selec 'hunter2'", None, StatementError, {"sqlstate": "42601"}),
    ],
)
def test_errors_have_a_type_and_names_but_no_values(database, statement, parameters, kind, attributes):
    database.execute(ADD, [LOAN, 1, 1])
    with pytest.raises(kind) as caught:
        database.execute(statement, parameters)
    assert type(caught.value) is kind
    assert {name: getattr(caught.value, name) for name in attributes} == attributes
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__, "the driver's error has the row in it"
    assert database.execute("select 1 as one") == [{"one": 1}]


def test_a_name_that_does_not_exist_is_told(database):
    with pytest.raises(StatementError, match='relation "lones" does not exist'):
        database.execute("select * from lones")
    with pytest.raises(StatementError, match='column "amnt" does not exist'):
        database.execute("select amnt from loans")


@pytest.mark.parametrize("kind", [psycopg2.InterfaceError, psycopg2.DataError])
def test_a_value_that_the_driver_can_not_read_is_not_shown(database, kind):
    def refuse(text, cursor):
        raise kind(f"failed to parse {text!r}")

    connection = database.take()
    psycopg2.extensions.register_type(psycopg2.extensions.new_type((25,), "TEXT", refuse), connection._raw)
    database.give(connection)
    with pytest.raises(UnreadableRowError, match=kind.__name__) as caught:
        database.execute("select 'hunter2'::text")
    assert "hunter2" not in str(caught.value)
    assert caught.value.column == "text"
    assert database._idle == [connection], "it isn't lost"


def test_a_percent_sign_beside_parameters_is_told(database):
    with pytest.raises(StatementError, match="doubled"):
        database.execute("select 5 % 2, %s", [1])


def test_a_type_that_the_driver_does_not_know(database):
    with pytest.raises(StatementError, match="can't adapt type 'object'"):
        database.execute("select %s", [object()])


def test_a_statement_that_takes_too_long(database):
    with pytest.raises(StatementTimeoutError) as caught, database.transaction():  # noqa: PT012
        database.execute("set local statement_timeout = 20")
        database.execute("select pg_sleep(30)")
    assert type(caught.value) is StatementTimeoutError


def test_a_lock_that_is_not_to_be_had(database, other):
    database.execute(ADD, [LOAN, 1, 1])
    with database.transaction():
        database.execute("select from loans for update")
        with pytest.raises(StatementTimeoutError) as caught:
            other.execute("select from loans for update nowait")
    assert caught.value.sqlstate == "55P03"


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("57014", StatementTimeoutError),
        ("40001", SerializationError),
        ("40P01", DeadlockError),
        ("23P01", ExclusionViolationError),
        ("23001", ForeignKeyViolationError),
        ("44000", CheckViolationError),
        ("42501", InsufficientPrivilegeError),
        ("25006", ReadOnlyError),
        ("53100", DiskFullError),
        ("P0001", StatementError),
        ("ZZ999", StatementError),
    ],
)
def test_every_sqlstate_has_a_type(database, sqlstate, kind):
    with pytest.raises(kind, match=sqlstate) as caught:
        database.execute(f"do $$ begin raise 'hunter2' using errcode = '{sqlstate}'; end $$")
    assert type(caught.value) is kind
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("sqlstate", ["08000", "08001", "08003", "08006", "08P01", "57P01", "57P03"])
def test_a_connection_of_the_server_s_own_that_broke_is_none_of_ours(database, sqlstate):
    """As postgres_fdw and dblink raise it: the connection that the statement came on is well."""
    pid = database.execute("select pg_backend_pid() as pid")
    raised = f"do $$ begin raise 'hunter2' using errcode = '{sqlstate}'; end $$"
    with pytest.raises(StatementError, match=sqlstate) as caught:
        database.execute(raised)
    assert type(caught.value) is StatementError
    with pytest.raises(StatementError), database.transaction():
        database.execute(raised)
    with database.transaction():
        database.execute("select 1")
        with pytest.raises(StatementError), database.transaction():
            database.execute(raised)
        assert database.execute("select pg_backend_pid() as pid") == pid


def test_such_an_error_is_no_reason_to_send_a_statement_again(database):
    database.execute("create sequence sent")
    failing = (
        "create function fails() returns int language plpgsql as $$ begin raise 'x' using errcode = '08006'; end $$"
    )
    database.execute(failing)
    with pytest.raises(StatementError):
        database.execute("select nextval('sent'), fails()", repeatable=True)
    assert database.execute("select last_value from sent") == [{"last_value": 1}]


def test_a_foreign_server_that_is_gone_is_a_failed_statement(database, postgres_server, postgres_url):
    with contextlib.closing(postgres_server.connect(postgres_url.rpartition("/")[2])) as admin:
        admin.autocommit = True
        with contextlib.closing(admin.cursor()) as cursor:
            cursor.execute("select count(*) from pg_available_extensions where name = 'dblink'")
            if cursor.fetchone() == (0,):
                pytest.skip("the server has no dblink")
            cursor.execute("create extension dblink; grant execute on all functions in schema public to public")
    pid = database.execute("select pg_backend_pid() as pid")
    with pytest.raises(StatementError) as caught:
        database.execute("select dblink_connect('host=127.0.0.1 port=1 user=u password=hunter2')")
    assert caught.value.sqlstate.startswith("08")
    assert "hunter2" not in str(caught.value)
    assert database.execute("select pg_backend_pid() as pid") == pid


def test_a_read_that_a_replica_gave_up_is_none_to_try_again(database):
    raised = "raise 'canceling statement due to conflict with recovery' using errcode = '40001'"
    with pytest.raises(StatementError) as caught:
        database.execute(f"do $$ begin {raised}; end $$")
    assert (type(caught.value), caught.value.sqlstate) == (StatementError, "40001")


def test_a_role_with_too_many_connections(postgres_server, database, postgres_url):
    (who,) = database.execute("select current_user as name")
    with contextlib.closing(postgres_server.connect()) as admin, admin.cursor() as cursor:
        cursor.execute(f'alter role "{who["name"]}" connection limit 1')
        try:
            with pytest.raises(TooManyConnectionsError) as caught:
                Database.from_url(postgres_url, connect_wait=0).execute("select 1")
        finally:
            cursor.execute(f'alter role "{who["name"]}" connection limit -1')
    assert caught.value.transient
    assert caught.value.sqlstate == "53300"


def test_a_serialization_failure_at_commit(database, other):
    database.execute(ADD, [LOAN, 1, 1])
    with pytest.raises(SerializationError), database.transaction():  # noqa: PT012
        database.execute("set transaction isolation level repeatable read")
        database.execute("select * from loans")
        other.execute("update loans set term = 2")
        database.execute("update loans set term = 3")


def test_cancelled_is_told_from_timed_out(database, other):
    done = threading.Event()
    # Once, and while it sleeps: a second one could hit the statement that comes after it.
    cancel = "select pg_cancel_backend(pid) from pg_stat_activity where pid = %s and wait_event = 'PgSleep'"

    def cancel_sleep(pid):
        while not done.is_set() and not other.execute(cancel, [pid]):
            pass

    with database.transaction():
        thread = threading.Thread(
            target=cancel_sleep, args=[database.execute("select pg_backend_pid() as pid")[0]["pid"]], daemon=True
        )
        thread.start()
        with pytest.raises(StatementCancelledError), database.transaction():
            database.execute("select pg_sleep(10)")
        done.set()
        thread.join()


def test_violations_are_caught_by_their_base(database):
    for values in ([LOAN, -1, 1], [LOAN, 1, None]):
        with pytest.raises(IntegrityError):
            database.execute(ADD, values)


def error_classes():
    """Return every exception class that a module of the package defines, in the order of their names."""
    for found in pkgutil.walk_packages(kit_db.__path__, "kit_db."):
        importlib.import_module(found.name)
    known, waiting = set(), [Exception]
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.partition(".")[0] == "kit_db":
                known.add(each)
    return sorted(known, key=lambda each: each.__name__)


def made(kind):
    """Return an error with a value for every parameter of its constructor."""
    arguments = {
        "column": "note", "columns": ("id",), "constraint": "loans_pkey", "key": LOAN, "least": 1, "limit": 1000,
        "message": "no more", "most": 2, "names": ("user",), "row": (LOAN, None), "sqlstate": "23505",
        "table": "loans", "transient": True, "version": 3, "written": True,
    }  # fmt: skip
    if not hasattr(kind.__init__, "__code__"):
        return kind(arguments["message"])
    named = inspect.signature(kind).parameters
    values = {name: arguments[name] for name in named}
    first = [values.pop(name) for name, each in named.items() if each.kind is not each.KEYWORD_ONLY]
    return kind(*first, **values)


@pytest.mark.parametrize("kind", error_classes())
def test_every_error_is_one_of_the_root_and_exported(kind):
    assert issubclass(kind, DatabaseError)
    assert getattr(kit_db, kind.__name__) is kind


@pytest.mark.parametrize("kind", error_classes())
def test_errors_come_out_of_another_process_as_they_are(kind):
    error = made(kind)
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(copied), str(copied), copied.args) == (kind, str(error), error.args)
        assert vars(copied) == vars(error)


def test_errors_of_a_user_s_own_come_out_of_another_process():
    error = RefusedError("no more", table="loans")
    error.add_note("on Monday")
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.table, copied.__notes__) == ("no more", "loans", ["on Monday"])


class RefusedError(StatementError):
    pass


def test_what_a_function_raises_by_itself_is_not_repeated(database):
    with pytest.raises(InsufficientPrivilegeError) as caught:
        database.execute("do $$ begin raise insufficient_privilege using message = 'card 4111'; end $$")
    assert str(caught.value) == "insufficient_privilege (42501)"


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("select %(a)s", {"b": 1}),
        ("select %s, %s", [1]),
        ("select %s", "abc"),
        ("select %s", [1, 2]),
        ("select %d", [1]),
    ],
)
def test_placeholders_and_parameters_that_do_not_match(database, query, parameters):
    with pytest.raises(TransactionAbortedError), database.transaction(), contextlib.suppress(StatementError):
        database.execute(query, parameters)
    with pytest.raises(StatementError, match="placeholders"):
        database.execute(query, parameters)


def test_a_dict_is_given_as_text(database):
    with pytest.raises(StatementError, match=r"can't adapt type 'dict': .*json\.dumps"):
        database.execute("select %s", [{"a": 1}])


def test_a_query_is_text(database):
    from psycopg2.sql import SQL

    with pytest.raises(TypeError, match="a query is a str, not SQL"):
        database.execute(SQL("select 1"))
